"""What is compared: the paper's tables and the settings that it leaves open, as data.

A :class:`Reading` is a number to get: train with these settings, then look at one branch after one step. A
:class:`Table` lists readings and says what each is held against and which sign the paper reports. Adding a
variant is adding a line here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from weaktal.config import flat, load_settings
from weaktal.methods.collab.phases import WARM_UP
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.mmsd_config import MMSDConfig
from weaktal.methods.presets import preset_file

Sign = Literal["below", "above"]
METHOD = "collab"
CONTROLS = "controls"  # key of a table
END = "end"
CHOICE = "choice"  # the phase and branch that the settings under selection choose, as localizing without --branch does


@dataclass(frozen=True, slots=True)
class Reading:
    """One number to get, for each seed.

    Attributes:
        name: for files and ``--variants``.
        title: for people.
        overrides: settings over the base, as ``--set`` takes them.
        after: the step whose weights are read: ``warm-up``, ``background-1``, ..., or ``end``.
        branch: that localizes; ``choice`` leaves it and the phase to the settings under ``selection``.
    """

    name: str
    title: str
    overrides: tuple[str, ...] = ()
    after: str = END
    branch: str = "cbp"


@dataclass(frozen=True, slots=True)
class Line:
    """A reading in a table.

    Attributes:
        reading: which.
        versus: name of the reading that it is held against, seed by seed.
        paper: on which side of it the paper finds this reading's mAP; None where the paper says nothing.
    """

    reading: Reading
    versus: str | None = None
    paper: Sign | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Lines under a title.

    Attributes:
        key: for ``--tables``.
        title: for people.
        lines: in order.
        chained: each line adds a change to the line before it, and is held against that, whichever are left out.
    """

    key: str
    title: str
    lines: tuple[Line, ...]
    chained: bool = False


WARM = Reading("cbp-warm-up", "CBP on tags alone (warm-up)", after=WARM_UP)
VANILLA = Reading("vlp-vanilla", "vanilla VLP (nothing learned)", after=WARM_UP, branch="vanilla")
WHOLE = Reading("whole", "the whole method: CBP")
WHOLE_VLP = Reading("whole-vlp", "the whole method: VLP", branch="vlp")
WHOLE_BOTH = Reading("whole-both", "the whole method: both branches", branch="both")
AS_SHIPPED = Reading("as-shipped", "the whole method: the weights and the branch that it localizes with", branch=CHOICE)
IN_TURNS = "schedule.kind=alternate"
B_FIRST = (IN_TURNS, "schedule.steps=[background,foreground]")
ONLY_B = (IN_TURNS, "schedule.steps=[background]")
ONLY_F = (IN_TURNS, "schedule.steps=[foreground]")
ON_TAGS = (IN_TURNS, "schedule.rounds=0")  # nothing after the warm-up, where nothing after it is read
ONE_WAY = Reading("only-f", "F steps only: CBP", ONLY_F)
ONE_WAY_LATE = Reading("only-f-late", "the same, averaged with vanilla VLP", ONLY_F, branch="late")
WITHOUT_CLS = "losses.classification=0"
WITHOUT_CONTRAST = "losses.contrast=0"


