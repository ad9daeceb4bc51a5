"""What a variant may be called: a name that stands for two would let two trainings share a folder."""

from __future__ import annotations

import pytest

from weaktal.errors import InputError
from weaktal.methods.collab.settings import CollabConfig
from weaktal.studies.choosing import chosen_tables, own_table
from weaktal.studies.plan import make_plan
from weaktal.studies.tables import paper_tables


@pytest.mark.parametrize("name", ["only-b-vlp", "k-4", "whole-vlp"])
def test_a_variant_of_ones_own_may_not_be_called_as_one_of_the_tables(name: str) -> None:
    """``only-b-both`` is read from a training called ``only-b-vlp``, whether that reading is wanted or not."""
    catalog = paper_tables(50)
    own = own_table([f"{name}: pooling.divisor=5"])
    assert own is not None
    with pytest.raises(InputError, match="stands for two variants"):
        make_plan([*chosen_tables(catalog, ["4"], ["only-b-both"]), own], CollabConfig(), catalog=catalog)


def test_every_training_has_a_folder_of_its_own() -> None:
    catalog = paper_tables(50)
    own = own_table(["five: pooling.divisor=5", "four: pooling.divisor=4"])
    assert own is not None
    plan = make_plan([*catalog, own], CollabConfig(), catalog=catalog)
    names = [training.name for training in plan.trainings]
    assert len(set(names)) == len(names)
    assert "five" in names
    assert "four" not in names, "the tables have that training already"
