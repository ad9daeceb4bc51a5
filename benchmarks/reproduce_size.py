"""What a reproduction of THUMOS14 costs: time of an update of each phase, and peak memory, at full size.

    python benchmarks/reproduce_size.py THUMOS14_ANNOTATION_PACKAGE [--updates 3] [--batch 16] [--videos 24]

The annotations are the published ones, imported; the features are made up, in the lengths of the real videos: I3D,
2048 columns, and CLIP, 512 columns, one row for 16 frames at 25 a second. In every action a direction of its class is
added to noise, so that labels, losses and gradients are not those of emptiness; scores mean nothing. The text encoder
has CLIP ViT-B/16's size, random weights, and a vocabulary of letters.

The trainings are those that `weaktal reproduce thumos14` plans for a seed, one by preset `default` and one by preset
`paper`, with their settings but for the number of updates. A few updates of each phase are timed, and what a whole seed
takes is computed from them; the tables are printed as Markdown. The plain baseline, `mil`, trains on batches of the
same size for comparison. A warm-up that may end before its time counts as if it did not, and the questions whether it
should, each a look at all training videos after an epoch, are left out, as is the scoring of segments.

Where that takes too long: `--batch 16` updates on at most 16 videos, and takes the time of a preset's larger batches
from that in proportion, which counts the text encoder and the optimizer too often; `--videos 24` makes that many videos
of either subset, spread over all lengths, and scales what is done once for every video by the number of snippets.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

I3D, CLIP = 2048, 512
PRESETS = {"whole": "default", "paper": "paper"}  # by the name of their training


def main() -> None:
    """Prints a table for each training of a seed, and what the seed comes to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder with videoname.npy, segments.npy and their like")
    parser.add_argument("--updates", type=int, default=3, help="timed in each phase, after one that is not")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--batch", type=int, help="most videos of a measured update; as many as the preset's by default"
    )
    parser.add_argument("--videos", type=int, default=1000, help="videos made of either subset")
    parser.add_argument("--set", action="append", default=[], help="a setting over the recipe's")
    parser.add_argument("--folder", type=Path, help="where to generate 1.3 GB; a temporary folder by default")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print("RESULT " + json.dumps(measure(**json.loads(options.worker))))
        return
    from weaktal.studies.benchmarks import BENCHMARKS
    from weaktal.studies.reproduce import plan_of

    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        dataset, scale = make_dataset(options.package, folder, options.videos)
        encoder = make_text_encoder(folder / "clip")
        size = sum(path.stat().st_size for path in dataset.rglob("*.npy"))
        print(f"{size / 2**30:.2f} GB of features, 1 of {scale:.1f} snippets; {options.threads} thread(s)")
        hours = 0.0
        for training in plan_of(BENCHMARKS["thumos14"], [*options.set, f"vlp.text.encoder={encoder}"]).trainings:
            assert training.source is None, "what it takes over from another training would count twice"
            config = training.config
            batch = min(options.batch or config.optimizer.batch_size, config.optimizer.batch_size)
            times = config.optimizer.batch_size / batch
            job = {"dataset": str(dataset), "updates": options.updates + 1, "batch": batch}
            alike = {"micro_batch": config.optimizer.micro_batch, "max_snippets": config.optimizer.max_snippets}
            mil = {
                **job,
                "method": "mil",
                "settings": {"optimizer": alike},
                "run": str(folder / f"mil-{training.name}"),
            }
            settings = config.model_dump(mode="json")
            whole = {**job, "method": "collab", "settings": settings, "run": str(folder / training.name)}
            base, measured = in_process(mil, options), in_process(whole, options)
            for phase in (*base["phases"].values(), *measured["phases"].values()):
                phase["update"] *= times
                phase["around"] *= scale
            network = measured["network"] or config.cbp
            print(
                f"\npreset {PRESETS[training.name]}: timed updates a phase: {options.updates}, of {batch} videos, "
                f"times {times:g}; network of CBP in F: {network}; peak {measured['peak']:.1f} GB, "
                f"mil {base['peak']:.1f} GB\n"
            )
            hours += tell(measured, base, config, localized=measured["localize"] * scale, times=len(training.readings))
    print(f"\na seed, both trainings, extrapolated: {hours:.1f} processor hours")