def paper_tables(long_warm_up: int | None) -> tuple[Table, ...]:
    """All tables.

    Args:
        long_warm_up: epochs of a warm-up that trains CBP for as many updates as the whole method does; None where the
            warm-up has a schedule of its own, which leaves that line out.
    """
    as_long = [] if long_warm_up is None else [_as_long(long_warm_up)]
    return (
        Table(
            "3",
            "Table 3: what each branch errs by, and what the method repairs",
            (
                Line(WARM, "whole", "below"),
                *as_long,
                Line(VANILLA, "whole-vlp", "below"),
                Line(
                    Reading("vlp-one-b", "VLP after one B step", (IN_TURNS,), after="background-1", branch="vlp"),
                    "vlp-vanilla",
                ),
                Line(
                    Reading("cbp-one-f", "CBP after one F step, without any B step", ONLY_F, after="foreground-1"),
                    "cbp-warm-up",
                ),
                Line(WHOLE, "cbp-warm-up", "above"),
                Line(WHOLE_VLP, "vlp-vanilla", "above"),
                Line(WHOLE_BOTH, "whole", "above"),
            ),
        ),
        Table(
            "4",
            "Table 4: distilling one way, and both ways",
            (
                Line(Reading("only-b-vlp", "B steps only: VLP", ONLY_B, branch="vlp"), "whole-vlp", "below"),
                Line(Reading("only-b-both", "B steps only: both", ONLY_B, branch="both"), "whole-both"),
                Line(ONE_WAY, "whole", "below"),
                Line(Reading("only-f-both", "F steps only: both", ONLY_F, branch="both"), "whole-both"),
                Line(WHOLE),
                Line(WHOLE_VLP),
                Line(WHOLE_BOTH),
            ),
        ),
        Table(
            "5",
            "Table 5: terms of the loss, and which labels teach",
            (
                Line(Reading("kd", "L_kd", (WITHOUT_CONTRAST, WITHOUT_CLS))),
                Line(Reading("kd-contrast", "L_kd + L_con", (WITHOUT_CLS,)), "kd", "above"),
                Line(Reading("kd-cls", "L_kd + L_cls in F", (WITHOUT_CONTRAST,)), "kd"),
                Line(WHOLE, "kd-cls", "above"),
                Line(
                    Reading(
                        "foreground-labels",
                        "foreground labels only",
                        ("labels.background.low=0", "labels.foreground.low=0", "labels.untagged=ignored"),
                    ),
                    "whole",
                ),
                Line(
                    Reading(
                        "background-labels",
                        "background labels only",
                        ("labels.background.high=1", "labels.foreground.high=1"),
                    ),
                    "whole",
                ),
            ),
        ),
        Table("6", "Table 6: on other CBP networks, alone and with the collaboration", tuple(_networks())),
        Table("open", "What the paper leaves open", tuple(_open())),
        _controls(),
        _path(),
    )


def _as_long(epochs: int) -> Line:
    overrides = ("schedule.rounds=0", f"schedule.warm_up={epochs}", "schedule.end_below=0")
    return Line(Reading("cbp-long", "CBP on tags alone, as many updates as in the whole", overrides), "whole")


def _controls() -> Table:
    """What the collaboration must beat: its parts without any teaching, and teaching without a second branch."""
    mmsd_decoding = tuple(
        f"decode.{key}={json.dumps(value)}" for key, value in MMSDConfig().decode.model_dump(mode="json").items()
    )
    alone = Reading("mmsd-on-tags", "mmsd", ("cbp=mmsd", *ON_TAGS), after=WARM_UP)
    by_itself = ("labels.teacher=cbp", *ONLY_F)
    self_taught = Reading("self-training", "CBP taught by its own labels in F, no VLP", by_itself)
    self_late = Reading("self-training-late", "the same, averaged with vanilla VLP", by_itself, branch="late")
    agreed = Reading(
        "agreed-f", "F by the labels that CBP and vanilla VLP agree on", ("labels.teacher=agreed", *ONLY_F)
    )
    timeless = Reading(
        "shuffled-f", "F by the labels of vanilla VLP, shuffled in time", ("labels.teacher=shuffled", *ONLY_F)
    )
    late = Reading("late", "CBP's warm-up averaged with vanilla VLP, nothing taught", after=WARM_UP, branch="late")
    mil = [
        Reading(
            f"mil-{kernel}",
            f"mil, kernel {kernel}",
            ("cbp=convolution", f"convolution.kernel={kernel}", *ON_TAGS),
            WARM_UP,
        )
        for kernel in (3, 1)
    ]
    return Table(
        CONTROLS,
        "Controls: what needs no collaboration",
        (
            *map(Line, mil),
            Line(alone),
            Line(
                Reading("mmsd-own", "mmsd, its own decoding", (*alone.overrides, *mmsd_decoding), WARM_UP), alone.name
            ),
            Line(WARM, "mil-1"),
            Line(VANILLA),
            Line(late, WARM.name),
            Line(self_taught, WARM.name),
            Line(self_late, self_taught.name),
            Line(timeless, WARM.name),
            Line(ONE_WAY, self_taught.name),
            Line(ONE_WAY_LATE, self_late.name),
            Line(agreed, self_taught.name),
            Line(Reading("b-first", "the paper's order, B before F: CBP", B_FIRST), self_taught.name),
            Line(Reading("b-first-both", "the same, both branches", B_FIRST, branch="both"), self_late.name),
            Line(WHOLE, self_taught.name),
            Line(WHOLE_BOTH, self_late.name),
            Line(AS_SHIPPED, self_late.name),
        ),
    )


