from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from weaktal.data.annotations import Annotations, Video
from weaktal.data.results import Results
from weaktal.errors import InputError
from weaktal.evaluation.protocols import PLAIN, PROTOCOLS
from weaktal.evaluation.scoring import Scores, score
from weaktal.segments import Segment

THUMOS = PROTOCOLS["thumos14"]


def video(name: str, subset: str, *segments: Segment, ambiguous: tuple[tuple[float, float], ...] = ()) -> Video:
    labels = tuple(sorted({s.label for s in segments}))
    return Video(name, subset, duration=100.0, labels=labels, segments=segments, ambiguous=ambiguous)


def annotations(*videos: Video, classes: tuple[str, ...] = ("jump", "run", "swim"), test: str = "test") -> Annotations:
    return Annotations(classes=classes, videos={v.name: v for v in videos}, train_subset="training", test_subset=test)


WORLD = annotations(
    video("a", "test", Segment(0, 10, "run"), Segment(20, 30, "jump")),
    video("b", "test", Segment(0, 10, "run")),
    video("c", "training", Segment(0, 10, "swim")),
)
PERFECT = {"a": [Segment(0, 10, "run", 0.9), Segment(20, 30, "jump", 0.9)], "b": [Segment(0, 10, "run", 0.8)]}


def test_perfect_results() -> None:
    scores = score(WORLD, Results(PERFECT))
    assert scores.protocol == "plain"
    assert scores.subset == "test"
    assert scores.classes == ("jump", "run")  # swim has no ground truth in the subset
    assert (scores.videos, scores.ground_truth, scores.predictions) == (2, 3, 3)
    assert scores.map.tolist() == [1.0] * 7
    assert scores.average_map == 1.0
    assert scores.warnings == ()


def test_class_without_predictions_scores_zero() -> None:
    scores = score(WORLD, Results({"a": PERFECT["a"][:1], "b": PERFECT["b"]}), tious=(0.5,))
    assert scores.as_json()["ap"] == {"jump": [0.0], "run": [1.0]}
    assert scores.as_json()["map"] == [0.5]


def test_what_is_ignored_is_counted() -> None:
    extra = {
        **PERFECT,
        "b": [*PERFECT["b"], Segment(50, 60, "swim", 1.0)],
        "c": [Segment(0, 10, "run", 1.0)] * 2,
        "elsewhere": [Segment(0, 10, "run", 1.0)],
    }
    scores = score(WORLD, Results(extra))
    assert scores.average_map == 1.0
    assert scores.predictions == 3
    assert scores.warnings == (
        "ignored 3 predictions for 2 videos outside subset 'test', the first of them 'c'",
        "ignored 1 prediction of classes without ground truth",
    )


def test_predictions_of_a_class_that_their_video_holds_are_counted() -> None:
    found = {
        "a": [*PERFECT["a"], Segment(60, 70, "run", 0.1)],  # no action there, yet the video holds its class
        "b": [*PERFECT["b"], Segment(0, 10, "jump", 1.0), Segment(20, 30, "jump", 1.0)],
    }
    scores = score(WORLD, Results(found))
    assert (scores.held, scores.predictions) == (4, 6)
    assert scores.as_json()["held"] == 4


def test_videos_absent_from_the_results_are_counted_and_cost_recall() -> None:
    scores = score(WORLD, Results({"a": PERFECT["a"]}), tious=(0.5,))
    assert scores.as_json()["ap"] == {"jump": [1.0], "run": [0.5]}
    assert scores.warnings == ("1 video of subset 'test' not in the results, the first of them 'b'",)


def test_no_predictions_at_all() -> None:
    scores = score(WORLD, Results({}))
    assert scores.average_map == 0.0
    assert (scores.held, scores.predictions) == (0, 0)


def test_equal_scores_rank_in_the_order_of_the_results() -> None:
    hit, alarm = [Segment(0, 10, "run", 0.5)], [Segment(50, 60, "run", 0.5)]
    world = annotations(video("a", "test", Segment(0, 10, "run")), video("b", "test"))
    assert score(world, Results({"a": hit, "b": alarm})).average_map == 1.0
    assert score(world, Results({"b": alarm, "a": hit})).average_map == 0.5


@pytest.mark.parametrize("where", ["a", "c", "elsewhere"])
def test_unknown_label_names_label_video_and_index(where: str) -> None:
    bad = {**PERFECT, where: [Segment(0, 1, "run"), Segment(0, 1, "runn")]}
    with pytest.raises(InputError) as caught:
        score(WORLD, Results(bad))
    assert f"results.{where}.1.label: label 'runn' is not in the class list" in caught.value.line()
    assert "nearest is 'run'" in caught.value.line()


