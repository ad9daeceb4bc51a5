"""What a reproduction of THUMOS14 costs: time of an update of each phase, and peak memory, at full size.

    python benchmarks/reproduce_size.py THUMOS14_ANNOTATION_PACKAGE [--updates 3] [--batch 64] [--videos 200]

The annotations are the published ones, imported; the features are made up, in the lengths of the real videos: I3D,
2048 columns, and CLIP, 512 columns, one row for 16 frames at 25 a second. In every action a direction of its class is
added to noise, so that labels, losses and gradients are not those of emptiness; scores mean nothing. The text encoder
has CLIP ViT-B/16's size, random weights, and a vocabulary of letters. Settings are those of `weaktal reproduce
thumos14`, but for the number of updates. A few updates of each phase are timed, the rest of a whole run is computed
from them. The plain baseline, `mil`, trains on the same batches for comparison.

Where that takes too long: `--batch 16` updates on 16 videos and takes their time four times, which counts the text
encoder and the optimizer four times; `--videos 24` makes that many videos of either subset, spread over all lengths,
and scales what is done once for every video by the number of snippets.
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
from pathlib import Path
from typing import Any

import numpy as np

I3D, CLIP = 2048, 512
BATCH = 64  # videos of an update in the paper


def main() -> None:
    """Prints a line a phase, and what a whole run comes to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder with videoname.npy, segments.npy and their like")
    parser.add_argument("--updates", type=int, default=3, help="timed in each phase, after one that is not")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=BATCH, help="videos of a measured update")
    parser.add_argument("--videos", type=int, default=1000, help="videos made of either subset")
    parser.add_argument("--set", action="append", default=[], help="a setting over the recipe's")
    parser.add_argument("--folder", type=Path, help="where to generate 1.3 GB; a temporary folder by default")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print("RESULT " + json.dumps(measure(**json.loads(options.worker))))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        dataset, scale = make_dataset(options.package, folder, options.videos)
        encoder = make_text_encoder(folder / "clip")
        size = sum(path.stat().st_size for path in dataset.rglob("*.npy"))
        print(f"{size / 2**30:.2f} GB of features, 1 of {scale:.1f} snippets; {options.threads} thread(s)")
        print(f"{options.updates} updates of {options.batch} videos a phase, their time x {BATCH / options.batch:g}")
        job = {"dataset": str(dataset), "updates": options.updates + 1}
        batch = f"optimizer.batch_size={options.batch}"
        alike = [batch, "optimizer.micro_batch=8", "optimizer.max_snippets=1000"]
        mil = in_process({**job, "method": "mil", "settings": alike, "run": str(folder / "mil")}, options)
        base = mil["phases"]["warm-up"]["update"] * BATCH / options.batch
        print(f"mil: {base:.2f} processor seconds an update; peak {mil['peak']:.2f} GB")
        settings = [batch, f"vlp.text.encoder={encoder}", *options.set]
        whole = in_process({**job, "method": "collab", "settings": settings, "run": str(folder / "run")}, options)
    for phase in whole["phases"].values():
        phase["update"] *= BATCH / options.batch
        phase["wall"] *= BATCH / options.batch
        phase["around"] *= scale
    whole["localize"] *= scale
    report(whole, base)


def report(measured: dict[str, Any], base: float) -> None:
    """The phases and the sum of a whole run."""
    from weaktal.methods.collab.phases import step_of

    total = measured["localize"]
    for name, phase in measured["phases"].items():
        kind = name.rpartition("-")[0] if name[-1].isdigit() else step_of(name)
        updates, times = measured["planned"][kind]
        cost = times * (updates * phase["update"] + phase["around"])
        total += cost
        print(
            f"{name}: {phase['update']:.2f} processor seconds an update ({phase['update'] / base:.1f} x mil), "
            f"{phase['wall']:.2f} s on the clock; {phase['around']:.0f} s of labelling and looking back; "
            f"{times} x {updates} updates come to {cost / 3600:.1f} h"
        )
    print(f"localizing 212 test videos: {measured['localize']:.1f} s")
    print(f"whole run, extrapolated: {total / 3600:.1f} processor hours; peak {measured['peak']:.2f} GB")


def in_process(job: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Measures in a process of its own, whose peak memory is then its alone."""
    command = [sys.executable, __file__, str(options.package), "--worker", json.dumps(job)]
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(options.threads))}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    result: dict[str, Any] = json.loads(done.stdout.rpartition("RESULT ")[2])
    return result


def measure(dataset: str, updates: int, method: str, settings: list[str], run: str) -> dict[str, Any]:
    """Trains ``updates`` updates of each phase and localizes the test videos; times in seconds, peak in GB."""

    from weaktal.config import load_settings
    from weaktal.methods.base import method_module
    from weaktal.progress import Progress
    from weaktal.runs.localize import localize
    from weaktal.runs.train import train
    from weaktal.studies.benchmarks import BENCHMARKS

    recipe = BENCHMARKS["thumos14"].recipe if method == "collab" else None
    schedule = load_settings(method_module(method).CONFIG, recipe, settings).model_dump()["schedule"]
    phases: dict[str, list[tuple[float, float]]] = {}
    ends: list[float] = [time.process_time()]

    def note(event: Progress) -> None:
        """Notes processor and clock time at the start of each phase and after each update."""
        phases.setdefault(event.what, []).append((time.process_time(), time.perf_counter()))
        at = f"{time.process_time():.1f} processor seconds"
        print(f"{event.what} {event.done:g} after {at}", file=sys.stderr, flush=True)

    short = [f"schedule.updates_per_epoch={updates}", "engine.tensorboard=false"]
    if method == "collab":
        short += ["schedule.warm_up=1", "schedule.background=1", "schedule.foreground=1", "schedule.rounds=1"]
    else:
        short.append("schedule.epochs=1")
    vlp = "clip-vit-b16" if method == "collab" else None
    train(
        Path(dataset), method=method, features="i3d", vlp_features=vlp, run=Path(run), config=recipe,
        overrides=[*settings, *short], on_progress=note,
    )  # fmt: skip
    trained = time.process_time()
    localize(Path(run), Path(dataset), Path(f"{run}.json"))
    localized = time.process_time() - trained
    ends += [stamps[-1][0] for stamps in phases.values()]
    starts = [stamps[0][0] for stamps in phases.values()] + [trained]
    # Around a phase: its labels are made before its first update, and it is looked back at after its last.
    before = [start - end for start, end in zip(starts, ends, strict=True)]
    found = {}
    for place, (name, stamps) in enumerate(phases.items()):
        (first, first_wall), (last, last_wall), count = stamps[1], stamps[-1], len(stamps) - 2
        found[name] = {
            "update": (last - first) / count,
            "wall": (last_wall - first_wall) / count,
            "around": before[place + 1],
        }
    per_epoch = schedule["updates_per_epoch"]
    planned = {
        kind: (schedule[key] * per_epoch, times)
        for kind, key, times in (
            ("warm-up", "warm_up", 1),
            ("background", "background", schedule.get("rounds", 0)),
            ("foreground", "foreground", schedule.get("rounds", 0)),
        )
        if key in schedule
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"phases": found, "planned": planned, "localize": localized, "peak": peak}


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
