"""``weaktal settings``."""

from __future__ import annotations

from typing import Annotated

import typer

from weaktal.methods import METHODS


def settings(
    method: Annotated[
        str, typer.Argument(help=f"One of {', '.join(METHODS)}; or decode, or zero-shot.", show_default=False)
    ],
    preset: Annotated[str | None, typer.Option(help="Named settings, such as quick, instead of the defaults.")] = None,
    search: Annotated[
        str | None, typer.Option(help="Only settings whose name or meaning contains these words.", metavar="WORDS")
    ] = None,
) -> None:
    """List every setting with its meaning, unit, range and source, as YAML for weaktal train --config.

    Example: weaktal settings collab --search threshold
    """
    from weaktal.runs.settings import settings as settings_of

    print(settings_of(method, preset=preset, search=search), end="")
