"""The account of a find: what was found and how far to trust it, for people who never heard of machine learning."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from weaktal.data.final import FinalSet
from weaktal.errors import counted
from weaktal.evaluation.judged import Precision
from weaktal.finding.estimate import in_words
from weaktal.finding.trust import FEW, ClassTrust, Trust
from weaktal.segments import Segment

WIDTH = 92
_BRANCHES = {"cbp": "the one that looks at movement", "vlp": "the one that compares pictures with the words"}
_SURE = 0.75  # share of the unseen videos from which on a class is said to be recognised well
_ENOUGH = 3  # unseen videos with a class from which on its share says something


@dataclass(frozen=True, slots=True)
class Told:
    """All that an account tells.

    Attributes:
        final: the segments that are shown.
        tags: of all videos.
        trust: from held-out tags.
        learned: how many videos training saw.
        seconds: how long each step took.
        files: what lies where, in words, by file name.
        notes: what else to know, a sentence each.
        skipped: videos that could not be used, and why.
        next: commands to go on with, and what each does.
        judged: how many of the shown segments were right, by what a person said of some; None if nobody did.
    """

    final: FinalSet
    tags: Mapping[str, Collection[str]]
    trust: Trust
    learned: int
    seconds: Mapping[str, float]
    files: Mapping[str, str]
    notes: Sequence[str] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    next: Mapping[str, str] = field(default_factory=dict)
    judged: Precision | None = None


def not_found(final: FinalSet, tags: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """Tags whose class has no final segment in their video: video and class."""
    shown = {name: {segment.label for segment in segments} for name, segments in final.videos.items()}
    return [(name, label) for name in final.videos for label in sorted(tags.get(name, ())) if label not in shown[name]]


def account(told: Told) -> str:
    """The account as text, in lines of a readable length."""
    blocks = [
        _title("What was found"),
        *_found(told),
        _title("How far to trust it"),
        *_trust(told),
        _title("What is where"),
        *(_item(f"{name}: {what}") for name, what in told.files.items()),
        _title("How long it took"),
        _paragraph(_times(told.seconds)),
    ]
    if told.next:
        blocks += [_title("What to type next"), *(f"  {what}:\n    {line}" for line, what in told.next.items())]
    return "\n".join(blocks).lstrip("\n") + "\n"


def _title(text: str) -> str:
    return f"\n{text}\n{'-' * len(text)}"


def _paragraph(text: str) -> str:
    return textwrap.fill(text, WIDTH)


def _item(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ")


def _found(told: Told) -> Iterator[str]:
    final = told.final
    empty = [name for name, segments in final.videos.items() if not segments]
    with_some = len(final.videos) - len(empty)
    yield _paragraph(
        f"{counted(final.count, 'segment')} in {with_some} of {counted(len(final.videos), 'video')}. None overlaps "
        "another by much: where two were found at the same time, the surer one stayed."
    )
    lengths: dict[str, list[float]] = {}
    for segments in final.videos.values():
        for segment in segments:
            lengths.setdefault(segment.label, []).append(segment.duration)
    for label in sorted(lengths):
        each = sorted(lengths[label])
        yield _item(f"{label}: {counted(len(each), 'segment')}, typically {each[len(each) // 2]:.1f} seconds long")
    if empty:
        yield _paragraph(f"Nothing sure enough to show was found in {_listed(empty)}.")
    missing = not_found(final, told.tags)
    if missing:
        yield _paragraph("Your spreadsheet says that these occur, and they were not found:")
        by_label: dict[str, list[str]] = {}
        for name, label in missing:
            by_label.setdefault(label, []).append(name)
        for label, names in sorted(by_label.items()):
            yield _item(f"{label}, in {_listed(names)}")
    for name, reason in told.skipped.items():
        yield _item(f"{name} could not be used: {reason}")


def _trust(told: Told) -> Iterator[str]:
    trust = told.trust
    yield _paragraph(
        f"The computer learned from {counted(told.learned, 'video')}, and only from which actions your spreadsheet "
        "names there. Nobody showed it a single start or end, so expect both to be off by a few seconds, and look "
        "before you rely on one. Segments are often too long: what always goes with an action, such as the same person "
        "waiting at the same place, looks like a part of it."
    )
    if trust.unseen:
        were, their = ("was", "its") if trust.unseen == 1 else ("were", "their")
        yield _paragraph(
            f"{counted(trust.unseen, 'video')} {were} set aside: the computer had to say what happens there without "
            f"having seen {their} tags. This is how it did:"
        )
        for each in trust.classes:
            if each.unseen:
                yield _item(_recognised(each))
    yield _paragraph(_looked_at(told.judged, told.final.count))
    unchecked = [each for each in trust.classes if not each.unseen]
    if unchecked:
        names = _listed([each.label for each in unchecked])
        yield _paragraph(f"Nothing is known of how well it recognises {names}: no video of it could be set aside.")
    yield from _few(trust)
    yield _paragraph(f"Every segment has a score; the higher, the surer. Shown are: {told.final.choice.how}")
    if told.final.choice.calibration is not None:
        yield _paragraph(
            'The column "sure" of segments.csv says how often an action found with such a score is in its video at '
            "all, measured on the videos set aside. It does not say that start and end are right."
        )
    if trust.agreement is not None and trust.agreement.shown:
        ways = ", ".join(f"{count} by {_BRANCHES.get(name, name)}" for name, count in trust.agreement.by.items())
        yield _paragraph(
            "The videos were searched in two ways, which look at different things and learned from each other. Of the "
            f"{counted(trust.agreement.shown, 'segment')} shown, both find {trust.agreement.all} ({ways})."
        )
    yield from map(_paragraph, told.notes)


def _looked_at(judged: Precision | None, shown: int) -> str:
    """What is known from segments that a person judged."""
    if judged is None:
        return (
            "Nobody has judged these segments yet. Mark some as right or wrong on the page (see below), then run the "
            "same command again: it takes seconds, and this account will say how many of them are right."
        )
    said = (
        f"You judged {judged.judged:,} of the {counted(shown, 'segment')}: {judged.right:,} right "
        f"({judged.right / judged.judged:.0%}). If the others are like these, between {judged.low:.0%} and "
        f"{judged.high:.0%} of all are right."
    )
    left = shown - judged.judged
    if judged.more and left > 0:
        said += f" Judging {'the other' if judged.more >= left else 'about'} {min(judged.more, left):,} "
        said += "would settle it." if judged.more >= left else "more would tell it to within 5 points."
    return said


def _recognised(each: ClassTrust) -> str:
    of = counted(each.unseen, "video")
    said = f"{each.label}: recognised in {each.recognised} of {of} that training did not see"
    if each.elsewhere:
        said += f"; seen by mistake in {each.mistaken} of {each.elsewhere} without it"
    if each.unseen < _ENOUGH:
        return f"{said}. So few videos say little"
    if each.recognised < _SURE * each.unseen:
        return f"{said}. Check these segments first"
    return said


def _few(trust: Trust) -> Iterator[str]:
    """Classes with too few videos, in words."""
    single = [each.label for each in trust.few if each.videos == 1]
    several = [f"{each.label} ({each.videos})" for each in trust.few if each.videos > 1]
    if single:
        have = "has one video" if len(single) == 1 else "have one video each"
        yield _paragraph(f"{_listed(single)} {have}: too few to learn what it looks like. Add at least {FEW - 1} more.")
    if several:
        yield _paragraph(f"Fewer than {FEW} videos: {_listed(several)}. More videos help more than anything else.")


def _times(seconds: Mapping[str, float]) -> str:
    whole = sum(seconds.values())
    parts = ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items() if value >= 0.5)
    return f"{in_words(whole).capitalize()} in all" + (f": {parts}." if parts else ".")


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def summary(segments: Mapping[str, Sequence[Segment]]) -> str:
    """One line on segments by video."""
    count = sum(map(len, segments.values()))
    return f"{counted(count, 'segment')} in {sum(map(bool, segments.values()))} of {counted(len(segments), 'video')}"