def tell(measured: dict[str, Any], base: dict[str, Any], config: Any, *, localized: float, times: int) -> float:
    """Prints the phases of a training as a table; returns the processor hours of all of it.

    Args:
        measured: what :func:`measure` made of the training.
        base: the same of ``mil``.
        config: settings of the training.
        localized: seconds that localizing the test videos once takes.
        times: how often they are localized.
    """
    plain = base["phases"]["warm-up"]["update"]
    batch = config.optimizer.batch_size
    print(f"| phase | s per update of {batch} videos | relative to `mil` | s around it | updates | h |")
    print(f"|---|---|---|---|---|---|\n| `mil`, for comparison | {plain:.1f} | 1.0 | | | |")
    total = 0.0
    for name, updates, rounds in planned(config, list(measured["phases"]), measured["network"]):
        phase = measured["phases"][name]
        cost = rounds * (updates * phase["update"] + phase["around"]) / 3600
        total += cost
        often = f"{rounds} x {updates:,}" if rounds > 1 else f"{updates:,}"
        ratio = phase["update"] / plain
        print(f"| {name} | {phase['update']:.1f} | {ratio:.1f} | {phase['around']:.0f} | {often} | {cost:.1f} |")
    total += times * localized / 3600
    print(f"| localizing 212 test videos | | | {localized:.0f} | {times} times | {times * localized / 3600:.1f} |")
    print(f"| **a training, extrapolated** | | | | | **{total:.1f}** |")
    return total


def planned(config: Any, phases: list[str], network: str | None) -> Iterator[tuple[str, int, int]]:
    """Of each measured phase its name, the updates that it has in a whole training at most, and how often it is done.

    The convolution's warm-up is over after an epoch where the pyramid is the ``network``.
    """
    from weaktal.methods.collab.phases import WARM_UP, step_of

    schedule = config.schedule
    for name in phases:
        if step_of(name) == WARM_UP:
            epochs = 1 if name.endswith("convolution") and network == "pyramid" else schedule.warm_up
            yield name, epochs * schedule.updates_per_epoch, 1
        else:
            kind = name.rpartition("-")[0]
            yield name, getattr(schedule, kind) * schedule.updates_per_epoch, schedule.rounds


def in_process(job: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Measures in a process of its own, whose peak memory is then its alone."""
    command = [sys.executable, __file__, str(options.package), "--worker", json.dumps(job)]
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(options.threads))}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    result: dict[str, Any] = json.loads(done.stdout.rpartition("RESULT ")[2])
    return result


def measure(dataset: str, updates: int, batch: int, method: str, settings: dict[str, Any], run: str) -> dict[str, Any]:
    """Trains ``updates`` updates of each phase and localizes the test videos; processor seconds, peak in GB.

    Args:
        dataset: folder of the dataset.
        updates: of each phase; the first is not timed.
        batch: videos of an update.
        method: ``mil`` or ``collab``.
        settings: the method's, as nested mappings.
        run: folder to make.
    """
    from weaktal.progress import Progress
    from weaktal.runs.localize import localize
    from weaktal.runs.train import train

    phases: dict[str, list[float]] = {}
    ends: list[float] = [time.process_time()]

    def note(event: Progress) -> None:
        """Notes the processor's time at the start of each phase and after each update."""
        phases.setdefault(event.what, []).append(time.process_time())
        print(f"{event.what} {event.done:g} after {time.process_time():.1f} s", file=sys.stderr, flush=True)

    collab = method == "collab"
    short = [f"optimizer.batch_size={batch}", f"schedule.updates_per_epoch={updates}", "engine.tensorboard=false"]
    steps = ("warm_up", "background", "foreground", "rounds") if collab else ("epochs",)
    short += [f"schedule.{step}=1" for step in steps]
    train(
        Path(dataset), method=method, features="i3d", vlp_features="clip-vit-b16" if collab else None, run=Path(run),
        settings=settings, overrides=short, on_progress=note,
    )  # fmt: skip
    trained = time.process_time()
    localize(Path(run), Path(dataset), Path(f"{run}.json"), branch="both" if collab else None)
    localized = time.process_time() - trained
    ends += [stamps[-1] for stamps in phases.values()]
    starts = [stamps[0] for stamps in phases.values()] + [trained]
    # Around a phase: its labels are made before its first update, and it is looked back at after its last.
    before = [start - end for start, end in zip(starts, ends, strict=True)]
    found = {
        name: {"update": (stamps[-1] - stamps[1]) / (len(stamps) - 2), "around": before[place + 1]}
        for place, (name, stamps) in enumerate(phases.items())
    }
    last = sorted(Path(run).glob("phases/*/statistics.json"))[-1:]
    network = json.loads(last[0].read_text())["network"] if last else None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"phases": found, "network": network, "localize": localized, "peak": peak}