def test_subset_without_videos_or_without_ground_truth() -> None:
    with pytest.raises(InputError, match="no video belongs to subset 'tset'; expected one of test, training"):
        score(WORLD, Results(PERFECT), subset="tset")
    with pytest.raises(InputError, match="subset 'test' holds no ground truth"):
        score(annotations(video("a", "test"), video("c", "training", Segment(0, 1, "run"))), Results({}))


def test_subset_of_the_user_then_of_the_protocol_then_of_the_annotations() -> None:
    world = annotations(
        video("a", "test", Segment(0, 1, "run")),
        video("b", "validation", Segment(0, 1, "run")),
        video("c", "eval", Segment(0, 1, "run")),
        test="eval",
    )
    assert score(world, Results({})).subset == "eval"
    assert score(world, Results({}), THUMOS).subset == "test"
    assert score(world, Results({}), PROTOCOLS["activitynet13"]).subset == "validation"
    assert score(world, Results({}), THUMOS, subset="validation").subset == "validation"
    only = annotations(video("c", "eval", Segment(0, 1, "run")), test="eval")
    fallen_back = score(only, Results({"c": []}), THUMOS)
    assert fallen_back.subset == "eval"
    assert fallen_back.warnings[0] == "there is no subset 'test'; scored 'eval' instead"


def thumos(spans: tuple[tuple[float, float], ...], *predictions: Segment) -> Scores:
    world = annotations(video("a", "test", Segment(0, 10, "run"), ambiguous=spans))
    return score(world, Results({"a": list(predictions)}), THUMOS, tious=(0.5,))


@pytest.mark.parametrize(
    ("prediction", "kept"),
    [
        pytest.param(Segment(20, 30, "run", 0.95), False, id="the span itself"),
        pytest.param(Segment(0, 20.5, "run", 0.95), False, id="overlaps a little"),
        pytest.param(Segment(10, 20, "run", 0.95), True, id="touches its start"),
        pytest.param(Segment(30, 40, "run", 0.95), True, id="touches its end"),
        pytest.param(Segment(25, 25, "run", 0.95), True, id="no length: shares no time"),
        pytest.param(Segment(50, 60, "run", 0.95), True, id="elsewhere"),
    ],
)
def test_predictions_on_ambiguous_spans_are_left_out(prediction: Segment, kept: bool) -> None:
    scores = thumos(((20.0, 30.0),), Segment(0, 10, "run", 0.9), prediction)
    assert scores.predictions == 1 + kept
    assert scores.average_map == (0.5 if kept else 1.0)
    left_out = ("ignored 1 prediction overlapping ambiguous spans",)
    assert scores.warnings == (() if kept else left_out)


def test_even_a_hit_is_left_out_on_an_ambiguous_span() -> None:
    scores = thumos(((5.0, 6.0),), Segment(0, 10, "run", 0.9))
    assert (scores.predictions, scores.ground_truth, scores.average_map) == (0, 1, 0.0)


def test_ambiguous_as_a_label_is_neither_a_class_nor_ground_truth() -> None:
    labelled = annotations(
        video("a", "test", Segment(0, 10, "run"), Segment(20, 30, "Ambiguous")), classes=("Ambiguous", "run")
    )
    found = {"a": [Segment(0, 10, "run", 0.9), Segment(21, 22, "run", 0.95)]}
    scores = score(labelled, Results(found), THUMOS)
    assert (scores.classes, scores.ground_truth, scores.predictions) == (("run",), 1, 1)
    assert scores.average_map == 1.0
    with pytest.raises(InputError, match="'Ambiguous' is not in the class list"):
        score(labelled, Results({"a": [Segment(0, 1, "Ambiguous")]}), THUMOS)
    assert score(labelled, Results(found), PLAIN).classes == ("Ambiguous", "run")


def test_spans_of_another_video_leave_nothing_out() -> None:
    world = annotations(
        video("a", "test", Segment(0, 10, "run")), video("b", "test", Segment(0, 10, "run"), ambiguous=((0.0, 99.0),))
    )
    same = [Segment(0, 10, "run", 0.9)]
    assert score(world, Results({"b": same, "a": same}), THUMOS).predictions == 1


def test_plain_protocol_says_that_it_keeps_ambiguous_spans() -> None:
    world = annotations(video("a", "test", Segment(0, 10, "run"), ambiguous=((20.0, 30.0),)))
    scores = score(world, Results({"a": [Segment(20, 30, "run", 1.0), Segment(0, 10, "run", 0.5)]}))
    assert scores.average_map == 0.5
    assert scores.warnings == ("the ambiguous spans of the annotations play no role in protocol plain",)


