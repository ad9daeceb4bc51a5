"""The command lines of ``scripts/train_world_cbp.py`` and ``scripts/train_world_vlp.py``."""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from weaktal.encoders.world.build import load_stream, load_vlp
from weaktal.encoders.world.shipped import FOLDER, VLP, Stream
from weaktal.version import __version__
from weaktal.worlds.actions import OTHERS, TARGETS
from weaktal.worlds.pretraining import classification, contrastive
from weaktal.worlds.pretraining.clips import rendered_clips
from weaktal.worlds.pretraining.provenance import renderer_fingerprint
from weaktal.worlds.pretraining.publish import publish
from weaktal.worlds.pretraining.stills import rendered_stills

# Seeds of what is rendered; those of training and validation never meet.
CLIP_SEED, CLIP_CHECK_SEED = 10_000_000, 11_000_000
STILL_SEED, STILL_CHECK_SEED = 20_000_000, 21_000_000
_STREAMS: tuple[Stream, ...] = ("rgb", "flow")


def train_cbp(arguments: Sequence[str] | None = None) -> None:
    """Renders trimmed clips, trains a stream or both, writes weights, and prints accuracy on held-out clips."""
    parser = _parser("trimmed clips of each class", 40, None)
    parser.add_argument("--stream", choices=_STREAMS, action="append", help="only this one")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    classes = (*TARGETS, *OTHERS)
    start = time.perf_counter()
    clips, check = (
        rendered_clips(classes, count, seed, options.scratch, workers=options.workers)
        for count, seed in ((options.samples, CLIP_SEED), (max(1, options.samples // 5), CLIP_CHECK_SEED))
    )
    rendering = time.perf_counter() - start
    for stream in options.stream or _STREAMS:
        updates = options.updates or classification.UPDATES[stream]
        fit = replace(classification.FIT, updates=updates, seed=options.seed)
        model, lines = classification.train_stream(clips, stream, fit, say=_teller(stream))
        log: dict[str, Any] = {
            **_provenance(rendering, start),
            "classes": list(classes),
            "clips": len(clips),
            "first_seed": CLIP_SEED,
            "held_out_clips": len(check),
            "held_out_first_seed": CLIP_CHECK_SEED,
            "fit": fit.as_dict(),
            "log": lines,
        }
        kind = {"rgb": "RGB", "flow": "optical-flow"}[stream]
        what = f"{kind} stream for the rendered world, trained on trimmed clips of {len(classes)} actions"
        publish(options.out, f"world-{stream}", model, what=what, log=log)
        stored, _ = load_stream(options.out, stream)  # as it is shipped, in half precision
        log["held_out"] = asdict(classification.accuracy(stored, check, stream))
        publish(options.out, f"world-{stream}", model, what=what, log=log)
        print(f"{stream}: accuracy on held-out clips {log['held_out']['mean']:.3f}")
    _finish(start, rendering)


def train_vlp(arguments: Sequence[str] | None = None) -> None:
    """Renders stills, trains both towers, writes weights and words, and prints figures on held-out stills."""
    options = _parser("stills", 6_000, contrastive.FIT.updates).parse_args(arguments)
    torch.set_num_threads(options.threads)
    start = time.perf_counter()
    stills, check = (
        rendered_stills(count, seed, options.scratch, workers=options.workers)
        for count, seed in ((options.samples, STILL_SEED), (max(100, options.samples // 16), STILL_CHECK_SEED))
    )
    rendering = time.perf_counter() - start
    fit = replace(contrastive.FIT, updates=options.updates, seed=options.seed)
    # All class names can be asked for, whether a caption happened to name them or not.
    tokenizer = contrastive.vocabulary((*stills.facts, *check.facts), (*TARGETS, *OTHERS))
    model, lines = contrastive.train_vlp(stills, tokenizer, fit, say=_teller("vlp"))
    log: dict[str, Any] = {
        **_provenance(rendering, start),
        "stills": len(stills),
        "first_seed": STILL_SEED,
        "held_out_stills": len(check),
        "held_out_first_seed": STILL_CHECK_SEED,
        "words": len(tokenizer.words),
        "fit": fit.as_dict(),
        "log": lines,
    }
    what = "image-text encoder for the rendered world, trained on stills with captions"
    publish(options.out, VLP, model, what=what, log=log, tokenizer=tokenizer)
    stored, _ = load_vlp(options.out)
    log["held_out"] = contrastive.figures(stored, check)
    publish(options.out, VLP, model, what=what, log=log, tokenizer=tokenizer)
    for name, value in log["held_out"].items():
        if isinstance(value, float):
            print(f"{name} {value:.3f}")
    _finish(start, rendering)


def _parser(samples: str, count: int, updates: int | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scratch", type=Path, required=True, help="folder for what is rendered")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of weights")
    parser.add_argument("--samples", type=int, default=count, help=samples)
    parser.add_argument("--updates", type=int, default=updates)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch")
    parser.add_argument("--workers", type=int, default=2, help="processes that render")
    return parser


def _provenance(rendering: float, start: float) -> dict[str, Any]:
    return {
        "weaktal": __version__,
        "torch": torch.__version__,
        "renderer_sha256": renderer_fingerprint(),
        "rendering_seconds": round(rendering, 1),
        "begun_after_seconds": round(time.perf_counter() - start, 1),
    }


def _teller(name: str) -> Any:
    return lambda line: print(f"{name}: {line}", flush=True)


def _finish(start: float, rendering: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{time.perf_counter() - start:.0f} s, {rendering:.0f} of them rendering; peak memory {peak:.2f} GiB")