def make_dataset(package: Path, folder: Path, most: int) -> tuple[Path, float]:
    """The published annotations with made-up features of the right lengths.

    Args:
        package: of the annotations.
        folder: to make the dataset in.
        most: videos of either subset that are made; the others are left out of the annotations.

    Returns:
        The dataset, and how many times its snippets the whole set has.
    """
    from dataclasses import replace

    from weaktal.data.annotations import read_annotations, write_annotations
    from weaktal.data.importers.import_dataset import import_dataset
    from weaktal.data.manifest import Manifest, write_manifest
    from weaktal.timeline import SnippetGrid

    dataset = folder / "dataset"
    grid = SnippetGrid(fps=25.0, window=16, stride=16)
    import_dataset("thumos14", [package], dataset, encoder="i3d")
    annotations = read_annotations(dataset)
    kept = {}
    for subset in (annotations.train_subset, annotations.test_subset):
        by_length = sorted(annotations.subset(subset).values(), key=lambda video: video.duration)
        places = np.linspace(0, len(by_length) - 1, min(most, len(by_length))).round().astype(int)
        kept |= {by_length[place].name: by_length[place] for place in places}
    scale = sum(v.duration for v in annotations.videos.values()) / sum(v.duration for v in kept.values())
    annotations = replace(annotations, videos=kept)
    write_annotations(dataset / "annotations.json", annotations)
    random = np.random.default_rng(0)
    for name, dim in (("i3d", I3D), ("clip-vit-b16", CLIP)):
        features = dataset / "features" / name
        features.mkdir(parents=True, exist_ok=True)
        directions = random.normal(size=(len(annotations.classes), dim)).astype(np.float32)
        for video in annotations.videos.values():
            length = max(1, grid.count(video.duration))
            rows = random.standard_normal((length, dim), dtype=np.float32)
            for segment in video.segments:
                inside = grid.inside([(segment.start, segment.end)], length)
                rows[inside] += 0.5 * directions[annotations.classes.index(segment.label)]
            np.save(features / f"{video.name}.npy", rows)
        streams = {"rgb": (0, dim // 2), "flow": (dim // 2, dim)} if name == "i3d" else None
        manifest = Manifest(
            encoder=f"made up, of the size of {name}", fps=25.0, window=16, stride=16, dim=dim, streams=streams
        )
        write_manifest(features, manifest)
    return dataset, scale


def make_text_encoder(folder: Path) -> Path:
    """A checkpoint folder with CLIP ViT-B/16's text side in random weights, and letters for a vocabulary."""
    import torch
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(0)
    vision = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1}
    CLIPModel(CLIPConfig(vision_config=vision)).save_pretrained(folder)
    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    # The marks are the last entries of CLIP's 49,408.
    vocabulary = {token: index for index, token in enumerate(tokens)}
    vocabulary |= {"<|startoftext|>": 49406, "<|endoftext|>": 49407}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    return folder


if __name__ == "__main__":
    main()
