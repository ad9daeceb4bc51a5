"""Every example in a docstring says what really comes out."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import weaktal

SOURCE = Path(weaktal.__file__).parent
WITH_EXAMPLES = [
    ".".join(("weaktal", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(name))
    assert tried.attempted > 0
    assert tried.failed == 0
