"""Which weights to take, as users say it; without torch, so that a wrong path is refused before that is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from weaktal.encoders.weights import KNOWN, known, locate
from weaktal.errors import InputError, arg


@dataclass(frozen=True, slots=True)
class WeightsChoice:
    """Which weights to take.

    Attributes:
        root: folder to look in instead of the usual one.
        paths: files or folders by the names of ``weaktal weights``, taken before ``root``.
        seed: draw random weights instead, for trying things without weights.
    """

    root: Path | None = None
    paths: Mapping[str, Path] = field(default_factory=dict)
    seed: int | None = None

    @classmethod
    def of(cls, weights: WeightsLike | None, seed: int | None = None) -> WeightsChoice:
        """From what a Python caller gives: a folder, files and folders by name, or a choice that was made before.

        Raises:
            InputError: if both are given, the seed is negative, or a path does not exist.
        """
        _check_seed(seed, weights is not None)
        if isinstance(weights, WeightsChoice):
            return weights
        if isinstance(weights, str | os.PathLike):
            return cls(root=_existing(weights))
        paths = {} if weights is None else dict(weights)
        return cls(paths={name: _existing(path) for name, path in paths.items()}, seed=seed)

    @classmethod
    def parse(cls, options: Sequence[str], seed: int | None) -> WeightsChoice:
        """From ``--weights FOLDER``, ``--weights NAME=PATH`` and ``--random-weights SEED``.

        Raises:
            InputError: if the options contradict each other or name nothing.
        """
        _check_seed(seed, bool(options))
        root, paths = None, {}
        for option in options:
            name, equals, path = option.partition("=")
            if equals and name in KNOWN:
                paths[name] = Path(path)
            elif Path(option).exists():
                root = Path(option)
            elif equals and Path(path).exists():
                paths[name] = Path(path)
            else:
                expected = f"an existing file or folder, or NAME=PATH with NAME one of {', '.join(KNOWN)}"
                raise InputError("no such file or folder", source=f"{arg('weights')} {option}", expected=expected)
        return cls(root, paths, seed)

    def path(self, name: str) -> Path:
        """The weights of that name.

        Raises:
            InputError: if they are nowhere.
        """
        if name in self.paths:
            return locate(known(name), self.paths[name])
        return locate(known(name), self.root)

    def named(self, name: str) -> Path | None:
        """What the user named for an encoder that weaktal does not know: NAME=PATH, or else the one folder."""
        return self.paths.get(name, self.root)


# From Python: a folder of weights, files and folders by the names of ``weaktal weights``, or a choice made before.
WeightsLike = str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]] | WeightsChoice


def _check_seed(seed: int | None, weights: bool) -> None:
    if seed is not None and weights:
        raise InputError(f"contradicts {arg('weights')}", source=arg("random_weights"), expected="one of the two")
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"is {seed}", source=arg("random_weights"), expected="a seed from 0 on")


def _existing(path: str | os.PathLike[str]) -> Path:
    if not Path(path).exists():
        source = f"{arg('weights')} {os.fspath(path)}"
        raise InputError("no such file or folder", source=source, expected="an existing file or folder")
    return Path(path)
