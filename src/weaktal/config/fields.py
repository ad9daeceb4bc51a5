"""What a settings class is made of: fields that carry their meaning, unit and source beside default and range."""

from __future__ import annotations

from collections.abc import Mapping
from types import EllipsisType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Source = Literal["paper", "code", "open", "ours"]
T = TypeVar("T")


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("an odd number, so that the middle has a snippet")
    return value


# Sizes that a network can have: a slip of the finger fails here, not in the allocator.
Size = Annotated[int, Field(gt=0, le=1 << 16)]
Few = Annotated[int, Field(gt=0, le=100)]  # of what is stacked or multiplied, such as layers
Count = Annotated[int, Field(gt=0, le=10**9)]  # of what costs nothing by itself, such as updates
OddSize = Annotated[int, Field(gt=0, le=999), AfterValidator(_odd)]


class Settings(BaseModel):
    """Base of all settings: immutable, strict about unknown keys, finite numbers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


def setting(default: T | EllipsisType, meaning: str, source: Source, *, unit: str | None = None, **limits: Any) -> T:
    """A field of a settings class.

    Args:
        default: its default; ``...`` where it has none.
        meaning: a sentence for whoever sets it.
        source: who says that this is the default: the method's ``paper``, its authors' ``code``, nobody (the paper
            leaves it ``open``), or the field is ``ours``.
        unit: what it counts or measures, such as ``"snippets"``.
        limits: such as ``gt=0``; they may as well be part of the field's type.
    """
    extra: dict[str, Any] = {"source": source, "unit": unit}
    field: T = Field(default, description=meaning, json_schema_extra=extra, **limits)
    return field


def group(
    default: T, meaning: str | None = None, source: Source | None = None, *, but: Mapping[str, Source] | None = None
) -> T:
    """A field that holds further settings and differs from their own defaults or meaning.

    Args:
        default: what it holds.
        meaning: a sentence; that of its class by default.
        source: of the values that ``default`` names; those that it does not name keep their own.
        but: sources of single ones among these.
    """
    extra: dict[str, Any] = {"source": source, "but": dict(but or {})}
    field: T = Field(default, description=meaning, json_schema_extra=extra)
    return field
