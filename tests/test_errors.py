"""One line for bad input, in the words of whoever reads it."""

from __future__ import annotations

import pytest

from weaktal.errors import InputError, RunError, WeaktalError, arg


@pytest.mark.parametrize(
    ("name", "python", "shell"),
    [
        ("vlp_features", "vlp_features", "--vlp-features"),
        ("skip_broken", "skip_broken=True", "--skip-broken"),
        ("settings", "settings", "--set"),
    ],
)
def test_arguments_to_python_and_options_to_the_shell(name: str, python: str, shell: str) -> None:
    error = InputError(f"is needed beside {arg('method')} collab", source=arg(name), expected=f"a name, or {arg(name)}")
    assert str(error) == f"{python}: is needed beside method collab; expected a name, or {python}"
    assert error.line(shell=True) == f"{shell}: is needed beside --method collab; expected a name, or {shell}"


def test_an_error_within_another_keeps_its_words() -> None:
    inner = InputError("is missing", source=arg("weights"))
    assert InputError(f"the first: {inner.text}").line(shell=True) == "the first: --weights: is missing"


def test_what_is_no_argument_stays() -> None:
    assert InputError("--odd name", source="a--b.npy").line(shell=True) == "a--b.npy: --odd name"


def test_both_errors_are_weaktals() -> None:
    assert issubclass(InputError, WeaktalError)
    assert issubclass(RunError, WeaktalError)
