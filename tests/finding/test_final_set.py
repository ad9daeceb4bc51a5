from __future__ import annotations

import pytest

from weaktal.data.annotations import Annotations, Video
from weaktal.data.results import Results
from weaktal.errors import InputError
from weaktal.finding.final_set import HeldOut, finalize
from weaktal.finding.matching import hits, matched
from weaktal.segments import Segment

# Two good segments a video, and one bad one that the tags allow.
FOUND = Results(
    {
        f"v{n}": [
            Segment(0.0, 4.0, "jump", 0.9 - 0.01 * n),
            Segment(10.0, 14.0, "jump", 0.8 - 0.01 * n),
            Segment(10.5, 14.0, "jump", 0.7),
            Segment(30.0, 34.0, "run", 0.1 + 0.01 * n),
        ]
        for n in range(6)
    }
)
TAGS = {name: {"jump"} for name in FOUND.videos}


def test_held_out_tags_choose_the_threshold() -> None:
    final = finalize(FOUND, held_out=HeldOut({n: FOUND.videos[n] for n in ("v0", "v1", "v2")}, TAGS)).final
    assert final is not None
    assert 0.15 < final.choice.threshold <= 0.8
    assert final.choice.calibration is None  # nine segments are too few
    assert {name: [s.start for s in kept] for name, kept in final.videos.items()} == {n: [0.0, 10.0] for n in TAGS}
    many = {f"{name}-{copy}": found for name, found in FOUND.videos.items() for copy in range(3)}
    final = finalize(FOUND, held_out=HeldOut(many, {name: {"jump"} for name in many})).final
    assert final is not None
    assert final.choice.calibration is not None
    low, high = (final.sure(Segment(0, 1, "jump", score)) for score in (0.1, 0.9))
    assert low is not None
    assert high is not None
    assert low < 0.2 < 0.9 < high
    assert "18 videos that training did not see" in final.choice.how


def test_the_scores_alone_choose_where_there_is_nothing_else() -> None:
    final = finalize(FOUND).final
    assert final is not None
    assert "Too little was found in videos that were set aside" in final.choice.how
    assert final.count == 12


def test_nothing_here_is_an_answer() -> None:
    weak = Results({**FOUND.videos, "none": [Segment(0, 2, "run", 0.05)], "empty": []})
    final = finalize(weak).final
    assert final is not None
    assert final.videos["none"] == final.videos["empty"] == []
    assert finalize(Results({"empty": []})).final is not None


def truth() -> Annotations:
    segments = (Segment(0.0, 4.0, "jump"), Segment(10.0, 14.0, "jump"), Segment(50.0, 52.0, "run"))
    videos = {name: Video(name, "all", 60.0, ("jump", "run"), segments) for name in FOUND.videos}
    return Annotations(("jump", "run"), videos)


@pytest.mark.parametrize(
    ("wanted", "least", "words"),
    [
        ({"precision": 1.0}, 0.75, "100% of the shown segments are right"),
        ({"precision": 0.7}, 0.11, "70% of the shown segments are right"),
        ({"recall": 0.3}, 0.85, "30% of the 18 true segments are found"),
        ({"recall": 0.6}, 0.76, "60% of the 18 true segments are found"),
    ],
)
def test_truth_chooses_for_the_wanted_precision_or_recall(wanted: dict[str, float], least: float, words: str) -> None:
    final = finalize(FOUND, truth=truth(), **wanted).final  # type: ignore[arg-type]
    assert final is not None
    assert final.choice.threshold == pytest.approx(least)
    assert words in final.choice.how


def test_a_person_may_choose() -> None:
    final = finalize(FOUND, score=0.85).final
    assert final is not None
    assert (final.count, final.choice.threshold) == (6, 0.85)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"precision": 0.0}, "precision: is 0.0"),
        ({"recall": 2.0, "truth": truth()}, "recall: is 2.0"),
        ({"recall": 0.5}, "recall: cannot be known without truth"),
        ({"recall": 0.5, "precision": 0.5, "truth": truth()}, "recall: contradicts precision"),
        ({"truth": Annotations((), {})}, "holds no segment of these videos"),
    ],
)
def test_what_is_refused(wanted: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        finalize(FOUND, **wanted)  # type: ignore[arg-type]


def test_each_true_segment_is_met_once() -> None:
    found = [Segment(0, 4, "a", 0.5), Segment(0, 4, "a", 0.9), Segment(0, 4, "b", 1.0), Segment(20, 30, "a", 0.8)]
    true = [Segment(0, 5, "a"), Segment(20, 21, "a")]
    assert matched(found, true, 0.5) == [False, True, False, False]
    done = hits({"v": found, "elsewhere": found}, {"v": true, "silent": []})
    assert (done.right, done.found, done.true, done.videos) == (1, 4, 2, 2)
    assert (done.precision, done.recall) == (0.25, 0.5)