def test_thumos_test_list_leaves_out_the_video_that_is_ambiguous_throughout() -> None:
    world = annotations(video("a", "test", Segment(0, 10, "run")), video("video_test_0001292", "test"))
    scores = score(world, Results({"a": [], "video_test_0001292": [Segment(0, 1, "run")]}), THUMOS)
    assert (scores.videos, scores.predictions) == (1, 0)


def test_ground_truth_without_length_is_counted_in_a_warning() -> None:
    world = annotations(video("a", "test", Segment(5, 5, "run"), Segment(0, 10, "run")))
    scores = score(world, Results({"a": [Segment(0, 10, "run")]}))
    assert scores.average_map == 0.5
    assert scores.warnings == ("1 ground-truth segment without length, which nothing can match",)


LONG = Annotations(
    ("run", "jump"),
    {
        name: Video(name, "test", 60.0, (), (Segment(10, 20, "run"), Segment(30 + shift, 40, "jump")))
        for shift, name in enumerate(["abc", "abd", "abe"])
    },
    test_subset="test",
)


def found(change: Callable[[Segment], Segment], name: Callable[[str], str] = str) -> Results:
    """The truth of ``LONG`` as results, changed."""
    return Results({name(video): [change(s) for s in known.segments] for video, known in LONG.videos.items()})


def times(factor: float) -> Callable[[Segment], Segment]:
    return lambda s: Segment(s.start * factor, s.end * factor, s.label)


@pytest.mark.parametrize(
    ("factor", "unit"), [(25, "frames"), (29.97, "frames"), (1000, "milliseconds"), (1_000_000, "microseconds")]
)
def test_times_in_another_unit_are_named(factor: float, unit: str) -> None:
    scores = score(LONG, found(times(factor)))
    assert scores.average_map == 0
    late = next(w for w in scores.warnings if "end after their video" in w)
    assert late.startswith("6 of 6 predictions end after their video: abc has one of ")
    assert f"in {unit}" in late
    assert "60 s" in late
    other = replace(
        LONG, videos={n: replace(v, segments=tuple(map(times(factor), v.segments))) for n, v in LONG.videos.items()}
    )
    assert any("6 of 6 ground-truth segments" in w and unit in w for w in score(other, found(lambda s: s)).warnings)


def test_a_few_segments_that_end_after_their_video_are_as_published() -> None:
    videos = {
        f"v{i}": Video(f"v{i}", "test", 60.0, (), (Segment(10, 80 if i == 0 else 60.4, "run"),)) for i in range(30)
    }
    world = Annotations(("run",), videos, test_subset="test")
    assert score(world, Results({name: v.segments for name, v in videos.items()})).warnings == ()


def test_shares_of_a_video_are_not_seconds() -> None:
    assert any("shares of a video" in w for w in score(LONG, found(times(1 / 60))).warnings)


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        (Results({}), "there is no prediction to score"),
        (found(lambda s: s, lambda name: f"v_{name}"), "'v_abc' and 'abc' differ by a leading v_ only"),
        (found(lambda s: s, lambda name: f"{name}.mp4"), "'abc.mp4' and 'abc' differ by the ending .mp4 only"),
        (found(lambda s: s, str.upper), "'ABC' and 'abc' differ by case or blanks only"),
        (found(lambda s: Segment(s.start, s.start, s.label)), "all predictions end where they start"),
        (found(lambda s: replace(s, label="jump" if s.label == "run" else "run")), "Are labels mixed up"),
        (found(lambda s: Segment(s.start, s.start + 0.5, s.label)), "the highest tIoU .* is 0.06"),
    ],
    ids=["none", "v_", "ending", "case", "empty", "labels", "short"],
)  # fmt: skip
def test_a_score_of_0_comes_with_its_reason(results: Results, reason: str) -> None:
    scores = score(LONG, results)
    assert scores.average_map == 0
    assert any(re.search(reason, warning) for warning in scores.warnings), scores.warnings


def test_a_label_of_another_spelling_is_named_with_the_right_one() -> None:
    world = replace(LONG, classes=("run", "jump", "HighJump"))
    with pytest.raises(InputError, match="nearest is 'HighJump', from which it differs by case or blanks only"):
        score(world, found(lambda s: replace(s, label="high_jump")))


def test_the_dataset_knows_its_protocol() -> None:
    world = replace(LONG, protocol="activitynet13")
    assert score(world, found(lambda s: s)).protocol == "activitynet13"
    assert score(world, found(lambda s: s), PROTOCOLS["plain"]).protocol == "plain"
    with pytest.raises(InputError, match="protocol: is 'thumos'; expected one of plain, thumos14"):
        score(replace(LONG, protocol="thumos"), found(lambda s: s))


def test_what_was_mended_on_reading_is_said() -> None:
    assert score(replace(LONG, notes=("one",)), replace(found(lambda s: s), notes=("two",))).warnings == ("one", "two")
