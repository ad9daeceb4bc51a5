"""What each encoder can do, and how fast its networks are.

    PYTHONPATH=. python benchmarks/encoder_table.py VIDEO [--only NAME ...] [--yamnet FILE] [--clips 2]
        [--threads N] [--no-rates | --no-abilities]

Run it from the checkout, whose tests have a tiny checkpoint of each family, with random weights. Each goes the whole
way on a small video of its own: `extract`, `localize` of a video file with a run on these features, `--zero-shot`, and
learnable prompts through its text side; what is refused is a dash. `equal` names the test that compares it with other
code.

Rates are of networks in their published base size (benchmarks/base_sizes.py), also with random weights, which take the
same time: frames of VIDEO a second that the networks alone do, of which a snippet has 16, after one clip to warm up.
`imagenet-words` and `yamnet` have their real weights, and are in the table if these are there. How well the stages of
an extraction overlap is what `benchmarks/extraction.py` measures; two workers against one, `benchmarks/two_workers.py`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from base_sizes import base_size, described
from tests.checkpoints import write_clip_checkpoint, write_siglip_checkpoint
from tests.tiny_models import CONFIGS, write_checkpoint
from tests.tiny_videos import write_talking_video

from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.diet import Diet
from weaktal.encoders.networks import Network, SnippetEncoder
from weaktal.encoders.prompts import prompted_vectors
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError
from weaktal.extraction.extract import extract
from weaktal.extraction.pipeline import Job, Pipeline, Sampling, decoded
from weaktal.runs.localize import localize
from weaktal.runs.train import train
from weaktal.runs.zero_shot import zero_shot
from weaktal.video.flow import flow_method

HOUSE = ("i3d", "world-cbp", "world-vlp", "imagenet-words", "yamnet")
SIZES = {
    "i3d": "2 streams, 16 x 224",
    "world-cbp": "2 streams, 16 x 64 x 112",
    "world-vlp": "96",
    "imagenet-words": "EfficientNet-Lite0, 224",
    "yamnet": "MobileNet",
}
EQUAL = {
    "i3d": "test_i3d.py",
    "world-cbp": "no other code",
    "world-vlp": "no other code",
    "imagenet-words": "test_imagenet_words.py",
    "yamnet": "test_yamnet.py",
    "clip": "test_clip.py",
    "siglip": "test_clip.py",
}
LEARN = ["schedule.epochs=1", "schedule.updates_per_epoch=1", "optimizer.batch_size=2", "engine.tensorboard=false"]
WORDS = ["high jump", "pole vault"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path, help="with sound")
    parser.add_argument("--only", action="append", help="an encoder or family; repeatable")
    parser.add_argument("--yamnet", type=Path, help="yamnet.tflite")
    parser.add_argument("--clips", type=int, default=2, help="of each encoder, for its rate")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of PyTorch")
    parser.add_argument("--no-rates", action="store_true")
    parser.add_argument("--no-abilities", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    progress_off()
    columns = "encoder | extract | localize a video | --zero-shot | text prompts | equal | timed size | frames/s"
    print(f"| {columns} |\n|{'---|' * (columns.count('|') + 1)}")
    for name in options.only or names(options.yamnet):
        weights = WeightsChoice.of({"yamnet": options.yamnet} if name == "yamnet" else None, None)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            able = [""] * 4 if options.no_abilities else abilities(name, weights, place)
            size, rate = ("", "") if options.no_rates else timed(name, weights, place, options.video, options.clips)
        print(
            f"| {name} | {' | '.join(able)} | {EQUAL.get(name, 'test_checkpoints.py')} | {size} | {rate} |", flush=True
        )


def names(yamnet: Path | None) -> list[str]:
    """All encoders that can be tried on this machine."""
    there = {"yamnet": yamnet is not None, "imagenet-words": importlib.util.find_spec("efficientnet_lite_pytorch")}
    return [*(name for name in HOUSE if there.get(name, True)), "clip", "siglip", *CONFIGS]


def progress_off() -> None:
    """The library's bars and remarks would stand between the rows."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def checkpoint(name: str, folder: Path) -> str:
    """What ``--encoder`` is given: the name, or the folder of a tiny checkpoint."""
    if name in HOUSE:
        return name
    own: dict[str, Callable[[Path], Path]] = {"clip": write_clip_checkpoint, "siglip": write_siglip_checkpoint}
    return str(own[name](folder) if name in own else write_checkpoint(name, folder))


