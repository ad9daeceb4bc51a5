"""The path from preset ``paper`` to the base: it begins at the one, ends at the other, and leaves nothing out."""

from __future__ import annotations

import pytest

from weaktal.config import flat, load_settings
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.studies.choosing import chosen_tables
from weaktal.studies.tables import SELECTION, STEPS_TO_DEFAULT, Reading, paper_tables


def readings() -> list[Reading]:
    (path,) = (table for table in paper_tables(None) if table.key == "path")
    assert [line.versus for line in path.lines[1:]] == [line.reading.name for line in path.lines[:-1]]
    return [line.reading for line in path.lines]


def settings(overrides: tuple[str, ...], preset: str = "default") -> dict[str, object]:
    loaded = load_settings(CollabConfig, preset_file("collab", preset), overrides)
    values = flat(loaded.model_dump(mode="json"))
    return {key: value for key, value in values.items() if not key.startswith((SELECTION, "mmsd."))}  # cbp: pyramid


@pytest.mark.parametrize("base", ["default", "few", "quick"])
def test_the_path_begins_at_preset_paper_and_ends_at_the_base(base: str) -> None:
    first, *_, last, shipped = readings()
    assert settings(first.overrides, base) == settings((), "paper")
    assert last.overrides == shipped.overrides == ()
    assert (last.branch, shipped.branch) == ("cbp", "choice")


def test_the_long_row_can_be_left_out_alone() -> None:
    (kept,) = chosen_tables(paper_tables(None), ["path"], without=["path-paper"])
    assert [line.reading.name for line in kept.lines] == [reading.name for reading in readings()[1:]]


def test_what_follows_a_row_that_is_left_out_is_held_against_the_one_before() -> None:
    without = ["path-paper", "path-dropout", "path-clipping", "whole"]
    (kept,) = chosen_tables(paper_tables(None), ["path"], without=without)
    names = [line.reading.name for line in kept.lines]
    assert names == [reading.name for reading in readings() if reading.name not in without]
    assert [line.versus for line in kept.lines] == [None, *names[:-1]]
    (pair,) = chosen_tables(paper_tables(None), ["path"], variants=["path-end"], without=without)
    assert [line.reading.name for line in pair.lines] == ["path-kernel", "path-end"]


@pytest.mark.parametrize("base", ["default", "few"])
def test_each_row_changes_what_it_says(base: str) -> None:
    of_rows = [settings(reading.overrides, base) for reading in readings()[:-1]]
    for (name, _, keys), before, after in zip(STEPS_TO_DEFAULT, of_rows[:-1], of_rows[1:], strict=True):
        changed = {key for key in before if before[key] != after[key]}
        assert changed, name
        assert all(f"{key}.".startswith(tuple(f"{of_step}." for of_step in keys)) for key in changed), name
