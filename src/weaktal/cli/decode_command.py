"""``weaktal decode``: stored scores to segments, again and with other settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def decode(
    scores: Annotated[
        Path, typer.Argument(metavar="SCORES", help="Scores that weaktal stored (.safetensors).", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Results file to write.", show_default=False)],
    config: Annotated[Path | None, typer.Option(help="YAML file of decoding settings.", show_default=False)] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="One setting, such as theta_loc=0.5; repeat.", show_default=False
        ),
    ] = None,
) -> None:
    """Decode stored scores into segments again, with other settings and without the model.

    Settings are theta_cls, keep_top, theta_loc, threshold_scale, score, outer_share, weight_by_video, min_snippets,
    upsample, nms, sigma, nms_overlap, overlap, score_floor and max_per_video.
    """
    from weaktal.decode.decode import decode as decode_scores

    results = decode_scores(scores, out, config=config, settings=overrides or ())
    print(f"{len(results.videos)} videos, {results.count} segments: {out}")