def abilities(name: str, weights: WeightsChoice, place: Path) -> list[str]:
    """A mark for each thing that works, a dash for each that is refused."""
    encoder = checkpoint(name, place / "checkpoint")
    seed = 0 if name == "i3d" else None
    dataset = place / "dataset"
    videos = [write_talking_video(place / f"videos/{title}.mp4", [False, True]) for title in "ab"]
    entry = {"subset": "training", "duration": 1.28}
    database = {v.stem: {**entry, "labels": [word]} for v, word in zip(videos, WORDS, strict=True)}
    dataset.mkdir()
    (dataset / "annotations.json").write_text(json.dumps({"classes": WORDS, "database": database}))
    given = {**weights.paths, **({Path(encoder).name: Path(encoder)} if "/" in encoder else {})} or None
    made = extract(
        videos,
        encoders=encoder,
        into=dataset,
        names="f",
        weights=weights.paths or None,
        random_weights=seed,
        flow="dis",
        device="cpu",
    )
    done = ["yes" if len(made.extracted) == len(videos) else "-"]
    run = train(dataset, method="mil", features="f", run=place / "run", overrides=[*LEARN, "model.width=16"])
    new = write_talking_video(place / "new/c.mp4", [True, False])
    done.append(tried(lambda: localize(run, new, weights=given, cache=place / "cache")))
    done.append(tried(lambda: zero_shot(WORDS, new, encoder=encoder, weights=given, cache=place / "words")))
    done.append(tried(lambda: prompts(encoder, weights)))
    return done


def tried(work: Callable[[], object]) -> str:
    try:
        work()
    except InputError:
        return "-"
    return "yes"


def prompts(name: str, weights: WeightsChoice) -> None:
    """Gradients reach learnable vectors around the names.

    Raises:
        InputError: if the encoder reads no texts.
    """
    text = build_encoder(name, weights).text if name != "i3d" else None
    if text is None:
        raise InputError("reads no texts", source=name)
    embedded = text.embed_texts(WORDS)
    learned = torch.zeros(2, embedded[0].shape[-1], requires_grad=True)
    prompted_vectors(text, embedded, learned, learned).sum().backward()
    assert learned.grad is not None


def timed(name: str, weights: WeightsChoice, place: Path, video: Path, clips: int) -> tuple[str, str]:
    """The size that is timed, and the frames of video a second that the networks do: 16 a clip."""
    folder = base_size(name, place)
    random = name not in ("imagenet-words", "yamnet")
    encoder = build_encoder(folder, WeightsChoice(seed=0) if random else weights)
    pipeline = Pipeline([encoder], Sampling(window=max(16, encoder.frames)), flow=flow_method("dis"))
    clips = max(clips, encoder.batch)
    found = list(first(pipeline.clips(decoded([Job(video, (0,))], 25.0, pipeline.busy)), clips + 1))
    seconds = sum(networks_seconds(encoder, network, found) for network in encoder.networks)
    return SIZES.get(name) or described(folder), f"{16 * clips / seconds:.1f}"


def networks_seconds(encoder: SnippetEncoder, network: Network, found: list[tuple[Diet, Tensor]]) -> float:
    """What the clips that a network eats take, one by one or as many at once as it wants, after the first."""
    first_one, *others = [clip for diet, clip in found if diet == encoder.diet(network)]
    network.encode(first_one[None])
    start = time.perf_counter()
    for batch in torch.stack(others).split(encoder.batch):
        network.encode(batch)
    return time.perf_counter() - start


def first(content: Iterator[tuple[Job, Any]], clips: int) -> Iterator[tuple[Diet, Tensor]]:
    """The first clips of each kind."""
    counts: dict[Diet, int] = {}
    for _, item in content:
        if isinstance(item, tuple):
            counts[item[0]] = counts.get(item[0], 0) + 1
            if counts[item[0]] <= clips:
                yield item


if __name__ == "__main__":
    main()