# What leads from preset ``paper`` to what works, a change each, in order: name, what it says, and the settings that
# change. Lengths, rate and batch go first, so that all rows but one can be compared and paid for.
LENGTHS = (
    "optimizer.lr",
    "optimizer.batch_size",
    "schedule.background",
    "schedule.foreground",
    "schedule.updates_per_epoch",
    "schedule.warm_up",
    "schedule.rounds",
)
STEPS_TO_DEFAULT: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("lengths", "the lengths, rate and batch of the base", LENGTHS),
    ("residuals", "residuals that start near zero", ("pyramid.residual_init", "vlp.residual_init")),
    ("kernel", "convolutions of one snippet", ("pyramid.kernel",)),
    ("dropout", "dropout", ("pyramid.dropout", "pyramid.input_dropout", "vlp.dropout")),
    ("clipping", "gradients clipped", ("optimizer.clip_norm",)),
    ("end", "a warm-up that ends where the tags are learned", ("schedule.end_below",)),
    ("mlp", "smaller MLPs", ("pyramid.expansion", "vlp.expansion", "vlp.activation")),
    ("position", "no learned position", ("vlp.position",)),
    ("labels", "labels by rank", ("labels.background.low", "labels.background.scale", "labels.foreground")),
    ("background", "B of background alone", ("labels.background.high",)),
    ("untagged", "untagged classes as background", ("labels.untagged",)),
    ("rivals", "classes that never come without each other do not compete", ("vlp.rivals",)),
    ("contrast-weight", "a smaller contrast", ("losses.contrast",)),
    (
        "contrast-pairs",
        "contrast within a class, foreground anchors",
        ("losses.contrast_scope", "losses.contrast_anchors"),
    ),
    ("cls", "L_cls in F", ("losses.classification",)),
    ("restart", "fresh weights in F", ("schedule.restart",)),
    ("order", "F before B", ("schedule.steps",)),
    ("network", "a convolution where the pyramid is hardly sharper than VLP", ("cbp",)),
    ("decoding", "decoding", ("decode", "both_videos")),
)
SELECTION = "selection."  # which weights and branch localize: the path's readings name them, but for the last


def _path() -> Table:
    """From preset ``paper`` to the base, one change a row; each row is held against the one before it."""
    paper = flat(load_settings(CollabConfig, preset_file(METHOD, "paper")).model_dump(mode="json"))
    usual = flat(CollabConfig().model_dump(mode="json"))
    different = {
        key: value
        for key, value in paper.items()
        if key in LENGTHS or (value != usual[key] and not key.startswith(SELECTION))
    }

    def still(steps: Sequence[tuple[str, str, tuple[str, ...]]]) -> tuple[str, ...]:
        names = tuple(name for _, _, keys in steps for name in keys)
        return tuple(
            f"{key}={json.dumps(value)}"
            for key, value in different.items()
            if (key + ".").startswith(tuple(f"{n}." for n in names))
        )

    first = Reading("path-paper", "preset paper, unchanged", still(STEPS_TO_DEFAULT))
    lines = [Line(first)]
    for number, (name, title, _) in enumerate(STEPS_TO_DEFAULT[:-1], start=1):
        reading = Reading(f"path-{name}", f"... {title}", still(STEPS_TO_DEFAULT[number:]))
        lines.append(Line(reading, lines[-1].reading.name))
    ends = (Line(WHOLE, lines[-1].reading.name), Line(AS_SHIPPED, WHOLE.name))
    return Table("path", "From the paper as written to what works", (*lines, *ends), chained=True)


