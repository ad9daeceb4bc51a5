"""``weaktal decode``: stored scores to segments, again and with other settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.decode.config import DecodeConfig


def decode(
    scores: Annotated[
        Path, typer.Argument(metavar="SCORES", help="Scores that weaktal stored (.safetensors).", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Results file to write.", show_default=False)],
    config: Annotated[Path | None, typer.Option(help="YAML file of decoding settings.", show_default=False)] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help=f"One of {', '.join(DecodeConfig.model_fields)}; repeatable. weaktal settings decode explains them.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Decode stored scores into segments again, with other settings and without the model."""
    from weaktal.config import load_settings
    from weaktal.data.results import write_results
    from weaktal.data.scores import read_scores
    from weaktal.decode.decoder import decode_scores

    settings = load_settings(DecodeConfig, config, overrides or ())
    results = decode_scores(read_scores(scores), settings)
    write_results(out, results)
    count = sum(len(segments) for segments in results.videos.values())
    print(f"{len(results.videos)} videos, {count} segments: {out}")
