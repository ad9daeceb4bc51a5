"""Where VLP's labels and CBP's own are right on rendered worlds, and where the CBP that they taught still errs.

    python -m weaktal.studies.controls w1 w2 ... --seeds 0 --out OUT          # as docs/evidence/methods.md has it
    python benchmarks/world_labels.py w1 OUT/w1/runs [w2 OUT/w2/runs ...] [--seeds 0,1]

Reads the first F step of two trainings a seed: one taught by VLP, one by CBP's own labels, after the same warm-up.
Entries are snippets of the training videos with each class that their video holds. What a snippet is comes from
`phases.json` and `shots.json`: a phase of the action or, as background, the scene of the class while somebody waits,
the same scene with another action, or something else; besides, snippets at either side of a segment's ends. A CBP
calls a snippet action where its score is above half of the class's highest in the video. Nothing of this is shown to
a training. All shares are of the entries of all worlds and seeds together.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weaktal.arrays import UNCERTAIN, Bools, Integers
from weaktal.data.annotations import Video, read_annotations
from weaktal.data.features import Features
from weaktal.engine.batch import VideoSet
from weaktal.engine.checkpoint import load_tensors, load_weights
from weaktal.engine.predict import predict
from weaktal.runs.folder import RunFolder
from weaktal.runs.trained import Trained
from weaktal.timeline import SnippetGrid
from weaktal.worlds.actions import ACTIONS, TARGETS

PHASES = ("run-up", "peak", "recovery")
KINDS = (*PHASES, "same scene, waiting", "same scene, other action", "elsewhere", "last inside", "first outside")
FIRST_F = "foreground-1"


@dataclass(frozen=True)
class World:
    """A rendered world with the truth of its training videos."""

    folder: Path

    def kinds(self, video: Video, label: str, grid: SnippetGrid, count: int) -> dict[str, Bools]:
        """By name of KINDS and "action", which snippets are of that kind for the class, (T,) each."""
        phases, shots = (json.loads((self.folder / f"{name}.json").read_text()) for name in ("phases", "shots"))

        def inside(spans: list[tuple[float, float]]) -> Bools:
            return grid.inside(spans, count)

        listed, drawn = phases.get(video.name, []), shots[video.name]
        action = inside([(s.start, s.end) for s in video.segments if s.label == label])
        here = inside([tuple(shot["segment"]) for shot in drawn["shots"] if shot["scene"] == ACTIONS[label].scene])
        acting = inside([tuple(entry["segment"]) for entry in (*listed, *drawn["other_actions"])])
        beside = np.convolve(action, [1, 1, 1], mode="same")
        alone = np.convolve(np.ones(count), [1, 1, 1], mode="same")
        return {
            "action": action,
            **{
                name: inside([tuple(e["segment"]) for e in listed if (e["label"], e["phase"]) == (label, name)])
                for name in PHASES
            },
            "same scene, waiting": ~action & here & ~acting,
            "same scene, other action": ~action & here & acting,
            "elsewhere": ~action & ~here,
            "last inside": action & (beside < alone),
            "first outside": ~action & (beside > 0),
        }


@dataclass(frozen=True)
class Entries:
    """All snippets of one class in one video: what they are, what each teacher says, and what each CBP calls."""

    label: str
    kinds: Mapping[str, Bools]
    said: Mapping[str, Integers]  # by teacher, and what both say: 1 foreground, 0 background, -1 uncertain
    called: Mapping[str, Bools]  # by CBP: before, and after F by either teacher


def entries_of(world: Path, taught: Path, own: Path) -> Iterator[Entries]:
    """Those of the training videos of one world, for one seed."""
    truth = read_annotations(world / "truth.json")
    videos = [video for video in truth.videos.values() if video.subset == truth.train_subset]
    rendered = World(world)
    said, called = {}, {}
    for teacher, run in (("VLP", taught), ("own", own)):
        trained = Trained.load(run, "cbp")
        features = Features.open(world, trained.info.features)
        names = [phase.name for phase in trained.method.phases()]
        step = names.index(FIRST_F)
        said[teacher] = load_tensors(RunFolder(run).phase(step, FIRST_F) / "state.safetensors")
        for title, index in (("before", step - 1), (teacher, step)):
            load_weights(trained.method.module, RunFolder(run).phase(index, names[index]) / "weights.safetensors")
            found = predict(trained.method, VideoSet(videos, trained.info.classes, features), branch="cbp")
            called[title] = {name: scores > 0.5 * scores.max(axis=0, keepdims=True) for name, scores, _ in found}
    for video in videos:
        for label in video.labels:
            column = trained.info.classes.index(label)
            of_teacher = {name: labels[f"labels/{video.name}"].numpy()[:, column] for name, labels in said.items()}
            first, second = of_teacher.values()
            of_teacher["both agree"] = np.where(first == second, first, UNCERTAIN)
            of_cbp = {name: by_video[video.name][:, column] for name, by_video in called.items()}
            yield Entries(label, rendered.kinds(video, label, features.grid, len(of_cbp["before"])), of_teacher, of_cbp)


def share(part: list[Bools], whole: list[Bools]) -> str:
    """How much of ``whole`` is in ``part`` too, as a cell."""
    every = sum(int(rows.sum()) for rows in whole)
    both = sum(int((some & rows).sum()) for some, rows in zip(part, whole, strict=True))
    return f"{both / every:.3f}" if every else ""


def row(*cells: str) -> None:
    """Prints a row in Markdown."""
    print(f"| {' | '.join(cells)} |")


def table(found: list[Entries]) -> None:
    """How far labels are right, where, and what they change."""
    action = [e.kinds["action"] for e in found]
    idle = [~rows for rows in action]
    row("teacher", "foreground right", "of the action", "tags with any", "background right", "of the background")
    row(*["---"] * 6)
    for teacher in found[0].said:
        on, off = ([e.said[teacher] == kind for e in found] for kind in (1, 0))
        tags = np.mean([rows.any() for rows in on])
        row(teacher, share(action, on), share(on, action), f"{tags:.2f}", share(idle, off), share(off, idle))
    print()
    row("snippets", "share", "VLP: foreground", "background", "own: foreground", "background", "called before",
        "after F by VLP", "by own labels")  # fmt: skip
    row(*["---"] * 9)
    for kind in KINDS:
        here = [e.kinds[kind] for e in found]
        said = [
            share([e.said[teacher] == value for e in found], here) for teacher in ("VLP", "own") for value in (1, 0)
        ]
        calls = [share([e.called[cbp] for e in found], here) for cbp in ("before", "VLP", "own")]
        row(kind, share(here, [np.ones_like(rows) for rows in here]), *said, *calls)
    print()
    row("VLP's label", "entries", "CBP wrong before", "after F by VLP", "by own labels")
    row(*["---"] * 5)
    for title, value, truth in (
        ("foreground, right", 1, action),
        ("foreground, wrong", 1, idle),
        ("background, right", 0, idle),
        ("none, action", -1, action),
        ("none, background", -1, idle),
    ):
        here = [(e.said["VLP"] == value) & rows for e, rows in zip(found, truth, strict=True)]
        wrong = [share([e.called[cbp] != e.kinds["action"] for e in found], here) for cbp in ("before", "VLP", "own")]
        row(title, str(sum(int(rows.sum()) for rows in here)), *wrong)


def by_class(found: list[Entries], *, each: bool) -> None:
    """VLP's foreground and misses of CBP, by whether the class has its place to itself, or for each class."""
    row("class", "tags with VLP's foreground", "right", "of the action", "missed before", "after F by VLP",
        "by own labels")  # fmt: skip
    row(*["---"] * 7)
    places = Counter(ACTIONS[label].scene for label in TARGETS)
    groups: dict[str, list[Entries]] = {"alone at its place": [], "shares its place": []}
    for e in found:
        groups["alone at its place" if places[ACTIONS[e.label].scene] == 1 else "shares its place"].append(e)
        if each:
            groups.setdefault(e.label, []).append(e)
    for title, some in groups.items():
        action, on = [e.kinds["action"] for e in some], [e.said["VLP"] == 1 for e in some]
        tags = np.mean([rows.any() for rows in on])
        missed = [share([~e.called[cbp] for e in some], action) for cbp in ("before", "VLP", "own")]
        row(title, f"{tags:.2f}", share(action, on), share(on, action), *missed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, nargs="+", help="a world, the folder of its trainings, another world, ...")
    parser.add_argument("--seeds", type=lambda text: [int(part) for part in text.split(",")], default=[0])
    parser.add_argument("--taught", default="cbp-one-f", help="the training whose F VLP teaches, as controls name it")
    parser.add_argument("--own", default="self-training", help="the one that CBP's own labels teach")
    parser.add_argument("--by-class", action="store_true")
    given = parser.parse_args()
    if len(given.pairs) % 2:
        parser.error("each world needs the folder of its trainings")
    found = [
        entries
        for world, runs in zip(given.pairs[::2], given.pairs[1::2], strict=True)
        for seed in given.seeds
        for entries in entries_of(world, *(runs / name / f"seed-{seed}" for name in (given.taught, given.own)))
    ]
    table(found)
    print()
    by_class(found, each=given.by_class)


if __name__ == "__main__":
    main()
