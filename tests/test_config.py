from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import pytest
from pydantic import Field, model_validator

from weaktal.config import (
    Settings,
    as_yaml,
    described,
    group,
    load_settings,
    matching,
    one_value,
    parse_settings,
    setting,
)
from weaktal.errors import InputError


class Model(Settings):
    levels: int = Field(default=3, ge=1)
    dropout: float = 0.1
    kind: str = "conv"


class Train(Settings):
    seed: int = 0
    learning_rate: float = 1e-3
    steps: tuple[int, ...] = (1, 2)
    tau: float | None = None
    model: Model = Model()
    heads: Model | None = None


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_defaults_then_file_then_single_values(tmp_path: Path) -> None:
    file = written(tmp_path, "seed: 7\nlearning_rate: 0.5\nmodel:\n  levels: 5\n  kind: pyramid\n")
    assert load_settings(Train) == Train()
    loaded = load_settings(Train, file, ["seed=9", "model.levels=2", "model.dropout=0"])
    assert loaded == Train(seed=9, learning_rate=0.5, model=Model(levels=2, kind="pyramid", dropout=0.0))


@pytest.mark.parametrize(
    ("override", "field", "value"),
    [
        ("learning_rate=1e-4", "learning_rate", 1e-4),
        ("learning_rate=5E-3", "learning_rate", 5e-3),
        ("learning_rate=1", "learning_rate", 1.0),
        ("steps=[3, 4]", "steps", (3, 4)),
        ("tau=0.5", "tau", 0.5),
        ("tau=null", "tau", None),
        ("tau=", "tau", None),
        (" seed = 3", "seed", 3),
        ("seed=3", "seed", 3),
    ],
)
def test_values_are_read_as_yaml(override: str, field: str, value: object) -> None:
    assert getattr(load_settings(Train, None, [override]), field) == value


def test_a_file_may_write_1e_4_too(tmp_path: Path) -> None:
    assert load_settings(Train, written(tmp_path, "learning_rate: 1e-4\n")).learning_rate == 1e-4


