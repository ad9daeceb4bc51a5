"""What each benchmark prescribes for scoring, as data.

THUMOS14 (Jiang et al., 2014): test set, tIoU 0.1 to 0.7. Its test annotations mark spans where nobody could tell
whether the action takes place. Weakly-supervised work since W-TALC (Paul et al., ECCV 2018) drops every prediction that
overlaps such a span before matching, and so does this protocol. Work in the field has 212 test videos: the video
0001292 of the official list has ambiguous spans only. ActivityNet (Caba Heilbron et al., CVPR 2015): validation set,
tIoU 0.5 to 0.95.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from weaktal.data.annotations import Annotations
from weaktal.errors import InputError, arg, nearest, shown

AMBIGUOUS = "Ambiguous"
MOST_THRESHOLDS = 1000


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a benchmark scores.

    Attributes:
        name: what the command line calls it.
        tious: the thresholds.
        subset: the subset that is scored; None is the test subset that the annotations name.
        drop_ambiguous: leaves out predictions that overlap an ambiguous span; annotations labelled "Ambiguous" are
            such spans and neither ground truth nor a class.
        excluded: videos of the subset that are not scored.
    """

    name: str
    tious: tuple[float, ...]
    subset: str | None = None
    drop_ambiguous: bool = False
    excluded: frozenset[str] = frozenset()


def tiou_grid(given: str | Sequence[float]) -> tuple[float, ...]:
    """Thresholds given as numbers, or as text: ``START:END:STEP``, both ends included, or a list with commas.

    Counted in decimals, so that the third of 0.1:0.7:0.1 is 0.3 and not 0.30000000000000004.

    Raises:
        InputError: if the text is neither, or a threshold does not lie in (0, 1] or appears twice.

    >>> tiou_grid("0.1:0.7:0.1")
    (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    """
    text = given if isinstance(given, str) else ",".join(repr(float(threshold)) for threshold in given)
    source = f"{arg('tiou')} {shown(text)}"
    expected = "START:END:STEP such as 0.1:0.7:0.1, or a list such as 0.5,0.75,0.95"
    ranged = ":" in text
    try:
        numbers = [Decimal(part.strip()) for part in text.split(":" if ranged else ",")]
    except InvalidOperation:
        raise InputError("is not a set of thresholds", source=source, expected=expected) from None
    if not all(number.is_finite() and abs(number) < 1000 for number in numbers) or (ranged and len(numbers) != 3):
        raise InputError("is not a set of thresholds", source=source, expected=expected)
    if ranged:
        start, end, step = numbers
        if step <= 0 or end < start:
            raise InputError("counts no thresholds", source=source, expected="an END from START on and a STEP above 0")
        if end - start >= MOST_THRESHOLDS * step:
            raise InputError("counts too many thresholds", source=source, expected=f"at most {MOST_THRESHOLDS}")
        numbers = [start + index * step for index in range(int((end - start) / step) + 1)]
    thresholds = tuple(float(number) for number in numbers)
    for threshold in thresholds:
        if not 0 < threshold <= 1:
            raise InputError(f"{threshold} is not a threshold", source=source, expected="above 0 and at most 1")
    if len(set(thresholds)) != len(thresholds):
        raise InputError("names a threshold twice", source=source, expected="each once")
    return thresholds


PLAIN = Protocol("plain", tiou_grid("0.1:0.7:0.1"))
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        PLAIN,
        Protocol(
            "thumos14",
            tiou_grid("0.1:0.7:0.1"),
            subset="test",
            drop_ambiguous=True,
            excluded=frozenset({"video_test_0001292"}),
        ),
        Protocol("activitynet12", tiou_grid("0.5:0.95:0.05"), subset="validation"),
        Protocol("activitynet13", tiou_grid("0.5:0.95:0.05"), subset="validation"),
    )
}


def protocol_named(name: str) -> Protocol:
    """The protocol of this name.

    Raises:
        InputError: if there is none, naming the nearest.
    """
    if name in PROTOCOLS:
        return PROTOCOLS[name]
    raise InputError(
        f"no protocol {shown(name)}",
        source=arg("protocol"),
        expected=f"one of {', '.join(PROTOCOLS)}; nearest is {nearest(name, PROTOCOLS)}",
    )


def protocol_of(annotations: Annotations, name: str | None = None) -> Protocol:
    """The protocol that is named, else the dataset's own, else ``plain``.

    Raises:
        InputError: if there is none of that name.
    """
    if name is not None or not annotations.protocol:
        return PLAIN if name is None else protocol_named(name)
    if annotations.protocol not in PROTOCOLS:
        raise InputError(
            f"is {shown(annotations.protocol)}",
            source=annotations.source,
            place="protocol",
            expected=f"one of {', '.join(PROTOCOLS)}",
        )
    return PROTOCOLS[annotations.protocol]
