"""What each encoder can do, how fast it is, and two workers against one.

    PYTHONPATH=. python benchmarks/encoder_table.py VIDEO [--only NAME ...] [--clips 2] [--no-rates] [--workers]

Run it from the checkout, whose tests have a tiny checkpoint of each family. Each goes the whole way on a small video of
its own: `extract`, `localize` of a video file with a run on these features, `--zero-shot`, and learnable prompts
through its text side; what is refused is a dash. `equal` names the test that compares it with other code.

Rates are of networks in the library's default size, which is the published base size of most, with random weights and
as many threads as PyTorch takes: frames of video a second, of which a snippet has 16, that the networks alone do.
With `--workers`, `--device cpu,cpu` is timed against `--device cpu` as well, on copies of VIDEO, one thread each.
How well the stages of an extraction overlap is what `benchmarks/extraction.py` measures.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from tests.checkpoints import write_clip_checkpoint, write_siglip_checkpoint
from tests.tiny_models import CONFIGS, SOUNDS, write_checkpoint
from tests.tiny_videos import write_talking_video

from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.networks import SnippetEncoder
from weaktal.encoders.prompts import prompted_vectors
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError
from weaktal.extraction.extract import extract
from weaktal.extraction.pipeline import Job, Pipeline, Sampling, decoded
from weaktal.runs.localize import localize
from weaktal.runs.train import train
from weaktal.runs.zero_shot import zero_shot
from weaktal.video.flow import flow_method

EQUAL = {
    "i3d": "test_i3d.py",
    "world-cbp": "itself",
    "world-vlp": "itself",
    "clip": "test_clip.py",
    "siglip": "test_clip.py",
}
# Families in their published base size: what config.json says beside the library's own defaults.
LARGE: dict[str, dict[str, Any]] = {
    "clip": {"vision_config": {"patch_size": 16}},
    "vjepa2": {"frames_per_clip": 16, "hidden_size": 1024, "num_hidden_layers": 24},
}
LEARN = ["schedule.epochs=1", "schedule.updates_per_epoch=1", "optimizer.batch_size=2", "engine.tensorboard=false"]
WORDS = ["high jump", "pole vault"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--only", action="append", help="an encoder or family; repeatable")
    parser.add_argument("--clips", type=int, default=2, help="of each encoder, for its rate")
    parser.add_argument("--no-rates", action="store_true")
    parser.add_argument("--workers", action="store_true", help="time two workers against one")
    options = parser.parse_args()
    names = ["i3d", "world-cbp", "world-vlp", "clip", "siglip", *CONFIGS]
    print("| encoder | extract | localize a video | --zero-shot | text prompts | equal | frames/s |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        if options.only and name not in options.only:
            continue
        with tempfile.TemporaryDirectory() as place:
            row = abilities(name, Path(place))
            rate = "" if options.no_rates else f"{networks_rate(name, Path(place), options.clips):.1f}"
        print(f"| {name} | {' | '.join(row)} | {EQUAL.get(name, 'test_checkpoints.py')} | {rate} |", flush=True)
    if options.workers:
        print(f"two workers against one: {two_against_one(options.video):.2f} times the frames a second")


def checkpoint(name: str, folder: Path) -> str:
    """What ``--encoder`` is given: the name, or the folder of a tiny checkpoint."""
    if name in ("i3d", "world-cbp", "world-vlp"):
        return name
    own: dict[str, Callable[[Path], Path]] = {"clip": write_clip_checkpoint, "siglip": write_siglip_checkpoint}
    return str(own[name](folder) if name in own else write_checkpoint(name, folder))


def abilities(name: str, place: Path) -> list[str]:
    """A mark for each thing that works, a dash for each that is refused."""
    encoder = checkpoint(name, place / "checkpoint")
    seed = 0 if name == "i3d" else None
    dataset = place / "dataset"
    videos = [write_talking_video(place / f"videos/{title}.mp4", [False, True]) for title in "ab"]
    entry = {"subset": "training", "duration": 1.28}
    database = {v.stem: {**entry, "labels": [word]} for v, word in zip(videos, WORDS, strict=True)}
    dataset.mkdir()
    (dataset / "annotations.json").write_text(json.dumps({"classes": WORDS, "database": database}))
    made = extract(videos, encoders=encoder, into=dataset, names="f", random_weights=seed, flow="dis", device="cpu")
    done = ["yes" if len(made.extracted) == len(videos) else "-"]
    run = train(dataset, method="mil", features="f", run=place / "run", overrides=[*LEARN, "model.width=16"])
    weights = {Path(encoder).name: Path(encoder)} if "/" in encoder else None
    new = write_talking_video(place / "new/c.mp4", [True, False])
    done.append(tried(lambda: localize(run, new, weights=weights, cache=place / "cache")))
    done.append(tried(lambda: zero_shot(WORDS, new, encoder=encoder, cache=place / "words")))
    done.append(tried(lambda: prompts(encoder)))
    return done


def tried(work: Callable[[], object]) -> str:
    try:
        work()
    except InputError:
        return "-"
    return "yes"


def prompts(name: str) -> None:
    """Gradients reach learnable vectors around the names.

    Raises:
        InputError: if the encoder reads no texts.
    """
    text = build_encoder(name, WeightsChoice()).text if name != "i3d" else None
    if text is None:
        raise InputError("reads no texts", source=name)
    embedded = text.embed_texts(WORDS)
    learned = torch.zeros(2, embedded[0].shape[-1], requires_grad=True)
    prompted_vectors(text, embedded, learned, learned).sum().backward()
    assert learned.grad is not None


def large(name: str, place: Path) -> SnippetEncoder:
    """The encoder in its published base size, with random weights."""
    if name in ("i3d", "world-cbp", "world-vlp"):
        return build_encoder(name, WeightsChoice(seed=0))
    from transformers import CONFIG_MAPPING

    folder = place / f"large-{name}"
    folder.mkdir()
    config = CONFIG_MAPPING[name](**LARGE.get(name, {}))
    config.save_pretrained(folder)
    return build_encoder(str(folder), WeightsChoice(seed=0))


def networks_rate(name: str, place: Path, clips: int) -> float:
    """Frames of video a second that the networks do: 16 a clip."""
    encoder = large(name, place)
    window = max(16, encoder.frames)
    seconds = window * (clips + 1) / 25
    video = write_talking_video(place / "long.mp4", [False, True], frames=round(seconds * 25 / 2), pictures=True)
    if name in SOUNDS:
        encoder = replace(encoder, batch=1)
    pipeline = Pipeline([encoder], Sampling(window=window), flow=flow_method("dis"))
    found = list(first(pipeline.clips(decoded([Job(video, (0,))], 25.0, pipeline.busy)), clips))
    start = time.perf_counter()
    for network in encoder.networks:
        for diet, clip in found:
            if encoder.diet(network) == diet:
                network.encode(clip[None])
    return 16 * clips / (time.perf_counter() - start)


def first(content: Iterator[tuple[Job, Any]], clips: int) -> Iterator[Any]:
    """The first clips of each kind."""
    counts: dict[Any, int] = {}
    for _, item in content:
        if isinstance(item, tuple):
            counts[item[0]] = counts.get(item[0], 0) + 1
            if counts[item[0]] <= clips:
                yield item


def two_against_one(video: Path) -> float:
    """How many times as fast two workers are, on four copies of a video."""
    torch.set_num_threads(1)
    taken = {}
    with tempfile.TemporaryDirectory() as place:
        videos = Path(place) / "videos"
        videos.mkdir()
        for index in range(4):
            (videos / f"{index}{video.suffix}").symlink_to(video.resolve())
        for device in ("cpu", "cpu,cpu"):
            done = extract(videos, encoders="world-rgb", into=Path(place) / device, device=device, workers=1)
            taken[device] = done.seconds
    return taken["cpu"] / taken["cpu,cpu"]


if __name__ == "__main__":
    main()
