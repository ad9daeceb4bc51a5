from __future__ import annotations

from dataclasses import replace

import numpy as np

from weaktal.data.final import Choice, FinalSet
from weaktal.evaluation.judged import Precision
from weaktal.finding.account import Told, account, not_found
from weaktal.finding.matching import interval
from weaktal.finding.trust import agree, trust
from weaktal.segments import Segment

CLASSES = ("jump", "run", "swim")
TAGS = {"a": ("jump",), "b": ("jump", "run"), "c": ("run",), "d": ("jump",), "e": ("swim",), "f": ()}


def seg(label: str, start: float = 0.0, score: float = 0.9) -> Segment:
    return Segment(start, start + 4, label, score)


BLIND = {
    "a": [seg("jump")],
    "b": [seg("jump", score=0.2), seg("run", 10.0)],
    "c": [seg("jump"), seg("run", 10.0, 0.1)],
    "f": [seg("swim")],
}
SCORES = {
    name: np.array(row, np.float32) for name, row in {"a": [0.9, 0, 0], "b": [0.3, 0.8, 0], "c": [0.6, 0.1, 0]}.items()
}


def test_recognised_means_shown_without_having_seen_the_tags() -> None:
    found = trust(TAGS, CLASSES, ["d", "e"], BLIND, SCORES, 0.5)
    jump, run, swim = found.classes
    assert found.unseen == 3  # f has no tags, so that nothing is known of it
    assert (jump.videos, jump.learned, jump.unseen, jump.recognised, jump.elsewhere, jump.mistaken) == (
        3,
        1,
        2,
        1,
        1,
        1,
    )
    assert (run.unseen, run.recognised, run.elsewhere, run.mistaken) == (2, 1, 1, 0)
    assert (swim.videos, swim.unseen, swim.ap) == (1, 0, None)
    assert jump.ap == round((1 + 2 / 3) / 2, 4)
    assert [each.label for each in found.few] == ["jump", "run", "swim"]


def test_agreement_counts_the_shown_segments_that_each_branch_finds() -> None:
    final = {"a": [seg("jump"), seg("jump", 10.0)], "b": [seg("run")]}
    one = {"a": [seg("jump", 0.5), seg("jump", 30.0, 0.8), seg("jump", 10.0, 0.7)], "b": [seg("run", 1.0)]}
    other = {"a": [seg("jump", 10.0)], "b": [seg("jump")]}
    found = agree(final, {"cbp": one, "vlp": other})
    assert found is not None
    # The third of one's is not looked at: two are shown of the class.
    assert (found.shown, found.by, found.all) == (3, {"cbp": 2, "vlp": 1}, 0)
    assert agree(final, {"cbp": one}) is None


def test_the_account_says_it_in_plain_words() -> None:
    believed = trust(TAGS, CLASSES, ["d", "e"], BLIND, SCORES, 0.5)
    final = FinalSet({"a": [seg("jump")], "b": [seg("run")], "e": []}, Choice(threshold=0.5, how="Enough."))
    told = Told(
        final, TAGS, believed, 2, {"training": 70.0}, {"page.html": "to look at"}, next={"weaktal view x": "look"}
    )
    text = " ".join(account(told).split())
    for line in (
        "2 segments in 2 of 3 videos.",
        "jump: recognised in 1 of 2 videos that training did not see; seen by mistake in 1 of 1 without it.",
        "Nothing sure enough to show was found in e.",
        "Your spreadsheet says that these occur, and they were not found: - jump, in b - swim, in e",
        "swim has one video: too few to learn what it looks like. Add at least 4 more.",
        "Fewer than 5 videos: jump (3) and run (2).",
        "look: weaktal view x",
    ):
        assert line in text
    assert "Nobody has judged these segments yet." in text
    assert not {"mAP", "AP", "tIoU", "precision"} & set(text.replace(".", " ").split())
    assert max(map(len, account(told).splitlines())) <= 92
    assert not_found(final, TAGS) == [("b", "jump"), ("e", "swim")]


def test_the_account_says_how_many_judged_segments_were_right() -> None:
    believed = trust(TAGS, CLASSES, ["d", "e"], BLIND, SCORES, 0.5)
    final = FinalSet({"a": [seg("jump", 10.0 * n) for n in range(90)]}, Choice(threshold=0.5, how="Enough."))
    told = Told(final, TAGS, believed, 2, {}, {})
    for judged, said in (
        (Precision("shown", 31, 40, 0.625, 0.877, 228), "Judging the other 50 would settle it."),
        (Precision("shown", 31, 40, 0.625, 0.877, 20), "Judging about 20 more would tell it to within 5 points."),
        (Precision("shown", 31, 40, 0.625, 0.877, 0), "between 62% and 88% of all are right. Nothing"),
    ):
        text = " ".join(account(replace(told, judged=judged)).split())
        assert "You judged 40 of the 90 segments: 31 right (78%). If the others are like these, between 62% and" in text
        assert said in text


def test_an_interval_of_a_share() -> None:
    assert interval(0, 0) == (0.0, 1.0)
    low, high = interval(80, 100)
    assert 0.70 < low < 0.8 < high < 0.88
