"""Which trainings the readings take, and what they share."""

from __future__ import annotations

import pytest
import torch

from weaktal.config import load_settings
from weaktal.errors import InputError
from weaktal.methods.base import Inputs, OtherFeatures
from weaktal.methods.collab import build
from weaktal.methods.collab.phases import step_names, step_of
from weaktal.methods.collab.settings import CollabConfig
from weaktal.studies.choosing import chosen_tables, own_table
from weaktal.studies.plan import Plan, fingerprints, make_plan
from weaktal.studies.tables import Line, Reading, Table, paper_tables


def plan_of(*readings: Reading, base: tuple[str, ...] = ()) -> Plan:
    table = Table("x", "x", tuple(Line(reading) for reading in readings))
    return make_plan([table], load_settings(CollabConfig, overrides=base))


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["cbp=pyramid"],
        ["schedule.rounds=0"],
        ["schedule.rounds=3", "schedule.steps=[foreground]"],
        ["schedule.steps=[foreground, background, background]"],
        ["schedule.kind=online", "schedule.background=7", "schedule.rounds=1"],
        ["schedule.kind=online", "schedule.rounds=0"],
    ],
)
def test_step_names_are_those_of_the_method(overrides: list[str]) -> None:
    config = load_settings(CollabConfig, overrides=overrides)
    method = build(config, Inputs(dim=4, classes=("a", "b"), others={"vlp": OtherFeatures(8, torch.eye(2, 8).numpy())}))
    steps = [step_of(phase.name) for phase in method.phases()]
    warm_up = len(method.warm_up())
    assert set(steps[:warm_up]) == {"warm-up"}
    assert ("warm-up", *steps[warm_up:]) == step_names(config)


@pytest.mark.parametrize(
    ("override", "shared"),
    [
        ("optimizer.lr=0.01", 0),
        ("engine.precision=bf16-mixed", 0),
        ("pooling.divisor=4", 0),
        ("pyramid.width=128", 0),
        ("vlp.probabilities=sigmoid", 0),
        ("schedule.updates_per_epoch=7", 0),
        ("schedule.warm_up=7", 0),
        ("schedule.background=7", 1),
        ("labels.background.low=0.01", 1),
        ("labels.untagged=ignored", 1),
        ("losses.contrast=0", 1),
        ("schedule.steps=[foreground]", 1),
        ("schedule.steps=[background]", 2),
        ("schedule.foreground=7", 2),
        ("schedule.restart=false", 2),
        ("labels.foreground.scale=raw", 2),
        ("losses.classification=0", 2),
        ("schedule.rounds=1", 3),
        ("schedule.rounds=3", 5),
        ("cbp_share=0.1", 5),
        ("decode.theta_cls=0.3", 5),
        ("engine.checkpoint_every=1", 5),
        ("schedule.online.decay=0.5", 5),
        ("selection.rule=best", 5),
        ("schedule.kind=online", 0),
    ],
)
def test_what_trains_alike_until_where(override: str, shared: int) -> None:
    two = ["schedule.rounds=2", "schedule.steps=[background, foreground]"]
    base = fingerprints(load_settings(CollabConfig, overrides=two))
    other = fingerprints(load_settings(CollabConfig, overrides=[*two, override]))
    common = next((n for n, (a, b) in enumerate(zip(base, other, strict=False)) if a != b), min(len(base), len(other)))
    assert common == shared


@pytest.mark.parametrize(
    ("override", "shared"),
    [
        ("schedule.rounds=1", 1),
        ("schedule.online.decay=0.5", 1),
        ("labels.foreground.low=0.01", 1),
        ("schedule.warm_up=3", 0),
        ("schedule.online.localizes=students", 9),
    ],
)
def test_online_training_begins_after_the_warm_up_or_not_at_all(override: str, shared: int) -> None:
    """Its optimizer continues from step to step, so no training can continue from the middle of another."""
    online = ["schedule.kind=online", "schedule.rounds=2", "schedule.background=20"]
    base = fingerprints(load_settings(CollabConfig, overrides=online))
    other = fingerprints(load_settings(CollabConfig, overrides=[*online, override]))
    assert len(base) == 9
    assert next((n for n, (a, b) in enumerate(zip(base, other, strict=False)) if a != b), len(base)) == shared


