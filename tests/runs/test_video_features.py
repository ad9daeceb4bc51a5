from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from weaktal.data.manifest import Manifest
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.extraction.pipeline import Sampling
from weaktal.runs.video_features import Extraction, as_in_training

GRID = {"fps": 25.0, "window": 16, "stride": 8, "dim": 2048}
ELSEWHERE = WeightsChoice(root=Path("weights"))


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        # As imported from a published package: nothing but the grid is known.
        ({"encoder": "i3d"}, Extraction("i3d", ELSEWHERE, Sampling(25.0, 16, 8))),
        (
            {"encoder": "i3d-flow", "flow": "dis", "crop": "ten", "precision": "bf16", "last_window": "padded"},
            Extraction("i3d-flow", ELSEWHERE, Sampling(25.0, 16, 8, "ten"), "dis", "bf16"),
        ),
        (
            {"encoder": "clip-vit-b16", "random_weights": 5},
            Extraction("clip-vit-b16", WeightsChoice(Path("weights"), {}, 5), Sampling(25.0, 16, 8)),
        ),
        # What a manifest of another program may say is not believed blindly.
        ({"encoder": "i3d", "flow": ["x"], "crop": 3, "random_weights": "yes"}, None),
        ({"encoder": "org--model", "last_window": "padded"}, Extraction("org/model", ELSEWHERE, Sampling(25.0, 16, 8))),
    ],
)
def test_what_a_manifest_says_is_done_again(
    manifest: dict[str, Any], expected: Extraction | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path))
    given = Manifest.model_validate({**GRID, **manifest})
    extraction = as_in_training("features", given, ELSEWHERE, Path("run"))
    assert extraction == (expected or Extraction("i3d", ELSEWHERE, Sampling(25.0, 16, 8)))
