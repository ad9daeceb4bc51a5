"""The verb as a Python caller calls it; tests/cli/test_compose_command.py calls it from the shell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from weaktal.composition.compose import compose
from weaktal.errors import InputError
from weaktal.files import write_json


@pytest.fixture
def clips(tmp_path: Path) -> str:
    folder = tmp_path / "clips"
    folder.mkdir()
    listed = [
        {"id": f"{label}{n}", "label": label, "seconds": 2.0, "snippets": 1, "offset": 5 * k + n}
        for k, label in enumerate(["run", "jump", "sit"])
        for n in range(5)
    ]
    write_json(folder / "clips.json", {"clips": listed})
    np.save(folder / "features.npy", np.zeros((15, 2), np.float32))
    return str(folder)


def test_paths_may_be_text(clips: str, tmp_path: Path) -> None:
    composed = compose(clips, str(tmp_path / "set"), train=2, test=1, gap_snippets=(1, 1))
    assert composed.dataset == tmp_path / "set"
    assert composed.seconds_per_step == pytest.approx(2.0)
    assert sorted(path.name for path in (tmp_path / "set/features/i3d").glob("*.npy")) == [
        "test_000.npy",
        "train_000.npy",
        "train_001.npy",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fps": 10.0}, "fps is for clips that are videos"),
        ({"size": (64, 48)}, "size is for clips that are videos"),
        ({"gap_snippets": (5, 2)}, r"gap_snippets: is \(5, 2\)"),
        ({"classes_per_video": (1, 9)}, "at most 5 instances a video"),
    ],
)
def test_errors_name_arguments(clips: str, tmp_path: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compose(clips, tmp_path / "set", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "set").exists()