def test_equal_trainings_run_once_and_the_others_go_on_from_the_nearest() -> None:
    plan = plan_of(
        Reading("whole", "", ()),
        Reading("alone", "", (), after="warm-up"),
        Reading("again", "", ("schedule.rounds=2",), branch="both"),
        Reading("decoded", "", ("decode.theta_cls=0.5",)),
        Reading("one-way", "", ("schedule.steps=[background]",)),
        Reading("longer", "", ("schedule.rounds=3",)),
        Reading("no-cls", "", ("losses.classification=0", "losses.contrast=0")),
        Reading("no-contrast", "", ("losses.contrast=0",)),
        Reading("wide", "", ("pyramid.width=128",)),
        base=["schedule.rounds=2", "schedule.steps=[background, foreground]"],
    )
    assert [(t.name, t.source) for t in plan.trainings] == [
        ("whole", None),
        ("one-way", ("whole", "background-1")),
        ("longer", ("whole", "foreground-2")),
        ("no-cls", ("whole", "warm-up")),
        ("no-contrast", ("no-cls", "background-1")),
        ("wide", None),
    ]
    whole = plan.trainings[0]
    assert [(r.name, r.after) for r, _ in whole.readings] == [
        ("whole", "foreground-2"),
        ("alone", "warm-up"),
        ("again", "foreground-2"),
        ("decoded", "foreground-2"),
    ]
    assert whole.readings[3][1].decode.theta_cls == 0.5


@pytest.mark.parametrize(
    "override",
    ["cbp_share=0.3", "decode.theta_cls=0.5", "selection.rule=best", "schedule.online.localizes=students"],
)
def test_what_acts_on_a_reading_alone_leaves_its_training_as_it_is(override: str) -> None:
    both = ("losses.contrast=0", override)
    for readings in ([both], [both, both[:1]], [both[:1], both]):
        plan = plan_of(Reading("whole", ""), *(Reading(f"x-{n}", "", words) for n, words in enumerate(readings)))
        whole, training = plan.trainings
        assert training.config == load_settings(CollabConfig, overrides=both[:1])
        assert training.source == (whole.name, "warm-up")
        read_with = [config for _, config in training.readings]
        assert read_with == [load_settings(CollabConfig, overrides=words) for words in readings]


def test_a_training_has_its_name_whatever_is_filled() -> None:
    base = load_settings(CollabConfig)
    catalog = paper_tables(50)
    every = {t.config.model_dump_json(): t.name for t in make_plan(catalog, base, catalog=catalog).trainings}
    for table in catalog:
        for training in make_plan([table], base, catalog=catalog).trainings:
            assert every[training.config.model_dump_json()] == training.name


def test_the_papers_tables_are_sound() -> None:
    tables = paper_tables(50)
    plan = make_plan(tables, load_settings(CollabConfig), catalog=tables)
    for table in tables:
        assert len({line.reading.name for line in table.lines}) == len(table.lines)
        for line in table.lines:
            assert line.versus is None or line.versus in plan.readings, line
            assert line.paper is None or line.versus is not None, line
    names = [training.name for training in plan.trainings]
    for place, training in enumerate(plan.trainings):
        assert training.source is None or training.source[0] in names[:place]


def test_controls_train_nothing_that_they_do_not_read() -> None:
    """mil and mmsd on tags alone end with their warm-up; what teaches itself, or is taught one way, has as many F steps
    as the whole method."""
    tables = paper_tables(50)
    (controls,) = chosen_tables(tables, ["controls"], None)
    plan = make_plan([controls], load_settings(CollabConfig), catalog=tables)
    steps = {training.name: step_names(training.config) for training in plan.trainings}
    assert {name for name, names in steps.items() if names == ("warm-up",)} == {"mil-3", "mil-1", "mmsd-on-tags"}
    taught = {name: sum(step.startswith("foreground") for step in names) for name, names in steps.items()}
    assert {taught[name] for name in ("whole", "self-training", "shuffled-f", "b-first", "agreed-f")} == {2}


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (Reading("x", "", ("losses.contrsat=1",)), "nearest is losses.contrast"),
        (Reading("x", "", ("labels.background.low=2",)), "less than or equal to 1"),
        (Reading("x", "", ("schedule.rounds=0",), after="foreground-1"), "no step foreground-1"),
    ],
)
def test_impossible_variants_are_refused(reading: Reading, words: str) -> None:
    with pytest.raises(InputError, match=words):
        plan_of(reading)


