"""``weaktal localize``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def localize(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", show_default=False)],
    dataset: Annotated[Path, typer.Argument(help="Dataset folder with the same kind of features.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Results file to write.", show_default=False)],
    subset: Annotated[
        str | None, typer.Option(help="Subset to localize; the dataset's test subset by default.")
    ] = None,
    branch: Annotated[str | None, typer.Option(help="Which branch scores, for methods with several.")] = None,
    features: Annotated[str | None, typer.Option(help="Feature folder, where it is not named as in training.")] = None,
    vlp_features: Annotated[str | None, typer.Option(help="Vision-language feature folder, likewise.")] = None,
    scores: Annotated[Path | None, typer.Option(help="Keep the scores there, for weaktal decode.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting of decoding, such as theta_cls=0.2; repeatable.")
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out videos whose features are bad.")
    ] = False,
) -> None:
    """Find the segments of videos with a trained run.

    Example: weaktal localize runs/first DATASET --out results.json
    """
    from weaktal.workflows.localize import localize as localize_videos

    found = localize_videos(
        run,
        dataset,
        out,
        subset=subset,
        branch=branch,
        features=features,
        vlp_features=vlp_features,
        scores=scores,
        overrides=[override.removeprefix("decode.") for override in set_ or []],
        skip_broken=skip_broken,
    )
    count = sum(len(segments) for segments in found.results.videos.values())
    print(f"{len(found.results.videos)} videos, {count} segments: {out}")
    if found.classification_map is not None:
        print(f"classification mAP of the video scores: {100 * found.classification_map:.1f} %")
