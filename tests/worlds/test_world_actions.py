"""Poses, performances and the table of actions."""

from __future__ import annotations

import numpy as np
import pytest

from weaktal.worlds.action import FPS, perform
from weaktal.worlds.actions import ACTIONS, OTHERS, TARGETS
from weaktal.worlds.casting import action_shot
from weaktal.worlds.figure import JOINT, joints
from weaktal.worlds.people import acted, beat_of
from weaktal.worlds.poses import CHANNELS, COLUMN, MotionWriter, interpolate, key
from weaktal.worlds.scenes import FIXTURES, SCENES
from weaktal.worlds.shot import Beat


def test_enough_actions_in_shared_scenes() -> None:
    assert len(TARGETS) >= 14
    assert len(OTHERS) >= 16
    assert not set(TARGETS) & set(OTHERS)
    assert {ACTIONS[name].scene for name in TARGETS} == set(SCENES)
    for scene in SCENES:
        assert any(ACTIONS[name].scene == scene for name in OTHERS), f"{scene} needs an action that is not a target"


@pytest.mark.parametrize("name", ACTIONS)
def test_performances_last_whole_frames_and_repeat(name: str) -> None:
    action = ACTIONS[name]
    assert action.fixture in FIXTURES[action.scene]
    one, same, other = perform(action, 5), perform(action, 5), perform(action, 6)
    assert np.array_equal(one.motion.poses, same.motion.poses)
    assert not np.array_equal(one.motion.poses[0], other.motion.poses[0])
    assert sum(one.frames) / FPS == pytest.approx(sum(one.seconds))
    assert all(count > 0 for count in one.frames)
    assert one.motion.times[-1] == pytest.approx(sum(one.seconds))
    assert np.isfinite(one.motion.poses).all()


@pytest.mark.parametrize("name", ACTIONS)
def test_limbs_keep_their_length_and_nobody_flies_off(name: str) -> None:
    action = ACTIONS[name]
    show = perform(action, 1)
    poses = show.motion.at(np.arange(sum(show.frames)) / FPS)
    found = joints(poses, front=action.front, support=action.support)
    shank = np.linalg.norm(found[:, JOINT["knee1"]] - found[:, JOINT["ankle1"]], axis=1)
    assert shank.max() == pytest.approx(0.43, abs=1e-6)
    step = np.linalg.norm(np.diff(found[:, JOINT["pelvis"]], axis=0), axis=1) * FPS
    seen = found[1:, :, 1].max(axis=1) > 0  # under water nobody looks
    assert step[seen].max() < 16, "meters a second"
    assert found[..., 1].max() < 6


def test_feet_stand_on_the_ground() -> None:
    writer = MotionWriter()
    writer.add([key(0.0, legs=(70, 95, 60, 90), lean=30)])
    found = joints(writer.motion().poses)
    assert found[0, [JOINT["ankle1"], JOINT["ankle2"], JOINT["toe1"], JOINT["toe2"]], 1].min() < 0.06
    assert found[0, :, 1].min() > 0


def test_turning_mirrors_a_figure() -> None:
    poses = np.zeros((2, len(CHANNELS)))
    poses[:, COLUMN["turn"]] = 1, -1
    poses[:, COLUMN["a1"]] = 90
    right, left = joints(poses)
    hand = JOINT["hand1"]
    assert right[hand, 0] > 0.5
    assert left[hand, 0] < -0.5


def test_interpolation_meets_its_keys_and_does_not_overshoot() -> None:
    times = np.array([0.0, 0.3, 0.4, 1.0])
    values = np.array([[0.0], [1.0], [1.0], [5.0]])
    assert interpolate(times, values, times)[:, 0] == pytest.approx(values[:, 0])
    between = interpolate(times, values, np.linspace(-1, 2, 200))[:, 0]
    assert between.min() >= 0
    assert between.max() <= 5
    assert (np.diff(between) >= -1e-12).all()


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(ValueError, match="wing"):
        key(0.1, wing=3.0)


def test_who_dived_stays_in_the_water() -> None:
    beat = beat_of("springboard dive", 2)
    shot = action_shot("springboard dive", 2, (Beat("walk", 40), beat, Beat("stand", 60)))
    motion, _ = acted(shot)
    before, after = motion.at(np.array([1.0, (40 + beat.frames + 55) / FPS]))[:, COLUMN["y"]]
    assert before == pytest.approx(2.2)
    assert after < 0


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_in_a_shot_is_its_performance(name: str) -> None:
    beat = beat_of(name, 4)
    motion, shows = acted(action_shot(name, 4, (Beat("stand", 30), beat, Beat("look", 30))))
    show = shows[1]
    times = np.arange(5, beat.frames) / FPS
    alone, within = show.motion.at(times), motion.at(times + 30 / FPS)
    assert within[:, COLUMN["x"]] == pytest.approx(alone[:, COLUMN["x"]], abs=0.05)
    assert np.cos(np.radians(within[:, COLUMN["roll"]])) == pytest.approx(
        np.cos(np.radians(alone[:, COLUMN["roll"]])), abs=0.15
    )
