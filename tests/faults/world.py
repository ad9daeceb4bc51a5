"""Small valid files of every kind that a user gives, and outputs of them, made once; faults are tried on copies."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
from tests.conftest import add_vlp_features, make_dataset, objects
from tests.finding.conftest import COLOURS, ENCODER, EXAMPLE, write_video

from weaktal.cli import run
from weaktal.errors import WeaktalError

QUICK = [
    "optimizer: {batch_size: 4}",
    "model: {width: 16}",
    "engine: {tensorboard: false, log_every: 1, checkpoint_every: 2}",
    "schedule: {epochs: 1, updates_per_epoch: 6}",
]
COLLAB = [
    "optimizer: {batch_size: 4, max_snippets: 12}",
    "pyramid: {width: 16, heads: 2}",
    "vlp: {heads: 2}",
    "schedule: {warm_up: 1, background: 1, foreground: 1, updates_per_epoch: 2, rounds: 1}",
    "engine: {tensorboard: false, log_every: 1, checkpoint_every: 1}",
]


def train(*more: str) -> list[str]:
    """A command line that trains in a moment."""
    return ["train", "data", "--method", "mil", "--features", "i3d", "--run", "run", "--config", "mil.yaml", *more]


def find() -> int:
    """Learns, holds videos out, and finds, all in a moment; gives what the command line would exit with."""
    from weaktal.finding.find import find as verb

    settings = {"schedule": {"updates_per_epoch": 2}, "model": {"width": 16, "levels": 1, "heads": 2}}
    if str(EXAMPLE) not in sys.path:
        sys.path.insert(0, str(EXAMPLE))
    try:
        verb(["videos"], "found", tags="all.csv", encoder=ENCODER, device="cpu", settings=settings)
    except WeaktalError as error:
        print(f"weaktal: {error}", file=sys.stderr)
        return 2
    return 0


def make(folder: Path) -> Path:
    """All the files, in a new folder; works in it, for names in them are relative."""
    folder.mkdir(parents=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        make_dataset(Path("data"), train=5, test=3)
        add_vlp_features(Path("data"))
        Path("mil.yaml").write_text("\n".join(QUICK) + "\n")
        Path("collab.yaml").write_text("\n".join(COLLAB) + "\n")
        assert run([word if word != "run" else "trained" for word in train()]) == 0
        localize = ["localize", "trained", "data", "--out", "results.json", "--scores", "scores.safetensors"]
        assert run(localize) == 0
        _stopped_run()
        _clips()
        _films()
        _footage()
        _package()
        _said()
    finally:
        os.chdir(before)
    return folder


def copy(world: Path, target: Path) -> Path:
    """The same files once more, linked: whoever changes one puts another in its place."""
    shutil.copytree(world, target, copy_function=os.link)
    return target


def _stopped_run() -> None:
    """A run that stopped after its second update."""
    from weaktal.engine.trainer import Trainer

    class Stopped(BaseException):
        pass

    good, count = Trainer._update, 0

    def update(*arguments: object, **options: object) -> object:
        nonlocal count
        count += 1
        if count == 4:
            raise Stopped
        return good(*arguments, **options)  # type: ignore[arg-type]

    Trainer._update = update  # type: ignore[assignment, method-assign]
    try:
        run([word if word != "run" else "stopped" for word in train()])
    except Stopped:
        pass
    finally:
        Trainer._update = good  # type: ignore[method-assign]
    assert list(Path("stopped/checkpoints").iterdir())


def _clips() -> None:
    random = np.random.default_rng(0)
    Path("clips").mkdir()
    clips = [{"id": f"c{i}", "label": "abc"[i % 3], "seconds": 2.0, "snippets": 3, "offset": 3 * i} for i in range(12)]
    np.save("clips/features.npy", random.normal(size=(36, 8)).astype(np.float32))
    Path("clips/clips.json").write_text(json.dumps({"clips": clips}))


def _films() -> None:
    from weaktal.video.encoding import writing_video

    random = np.random.default_rng(0)
    Path("films").mkdir()
    for name in ("a", "b"):
        with writing_video(Path(f"films/{name}.mp4"), fps=10, width=64, height=48, quality=30) as add:
            for picture in random.integers(0, 255, size=(12, 6, 8, 3), dtype=np.uint8):
                add(picture.repeat(8, axis=0).repeat(8, axis=1))
    Path("tags.csv").write_text("video,tags\na.mp4,jump; run\nb.mp4,run\n")


def _footage() -> None:
    """Videos to find in."""
    rows = []
    for number in range(6):
        label = tuple(COLOURS)[number % 2]
        write_video(Path(f"videos/clip_{number}.mp4"), label, 5 + 4 * number, frames=75)
        rows.append((f"clip_{number}.mp4", label))
    with Path("all.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("video", "tags"), *rows])


def _said() -> None:
    """What a person corrected, on a page and in Label Studio; and a dataset whose features know their videos."""
    jump = {"label": "jump", "segment": [1.0, 2.0]}
    video = {"subset": "corrected", "duration": 10.0, "labels": ["jump"], "annotations": [jump], "done": True}
    judgement = {"video": "video_05", "verdict": "right", "row": "found", "score": 0.5, "predicted": jump}
    corrections = {
        "version": "weaktal corrections 1", "taxonomy": [], "classes": ["jump", "run", "throw"],
        "subsets": {"train": "corrected", "test": "corrected"}, "page": "0123456789abcdef",
        "database": {"video_05": video}, "judgements": [{**judgement, "segment": jump}],
    }  # fmt: skip
    Path("corrections.json").write_text(json.dumps(corrections))
    marked = {"type": "timelinelabels", "value": {"ranges": [{"start": 1, "end": 50}], "timelinelabels": ["jump"]}}
    data = {"video": "/data/v.mp4", "name": "v", "fps": 25.0, "duration": 10.0}
    answer = {"id": 1, "result": [marked], "was_cancelled": False, "updated_at": "2026-01-01T00:00:00Z"}
    Path("tasks.json").write_text(json.dumps([{"id": 1, "data": data, "annotations": [answer]}]))
    assert run(["extract", "films", "--encoder", "world-rgb", "--into", "noted"]) == 0


def _package() -> None:
    folder = Path("package")
    folder.mkdir()
    names = ["video_validation_0000001", "video_validation_0000002", "video_test_0000001"]
    np.save(folder / "videoname.npy", np.array(names, dtype="S"))
    np.save(folder / "subset.npy", np.array(["validation", "validation", "test"], dtype="S"))
    np.save(folder / "duration.npy", np.array([[64.0], [32.0], [16.0]]))
    np.save(folder / "classlist.npy", np.array(["Diving", "HighJump"], dtype="S"))
    np.save(folder / "labels_all.npy", objects([["Diving"], ["HighJump", "Diving"], ["HighJump"]]))
    np.save(folder / "labels.npy", objects([["Diving", "Diving"], ["HighJump", "Diving"], ["HighJump"]]))
    np.save(folder / "segments.npy", objects([[[1.0, 2.5], [60.0, 63.0]], [[0, 4], [5.0, 5.5]], [[3.25, 9.5]]]))
