"""Presets: what they hold, and that every line of the tagged ones says where it comes from."""

from __future__ import annotations

from typing import Any

import pytest

from weaktal.config import flat, load_settings
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.mmsd_config import MMSDConfig
from weaktal.methods.presets import preset_file

TAGS = ("[paper]", "[code]", "[open]", "[ours]", "memory only")


def preset(name: str) -> CollabConfig:
    return load_settings(CollabConfig, preset_file("collab", name))


@pytest.mark.parametrize("name", ["default", "quick"])
def test_what_works_is_what_holds_without_a_preset(name: str) -> None:
    assert preset(name) == CollabConfig()


@pytest.mark.parametrize("name", ["paper", "paper-activitynet"])
def test_paper_holds_what_the_paper_states(name: str) -> None:
    config = preset(name)
    snippets = 400 if name == "paper-activitynet" else 1000
    stated: dict[str, Any] = {
        "optimizer.lr": 1e-4,
        "optimizer.batch_size": 64,
        "optimizer.max_snippets": snippets,
        "vlp.positions": snippets,
        "vlp.text.before": 16,
        "vlp.text.after": 16,
        "vlp.blocks": 2,
        "vlp.init_std": 0.01,
        "vlp.temperature": 0.07,
        "schedule.warm_up": 10,
        "schedule.background": 20,
        "schedule.foreground": 20,
        "pyramid.residual_init": None,
        "vlp.residual_init": None,
        "decode.score": "max",
        "decode.theta_loc": [0.5],
        "decode.threshold_scale": "raw",
        "labels.background.scale": "raw",
        "labels.foreground.scale": "raw",
        "selection.rule": "last",
        "losses.contrast_anchors": "all",
    }
    found = flat(config.model_dump(mode="json"))
    assert {key: found[key] for key in stated} == stated


def test_the_paper_of_mmsd_is_its_released_code() -> None:
    found = flat(load_settings(MMSDConfig, preset_file("mmsd", "paper")).model_dump(mode="json"))
    released: dict[str, Any] = {
        "voting.threshold": 0.55,
        "decode.theta_cls": 0.2,
        "decode.keep_top": 0,
        "decode.threshold_scale": "raw",
        "decode.min_snippets": 2,
        "decode.nms": "hard",
        "decode.nms_overlap": 0.4,
        "decode.overlap": "covered",
        "decode.score_floor": 0.0,
    }
    assert {key: found[key] for key in released} == released
    thresholds = found["decode.theta_loc"]
    assert thresholds == pytest.approx([0.0003 + 0.0005 * step for step in range(20)])
    # All else is as it is by default.
    usual = flat(MMSDConfig().model_dump(mode="json"))
    assert {key for key in found if found[key] != usual[key]} == released.keys() - {
        "decode.threshold_scale", "decode.nms_overlap",
    }  # fmt: skip


def test_papers_differ_in_the_length_of_a_crop_alone() -> None:
    one, other = (flat(preset(name).model_dump(mode="json")) for name in ("paper", "paper-activitynet"))
    assert {key for key in one if one[key] != other[key]} == {"optimizer.max_snippets", "vlp.positions"}


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("collab", "paper"),
        ("collab", "paper-activitynet"),
        ("collab", "default"),
        ("mmsd", "paper"),
        ("mmsd", "default"),
    ],
)
def test_every_line_says_where_it_comes_from(method: str, name: str) -> None:
    lines = preset_file(method, name).read_text(encoding="utf-8").splitlines()
    values = [line for line in lines if line.strip() and not line.startswith("#") and not line.endswith(":")]
    assert len(values) > {"collab": 60, "mmsd": 35}[method]
    assert [line for line in values if not any(tag in line for tag in TAGS)] == []


def test_a_tagged_preset_names_every_setting_of_its_own_network() -> None:
    """So that none of them follows a default that changes."""
    silent = ("engine.", "convolution.", "mmsd.", "schedule.online.", "selection.")
    silent_decode = (
        "decode.outer_share",
        "decode.nms_overlap",
        "decode.overlap",
        "decode.score_floor",
        "decode.fusion_",
    )
    text = preset_file("collab", "paper").read_text(encoding="utf-8")
    for key in flat(CollabConfig().model_dump(mode="json")):
        if not key.startswith((*silent, *silent_decode, "decode.max_per_video")):
            assert key.rpartition(".")[2] in text, key
