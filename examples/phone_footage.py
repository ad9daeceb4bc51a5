#!/usr/bin/env python
"""Draws an athletics club's videos as phones leave them: the same file names in every folder, and a spreadsheet.

    python examples/phone_footage.py FOLDER [--videos 20] [--more 0] [--seed 0]

FOLDER/videos/Müller/IMG_0001.mp4 ...   videos of 20 to 90 seconds
FOLDER/tags.csv                         which events each shows, with semicolons, as a German spreadsheet saves it
FOLDER/truth.json                       when they occur: for scoring alone, ``weaktal find`` never sees it

``--more 1`` draws one video more than a first call did, and writes the spreadsheet anew.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.video_names import name_videos
from weaktal.worlds.render import write_video
from weaktal.worlds.script import VideoPlan, plan_video

FOLDERS = ("Müller", "Großer Platz", "Übungsleiter Jäger")
EVENTS = ("high jump", "javelin throw", "long jump", "pole vault", "shot put")


def planned(count: int, seed: int) -> list[VideoPlan]:
    """What each video shows: one event, or two; the events take turns as the first."""
    plans = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        first = EVENTS[number % len(EVENTS)]
        labels = [first]
        if rng.random() < 0.4:
            labels.append(str(rng.choice([event for event in EVENTS if event != first])))
        plans.append(plan_video(int(rng.integers(1 << 40)), tuple(sorted(labels))))
    return plans


def draw(path: Path, plan: VideoPlan) -> None:
    """Writes a video, whole or not at all."""
    unfinished = path.with_name(f".{path.stem}.unfinished.mp4")
    write_video(unfinished, plan)
    unfinished.replace(path)


def main() -> None:
    """Draws what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--more", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    plans = planned(given.videos + given.more, given.seed)
    paths = [
        given.folder / "videos" / FOLDERS[number % len(FOLDERS)] / f"IMG_{number // len(FOLDERS) + 1:04d}.mp4"
        for number in range(len(plans))
    ]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    todo = [(path, plan) for path, plan in zip(paths, plans, strict=True) if not path.exists()]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        for path, done in [(path, pool.submit(draw, path, plan)) for path, plan in todo]:
            done.result()
            print(f"drew {path}", flush=True)
    with (given.folder / "tags.csv").open("w", encoding="cp1252", newline="") as stream:
        table = csv.writer(stream, delimiter=";")
        table.writerow(["Datei", "Übungen"])
        for path, plan in zip(paths, plans, strict=True):
            table.writerow([path.relative_to(given.folder / "videos"), ", ".join(plan.labels)])
    named = {path: name for name, path in name_videos(paths).items()}
    videos = {
        named[path]: Video(named[path], "all", plan.duration, plan.labels, plan.segments)
        for path, plan in zip(paths, plans, strict=True)
    }
    write_annotations(given.folder / "truth.json", Annotations(EVENTS, videos, train_subset="all", test_subset="all"))


if __name__ == "__main__":
    main()
