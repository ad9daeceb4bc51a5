"""Docstrings for the site: references in reStructuredText become code, as Markdown has it."""

from __future__ import annotations

import re
from typing import Any

from griffe import Docstring, Extension, Object

_ROLE = re.compile(r":(?:func|class|meth|mod|data|attr|exc|obj):`~?(?:[\w.]+\.)?([^`.]+)`")


class PlainReferences(Extension):
    """Turns ``:func:`~weaktal.runs.train.train` `` into the code ``train``, and double backticks into single ones."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrites the docstring of each object that was loaded."""
        docstring: Docstring | None = obj.docstring
        if docstring is not None:
            docstring.value = _ROLE.sub(r"`\1`", docstring.value).replace("``", "`").replace("::\n", ":\n")