def test_text_that_looks_like_a_number_stays_text() -> None:
    # A folder or class may be called 1e4, nan or 007.
    for word in ("1e4", "nan", "inf", "7e2"):
        assert load_settings(Train, None, [f"model.kind={word}"]).model.kind == word


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.level=2", r"unknown setting model.level; expected .*nearest is model.levels"),
        ("sead=2", r"unknown setting sead; expected .*nearest is seed"),
        ("heads.level=2", r"unknown setting heads.level; expected .*nearest is heads.levels"),
        ("seed.x=2", r"seed"),
        ("seed=abc", r"seed: is 'abc'"),
        ("model.levels=0", r"model.levels: is 0"),
        ("learning_rate=.nan", r"learning_rate: is nan"),
        ("learning_rate=.inf", r"learning_rate: is inf"),
        ("model=3", r"model: is 3"),
        ("seed", r"is not a setting"),
        ("=3", r"is not a setting"),
        ("a..b=3", r"is not a setting"),
        ("steps=[1", r"cannot be read"),
        ("steps=!!python/object/apply:os.system [true]", r"cannot be read"),
        ("steps=" + "[" * 3000, r"cannot be read"),
        ("seed=" + "9" * 5000, r"cannot be read|seed: is"),
        ("seed=2026-13-45", r"cannot be read"),
        ("seed=\x00", r"cannot be read"),
    ],
)
def test_bad_overrides(override: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        load_settings(Train, None, [override])
    assert raised.value.line(shell=True).startswith("--set ")
    assert len(raised.value.line()) <= 4100


BAD_FILES: dict[str, tuple[str | bytes, str]] = {
    "unknown key": ("model:\n  leves: 3\n", "unknown setting model.leves; .*nearest is model.levels"),
    "bad value": ("model:\n  levels: many\n", "model.levels: is 'many'"),
    "no mapping": ("- 1\n- 2\n", r"holds \[1, 2\]"),
    "a scalar": ("seed\n", "holds 'seed'"),
    "syntax": ("seed: [1\nmodel: }", "line 2, column 6: not valid YAML"),
    "tab": ("seed:\n\t- 1\n", "not valid YAML"),
    "not text": (b"\xff\xfe\x00\xd8\x00", "not valid YAML"),
    "control characters": (b"seed: \x00\x01", "not valid YAML"),
    "python objects": ("seed: !!python/object/apply:os.system ['touch x']\n", "not valid YAML"),
    "deep nesting": ("seed: " + "[" * 5000 + "]" * 5000, "not valid YAML"),
    "alias of itself": ("seed: &a [*a]\n", "an alias"),
    "aliases that multiply": ("seed: &a {b: 1}\nnested: {<<: [*a, *a]}\n", "an alias"),
    "a tag that Python would fail at": ("seed: !!bool foo\n", "a tag"),
    "an empty number": ("seed: !!int ''\n", "a tag"),
    "a number of thousands of digits": (f"seed: 0x{'f' * 4000}\n", "a number too long"),
    "such a number as a key": (f"? 0x{'f' * 4000}\n: 1\n", "a number too long"),
    "too large": ("# " + "a" * 300_000, "at most 262,144 bytes"),
    "unhashable key": ("? [1, 2]\n: 3\n", "not valid YAML"),
    "number as a key": ("1: 2\n", "unknown setting 1"),
    "null as a key": ("null: 2\n", "unknown setting None"),
    "impossible date": ("seed: 2026-13-45\n", "not valid YAML"),
    "huge integer": ("seed: " + "9" * 5000 + "\n", "not valid YAML|seed: is"),
    "several documents": ("seed: 1\n---\nseed: 2\n", "not valid YAML"),
    "infinity": ("learning_rate: .inf\n", "learning_rate: is inf"),
    "duplicate keys": ("seed: 1\nseed: 2\n", "seed.*twice"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files(case: str, tmp_path: Path) -> None:
    text, message = BAD_FILES[case]
    file = written(tmp_path, text)
    with pytest.raises(InputError, match=message) as raised:
        load_settings(Train, file)
    assert raised.value.line().startswith(str(file))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_settings(Train, tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="is a folder"):
        load_settings(Train, tmp_path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeffseed: 0\n"])
def test_a_file_of_nothing_new_means_the_defaults(text: str, tmp_path: Path) -> None:
    assert load_settings(Train, written(tmp_path, text)) == Train()


def test_round_trip_through_yaml(tmp_path: Path) -> None:
    settings = Train(seed=3, tau=1e-7, steps=(5,), model=Model(kind="1e4"), heads=Model())
    assert load_settings(Train, written(tmp_path, as_yaml(settings))) == settings
    assert parse_settings(Train, settings.model_dump(mode="json"), "run.json") == settings


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Train().seed = 3  # type: ignore[misc]


class Inner(Settings):
    """What lies within. And more of it."""

    low: float = setting(..., "The lower bound.", "open", ge=0, le=1)
    high: float = setting(0.9, "The upper bound.", "paper", unit="shares", ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low to be at most high")
        return self


class Outer(Settings):
    mode: Literal["fast", "slow"] = setting("fast", "How to go on.", "ours")
    text: str = setting("plain", "Any text: even of\ntwo lines.", "ours")
    names: tuple[str, ...] = setting(("a",), "Some names.", "ours", min_length=1)
    pair: tuple[int, int] | None = setting(None, "Two numbers.", "open", unit="snippets")
    inner: Inner = group(Inner(low=0.2), "Bounds.", "code")
    mixed: Inner = group(Inner(low=0.1, high=0.3), source="code", but={"high": "ours"})


def test_settings_describe_themselves() -> None:
    entries = {entry.key: entry for entry in described(Outer(mode="slow"))}
    bounds = ["inner", "inner.low", "inner.high", "mixed", "mixed.low", "mixed.high"]
    assert list(entries) == ["mode", "text", "names", "pair", *bounds]
    mode = entries["mode"]
    assert (mode.value, mode.default, mode.limits, mode.source) == ("slow", "fast", "one of fast, slow", "ours")
    assert entries["names"].limits == "list, not empty, each text"
    assert (entries["pair"].unit, entries["pair"].limits) == ("snippets", "2 values, each a number, or null")
    assert (entries["inner"].meaning, entries["mixed"].meaning) == ("Bounds.", "What lies within. And more of it.")
    assert entries["inner"].group
    # The group's source holds for the values that it names, and for no other.
    sources = [entries[key].source for key in ("inner.low", "inner.high", "mixed.low", "mixed.high")]
    assert sources == ["code", "paper", "code", "ours"]
    assert [entries[key].default for key in ("inner.low", "mixed.high")] == [0.2, 0.3]


class Wider(Inner):
    middle: float = setting(0.5, "Between the bounds.", "ours", ge=0.1)


class Loose(Settings):
    given: Inner = group(Wider(low=0.2), "A group of more settings than its field says.", "ours")
    maybe: Inner | None = group(Inner(low=0.3), "A group that may be null.", "ours")


def test_groups_that_the_schema_does_not_tell_are_described_too() -> None:
    entries = {entry.key: entry for entry in described(Loose())}
    assert (entries["given.middle"].value, entries["given.middle"].limits) == (0.5, ">= 0.1")
    assert (entries["maybe.low"].value, entries["maybe.low"].limits) == (0.3, "0 to 1")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("plain", ("a",)),
        ("two\nlines: of # text\n\n  deep", ("a, b", "[c", "", "null", "1e4", "é", "\u2028", "\x7f")),
        ("a\nb", ("{}", "c\nd")),
        ("", ("- a", "'", '"', "\t", "😀\n", "x" * 500, "word " * 60)),
    ],
)
def test_yaml_explains_and_loads_again(text: str, names: tuple[str, ...], tmp_path: Path) -> None:
    settings = Outer(mode="slow", text=text, names=names, pair=(1, 2), mixed=Inner(low=1e-7, high=1e-5))
    assert "\n" not in one_value(text) + one_value(list(names))
    written_out = as_yaml(settings)
    assert load_settings(Outer, written(tmp_path, written_out)) == settings
    assert "# How to go on. (one of fast, slow) default fast [ours]\nmode: slow\n" in written_out
    assert "  # The upper bound. (shares, 0 to 1) [paper]\n  high: 0.9\n" in written_out


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("LOWER", ["inner", "inner.low", "mixed", "mixed.low"]),
        ("mixed bound", ["mixed", "mixed.low", "mixed.high"]),
        ("lines", ["text"]),
        ("lower upper", []),
    ],
)
def test_searching_keeps_the_groups_of_what_is_found(words: str, keys: list[str], tmp_path: Path) -> None:
    settings = Outer()
    found = matching(described(settings), words)
    assert [entry.key for entry in found] == keys
    assert load_settings(Outer, written(tmp_path, as_yaml(settings, found))) == settings


def test_single_values_may_need_each_other() -> None:
    loaded = load_settings(Outer, None, ["inner.low=0.95", "inner.high=1"])
    assert loaded.inner == Inner(low=0.95, high=1.0)
    with pytest.raises(InputError, match=r"^settings inner.low=0.95: inner: .*low to be at most high"):
        load_settings(Outer, None, ["inner.low=0.95", "mode=slow"])
    with pytest.raises(InputError, match=r"^settings mode=fats: mode: is 'fats'"):
        load_settings(Outer, None, ["inner.low=0.5", "mode=fats", "text=x"])


def test_mappings_lie_between_file_and_single_values(tmp_path: Path) -> None:
    file = written(tmp_path, "seed: 7\nlearning_rate: 0.5\ntau: 1\n")
    given = {"learning_rate": 0.25, "tau": 2, "model": {"levels": 4}}
    loaded = load_settings(Train, file, ["tau=3"], base=Train(steps=(9,)), values=given)
    assert loaded == Train(seed=7, learning_rate=0.25, tau=3.0, steps=(9,), model=Model(levels=4))
    assert given == {"learning_rate": 0.25, "tau": 2, "model": {"levels": 4}}
    with pytest.raises(InputError, match=r"^settings: unknown setting model.leves; .*nearest is model.levels"):
        load_settings(Train, values={"model": {"leves": 4}})
    with pytest.raises(InputError, match=r"^settings: model.levels: is 0"):
        load_settings(Train, values={"model": {"levels": 0}})


def test_complete_settings_of_the_kind(tmp_path: Path) -> None:
    settings = Train(seed=3, model=Model(levels=7))
    assert load_settings(Train, values=settings) == settings
    assert load_settings(Train, None, ["seed=4"], values=settings) == settings.model_copy(update={"seed": 4})
    with pytest.raises(InputError, match="settings: is Model; expected Train"):
        load_settings(Train, values=Model())
    with pytest.raises(InputError, match="holds every setting"):
        load_settings(Train, written(tmp_path, "seed: 7\n"), values=settings)
    with pytest.raises(InputError, match="holds every setting"):
        load_settings(Train, base=Train(), values=settings)