def _networks() -> Iterable[Line]:
    for network in ("pyramid", "convolution", "mmsd"):
        alone = Reading(f"{network}-alone", f"{network} alone", (f"cbp={network}",), after=WARM_UP)
        yield Line(alone)
        yield Line(Reading(network, f"{network} + collaboration", alone.overrides), alone.name, "above")


def _labels(**values: object) -> tuple[str, ...]:
    """The same thresholds for both directions."""
    return tuple(f"labels.{way}.{key}={value}" for way in ("background", "foreground") for key, value in values.items())


def _open() -> Iterable[Line]:
    yield Line(WHOLE)
    for name, title, *settings in (
        ("softmax", "VLP: softmax over the classes", "vlp.probabilities=softmax"),
        ("sigmoid", "VLP: sigmoid of each class", "vlp.probabilities=sigmoid"),
        ("k-4", "k = T / 4", "pooling.divisor=4"),
        ("k-16", "k = T / 16", "pooling.divisor=16"),
        ("pool-logits", "pooling of logits", "pooling.of=logits"),
        (
            "labels-strict",
            "labels: 0.05, 0.95 of the maximum",
            *_labels(scale="video_max", low=0.05, high=0.95),
        ),
        ("labels-loose", "labels: 0.2, 0.6 of the maximum", *_labels(scale="video_max", low=0.2, high=0.6)),
        ("labels-raw", "labels: scores of 0.05, 0.95", *_labels(scale="raw", low=0.05, high=0.95)),
        ("b-foreground", "B teaches foreground too", "labels.background.high=0.7"),
        ("labels-rank", "labels: ranks 0.5, 0.875", *_labels(scale="quantile", low=0.5, high=0.875)),
        ("labels-share", "labels: ranks within the presumed shares", *_labels(scale="share", low=0.6, high=0.7)),
        (
            "labels-class-rank",
            "labels: ranks 0.5, 0.875 within the class",
            *_labels(scale="class_quantile", low=0.5, high=0.875),
        ),
        (
            "labels-video-rank",
            "labels: ranks 0.5, 0.875 within class and video",
            *_labels(scale="video_quantile", low=0.5, high=0.875),
        ),
        ("untagged-ignored", "classes without a tag teach nothing", "labels.untagged=ignored"),
        ("rounds-1", "1 round", "schedule.rounds=1"),
        ("rounds-2", "2 rounds", "schedule.rounds=2"),
        ("rounds-3", "3 rounds", "schedule.rounds=3"),
        ("no-restart", "F steps continue from the weights before them", "schedule.restart=false"),
        ("online", "both branches at once, taught by moving averages", "schedule.kind=online"),
        (
            "online-no-restart",
            "the same, CBP going on from its warm-up",
            "schedule.kind=online",
            "schedule.restart=false",
        ),
        (
            "online-students",
            "the same, localized by the students",
            "schedule.kind=online",
            "schedule.online.localizes=students",
        ),
        ("without-cls", "no L_cls in F", WITHOUT_CLS),
        ("tagged-share", "tagged classes have three tenths of L_kd", "losses.tagged_share=0.3"),
        ("contrast-video", "L_con over the video", "losses.contrast_scope=video"),
        ("contrast-batch", "L_con over the batch", "losses.contrast_scope=batch"),
        ("contrast-all", "L_con with all pairs", "losses.contrast_anchors=all"),
        ("contrast-0", "L_con weight 0", WITHOUT_CONTRAST),
        ("contrast-1", "L_con weight 1", "losses.contrast=1"),
        ("contrast-cold", "L_con temperature 0.03", "losses.contrast_temperature=0.03"),
        ("contrast-warm", "L_con temperature 0.2", "losses.contrast_temperature=0.2"),
    ):
        yield Line(Reading(name, title, tuple(settings)), "whole")
    trusted = Reading(
        "agreement", "what agreement of the branches chooses", ("selection.rule=agreement",), branch=CHOICE
    )
    yield Line(trusted, "whole")
    for statistic in ("margin", "tag_bce", "tag_map", "contrast"):
        overrides = ("selection.rule=best", f"selection.statistic={statistic}")
        title = f"phase and branch with the best {statistic}"
        yield Line(Reading(f"best-{statistic.replace('_', '-')}", title, overrides, branch=CHOICE), "whole")
