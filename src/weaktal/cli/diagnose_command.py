"""``weaktal diagnose``: how scores err, snippet by snippet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def diagnose(
    annotations: Annotated[Path, typer.Argument(help="Annotations file or dataset folder.", show_default=False)],
    scores: Annotated[Path, typer.Argument(help="Scores that localize kept (.safetensors).", show_default=False)],
    threshold: Annotated[float, typer.Option(min=0.0, max=0.99, help="Share of a class's maximum in the video.")] = 0.5,
) -> None:
    """Show how scores err: the share of action snippets missed and of background snippets that raise an alarm.

    For looking at a method, never for choosing: it compares with the truth.
    """
    from weaktal.workflows.diagnose import diagnose as diagnose_scores

    errors = diagnose_scores(annotations, scores, threshold=threshold)
    print(f"misses        {errors.miss_rate:.3f} of {errors.action} action snippets")
    print(f"false alarms  {errors.false_alarm_rate:.3f} of {errors.background} background snippets")
