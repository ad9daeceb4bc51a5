from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from weaktal.config import Settings, as_yaml, load_settings, parse_settings
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
    "alias of itself": ("seed: &a [*a]\n", "seed"),
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
