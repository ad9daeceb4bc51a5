"""Arguments that had other names once: the old ones are still taken, and said. The shell's are in ``cli.renamed``."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def formerly(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function that takes arguments under their old names too, with a warning.

    Args:
        names: the present name of an argument, given by name, under its old one; "not NAME" if the old one meant the
            contrary, true for false.

    >>> @formerly(strict="not skip")
    ... def read(*, skip: bool = True) -> bool:
    ...     return skip
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     read(strict=True)
    False
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def renaming(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in names.keys() & kwargs.keys():
                new = names[old].removeprefix("not ")
                if new in kwargs:
                    raise TypeError(f"{function.__name__}() got both {new} and {old}, its old name")
                said = f"{function.__name__}(): {old} is called {names[old]} now"
                warnings.warn(said, DeprecationWarning, stacklevel=2)
                value = kwargs.pop(old)
                kwargs[new] = value if new == names[old] else not value
            return function(*args, **kwargs)

        return renaming

    return decorated
