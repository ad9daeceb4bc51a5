from __future__ import annotations

from pathlib import Path

import pytest

from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError
from weaktal.finding.plan import chosen_encoders, fitting_preset, make_plan

CLASSES = ("high jump", "pole vault")
NONE = WeightsChoice()


def test_what_is_at_hand_is_taken(tmp_path: Path) -> None:
    there = WeightsChoice(root=tmp_path)
    with pytest.raises(InputError, match=r"no weights of I3D or CLIP are here; expected `weaktal weights fetch`"):
        chosen_encoders((), there)
    (tmp_path / "rgb_imagenet.pt").touch()
    assert chosen_encoders((), there) == ("i3d-rgb",)
    (tmp_path / "flow_imagenet.pt").touch()
    assert chosen_encoders((), there) == ("i3d",)
    (tmp_path / "clip-vit-b16").mkdir()
    assert chosen_encoders((), there) == ("i3d",)  # an empty folder is no checkpoint
    (tmp_path / "clip-vit-b16" / "config.json").touch()
    (tmp_path / "clip-vit-b16" / "model.safetensors").touch()
    assert chosen_encoders((), there) == ("i3d", "clip-vit-b16")
    assert chosen_encoders(("world-cbp",), there) == ("world-cbp",)


def test_an_encoder_of_motion_and_one_of_words_go_to_collab() -> None:
    plan = make_plan(("world-vlp", "world-cbp"), NONE, CLASSES)
    assert (plan.method, plan.features, plan.vlp_features) == ("collab", "world-cbp", "world-vlp")
    assert plan.branches == ("cbp", "vlp")
    assert "know drawings only" in plan.notes[0]


@pytest.mark.parametrize("name", ["world-cbp", "world-vlp"])
def test_one_alone_goes_to_cbp(name: str) -> None:
    plan = make_plan((name,), NONE, CLASSES)
    assert (plan.encoders, plan.method, plan.features, plan.vlp_features) == ((name,), "cbp", name, None)
    assert plan.branches == ()


def test_words_that_the_encoder_does_not_know_leave_it_out() -> None:
    plan = make_plan(("world-cbp", "world-vlp"), NONE, ("Stabhochsprung", "Kür"))
    assert (plan.encoders, plan.method) == (("world-cbp",), "cbp")
    assert "world-vlp is not used" in plan.notes[1]
    assert "stabhochsprung" in plan.notes[1]


def test_two_of_a_kind_are_refused() -> None:
    with pytest.raises(InputError, match="which do the same"):
        make_plan(("world-cbp", "i3d-flow"), WeightsChoice(seed=0), CLASSES)


@pytest.mark.parametrize(("videos", "preset"), [(3, "few"), (99, "few"), (100, "quick"), (5000, None)])
def test_the_preset_fits_the_number_of_videos(videos: int, preset: str | None) -> None:
    assert fitting_preset("collab", videos) == fitting_preset("cbp", videos) == preset