def test_a_name_cannot_stand_for_two_variants() -> None:
    with pytest.raises(InputError, match="stands for two variants"):
        plan_of(Reading("x", ""), Reading("x", "", ("schedule.rounds=1",)))


def test_choosing_tables_and_variants() -> None:
    tables = paper_tables(50)
    assert [t.key for t in chosen_tables(tables, ["5", "3"], None)] == ["5", "3"]
    (cut,) = chosen_tables(tables, ["3"], ["cbp-one-f"])
    assert [line.reading.name for line in cut.lines] == ["cbp-warm-up", "cbp-one-f"]
    with pytest.raises(InputError, match="one of 3, 4, 5, 6, open"):
        chosen_tables(tables, ["7"], None)
    with pytest.raises(InputError, match="nearest is cbp-one-f"):
        chosen_tables(tables, ["3"], ["cbp-one-b"])


def test_own_variants() -> None:
    table = own_table(["narrow: pyramid.width=64  pyramid.heads=4"])
    assert table is not None
    assert table.lines[1].reading.overrides == ("pyramid.width=64", "pyramid.heads=4")
    assert table.lines[1].reading.branch == "cbp"
    chosen = own_table(["chosen: selection.rule=best"])
    assert chosen is not None
    assert chosen.lines[1].reading.branch == "choice"
    assert own_table([]) is None
    for bad in ("narrow", "narrow:", "../x: a=1", ": a=1"):
        with pytest.raises(InputError, match="is not a variant"):
            own_table([bad])


@pytest.mark.parametrize(
    ("text", "overrides", "branch"),
    [
        ("x: selection={rule: best, statistic: tag_map}", ("selection={rule: best, statistic: tag_map}",), "choice"),
        ('x: selection={"rule":best}', ('selection={"rule":best}',), "choice"),
        ("x: cbp_share=0.3 selection = {rule: best}", ("cbp_share=0.3", "selection = {rule: best}"), "choice"),
        (
            "x: labels.foreground={low: 0.2, high: 0.6}\tlabels.untagged=ignored",
            ("labels.foreground={low: 0.2, high: 0.6}", "labels.untagged=ignored"),
            "cbp",
        ),
        (
            "x: schedule.steps=[foreground, background] losses.contrast=0",
            ("schedule.steps=[foreground, background]", "losses.contrast=0"),
            "cbp",
        ),
    ],
)
def test_values_of_a_variant_may_hold_spaces(text: str, overrides: tuple[str, ...], branch: str) -> None:
    table = own_table([text])
    assert table is not None
    reading = table.lines[1].reading
    assert (reading.overrides, reading.branch) == (overrides, branch)
    make_plan([table], load_settings(CollabConfig))


@pytest.mark.parametrize("text", ["x: losses.contrast=0 word", "x: word losses.contrast=0"])
def test_words_between_the_settings_of_a_variant_are_refused(text: str) -> None:
    table = own_table([text])
    assert table is not None
    with pytest.raises(InputError, match="word"):
        make_plan([table], load_settings(CollabConfig))


def test_leaving_variants_out_takes_what_is_held_against_them_along() -> None:
    (table,) = chosen_tables(paper_tables(50), ["6"], without=["mmsd-alone"])
    assert [line.reading.name for line in table.lines] == [
        "pyramid-alone", "pyramid", "convolution-alone", "convolution",
    ]  # fmt: skip
    with pytest.raises(InputError, match="leave"):
        chosen_tables(paper_tables(50), ["6"], without=["leave"])


@pytest.mark.parametrize("table", paper_tables(100), ids=lambda table: table.key)
def test_a_table_alone_holds_what_its_lines_are_held_against(table: Table) -> None:
    names = {line.reading.name for line in table.lines}
    against = {line.versus for line in table.lines if line.versus is not None}
    assert against <= names


def test_a_bad_setting_of_a_variant_names_the_variant() -> None:
    table = own_table(["loose: losses.contrats=1"])
    assert table is not None
    with pytest.raises(InputError, match=r"^variant loose: losses\.contrats=1: unknown setting losses\.contrats"):
        make_plan([table], CollabConfig())
