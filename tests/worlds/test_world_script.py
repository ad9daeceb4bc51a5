"""What happens when in a planned video."""

from __future__ import annotations

import itertools

import pytest

from weaktal.errors import InputError
from weaktal.worlds.action import PHASES
from weaktal.worlds.actions import ACTIONS, TARGETS
from weaktal.worlds.dataset import plan_world
from weaktal.worlds.script import plan_video

PLANS = [plan_video(seed) for seed in range(25)]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: str(plan.seed))
def test_segments_lie_in_the_video_on_frames_and_apart(plan) -> None:
    assert 15 <= plan.duration <= 95
    segments = [event.segment for event in plan.events]
    for segment in segments:
        assert 0 <= segment.start < segment.end <= plan.duration + 1e-9
        assert segment.start * 25 == pytest.approx(round(segment.start * 25))
    for before, after in itertools.pairwise(segments):
        assert before.end <= after.start


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: str(plan.seed))
def test_phases_tile_the_segment(plan) -> None:
    for event in plan.events:
        assert tuple(name for name, _, _ in event.phases) == PHASES
        for (_, _, end), (_, start, _) in itertools.pairwise(event.phases):
            assert end == start
        assert event.phases[0][1] == event.segment.start
        assert event.phases[-1][2] == event.segment.end


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: str(plan.seed))
def test_tags_are_the_labels_of_the_segments(plan) -> None:
    assert plan.labels == tuple(sorted({segment.label for segment in plan.segments}))
    assert 1 <= len(plan.labels) <= 2


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: str(plan.seed))
def test_an_action_happens_in_a_shot_of_its_scene(plan) -> None:
    spans = plan.spans()
    assert spans[-1][1] == pytest.approx(plan.duration)
    for event in plan.events:
        inside = [
            shot
            for shot, (start, end) in zip(plan.shots, spans, strict=True)
            if start <= event.segment.start and event.segment.end <= end
        ]
        assert [shot.scene for shot in inside] == [ACTIONS[event.label].scene]
        assert inside[0].kind == "action"


def test_same_seed_same_plan() -> None:
    assert plan_video(3) == plan_video(3)
    assert plan_video(3) != plan_video(4)


def test_labels_may_be_asked_for() -> None:
    assert plan_video(1, ("snatch", "golf swing")).labels == ("golf swing", "snatch")
    for wrong in (("hurdles",), (), ("snatch", "snatch"), ("snatch", "golf swing", "high jump")):
        with pytest.raises(InputError, match="labels"):
            plan_video(1, wrong)


def test_the_default_set_shows_every_target_in_both_subsets() -> None:
    videos = plan_world()
    for subset, count in (("training", 80), ("validation", 40)):
        plans = [video.plan for video in videos if video.subset == subset]
        assert len(plans) == count
        assert {label for plan in plans for label in plan.labels} == set(TARGETS)
        share = sum(s.duration for plan in plans for s in plan.segments) / sum(plan.duration for plan in plans)
        assert 0.2 < share < 0.45


def test_more_videos_leave_the_first_as_they_are() -> None:
    few, many = plan_world(train=2, test=1, seed=4), plan_world(train=5, test=2, seed=4)
    assert {video.name: video.plan for video in few}.items() <= {video.name: video.plan for video in many}.items()
    assert len({video.plan.seed for video in many}) == 7


@pytest.mark.parametrize(
    "actions", [("snatch",), ("snatch", "clean and jerk"), ("tennis serve", "snatch", "high jump")]
)
def test_a_world_of_some_actions_shows_each_and_no_other(actions: tuple[str, ...]) -> None:
    for seed in range(5):
        videos = plan_world(train=len(actions), test=len(actions), seed=seed, actions=actions)
        for subset in ("training", "validation"):
            shown = {label for video in videos if video.subset == subset for label in video.plan.labels}
            assert shown == set(actions)
    assert plan_world(train=9, test=1, actions=actions) == plan_world(train=9, test=1, actions=actions[::-1])


@pytest.mark.parametrize("wrong", [("hurdles",), (), ("snatch", "snatch")])
def test_actions_that_cannot_be_found_are_refused(wrong: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="actions"):
        plan_world(train=1, test=1, actions=wrong)
