"""Stills, clips and frames."""

from __future__ import annotations

import numpy as np
import pytest

from weaktal.worlds.action import FPS
from weaktal.worlds.actions import ACTIONS, OTHERS, TARGETS
from weaktal.worlds.casting import action_shot
from weaktal.worlds.clip import render_clip
from weaktal.worlds.people import beat_of
from weaktal.worlds.render import frames
from weaktal.worlds.scenes import ELSEWHERE, FIXTURES, SCENES, paint
from weaktal.worlds.script import plan_video
from weaktal.worlds.stage import Stage
from weaktal.worlds.still import render_still, still_of, still_of_scene

SMALL = (96, 54)


def test_stills_are_determined_by_their_seed() -> None:
    one, same, other = render_still(8, SMALL), render_still(8, SMALL), render_still(9, SMALL)
    assert one.image.shape == (54, 96, 3)
    assert one.image.dtype == np.uint8
    assert np.array_equal(one.image, same.image)
    assert one.facts == same.facts
    assert not np.array_equal(one.image, other.image)


def test_stills_cover_targets_others_and_scenes_without_event() -> None:
    facts = [render_still(seed, (64, 36)).facts for seed in range(60)]
    events = {fact.event for fact in facts}
    assert None in events
    assert events & set(TARGETS)
    assert events & set(OTHERS)
    for fact in facts:
        assert fact.scene in SCENES + ELSEWHERE
        assert fact.event is None or fact.scene == ACTIONS[fact.event].scene
        assert (fact.people == 0) <= (fact.person == "nobody")


def test_a_page_about_an_action_shows_its_scene() -> None:
    facts = still_of("pole vault", 3, SMALL).facts
    assert (facts.event, facts.scene) == ("pole vault", "athletics track")
    assert "pole" in facts.objects


@pytest.mark.parametrize("scene", SCENES + ELSEWHERE)
def test_every_scene_can_be_painted(scene: str) -> None:
    looks = [paint(scene, fixture, 1).image for fixture in FIXTURES.get(scene, ("",))]
    assert all(image.std() > 8 for image in looks)
    assert not np.array_equal(looks[0], paint(scene, FIXTURES.get(scene, ("",))[0], 2).image)
    assert still_of_scene(scene, 1, SMALL).facts.event is None


@pytest.mark.parametrize("name", ACTIONS)
def test_clips_move(name: str) -> None:
    clip = render_clip(name, 2, 12, fps=12.5, size=SMALL)
    assert clip.shape == (12, 54, 96, 3)
    change = np.abs(np.diff(clip.astype(np.int16), axis=0)).max(axis=(1, 2, 3))
    assert (change > 20).all()


def test_clips_are_determined_by_their_seed() -> None:
    assert np.array_equal(render_clip("snatch", 4, 5, size=SMALL), render_clip("snatch", 4, 5, size=SMALL))
    assert not np.array_equal(render_clip("snatch", 4, 5, size=SMALL), render_clip("snatch", 5, 5, size=SMALL))


def test_a_figure_moves_more_in_the_peak_than_while_it_waits() -> None:
    beat = beat_of("clean and jerk", 3)
    stage = Stage(action_shot("clean and jerk", 3, (beat,)), SMALL)
    waiting = Stage(action_shot("clean and jerk", 3, (type(beat)("stand", beat.frames),)), SMALL)

    def wandering(what: Stage) -> float:
        return float(np.abs(np.diff(what._found[FPS // 2 : 3 * FPS], axis=0)).mean())

    assert wandering(stage) > 3 * wandering(waiting)


def test_all_frames_of_a_plan_come_in_its_size_and_repeat() -> None:
    plan = plan_video(2)
    short = type(plan)(plan.seed, plan.labels, plan.shots[:2], ())
    one, two = list(frames(short, SMALL)), list(frames(short, SMALL))
    assert len(one) == short.frames
    assert all(np.array_equal(a, b) and a.shape == (54, 96, 3) for a, b in zip(one, two, strict=True))


def test_zoom_scales_with_the_frame() -> None:
    import cv2

    small, large = render_still(21, (160, 90)).image, render_still(21, (320, 180)).image
    shrunk = cv2.resize(large, (160, 90), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - shrunk).mean() < 12
