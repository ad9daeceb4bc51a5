"""``weaktal decode``: stored scores to segments, again and with other settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.following import say_next
from weaktal.cli.tags import Tags
from weaktal.decoding.config import DecodeConfig
from weaktal.errors import counted


def decode(
    scores: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCORES...",
            help="Scores that localize kept (.safetensors). Proposals of several files of the same videos, such as one "
            "of each branch, are pooled.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Results file to write.", show_default=False)],
    tags: Annotated[
        Tags | None,
        typer.Option(help="In a video with tags, find only the classes that they name; needs --dataset."),
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="With --tags: the dataset folder, or annotations file, that has them.")
    ] = None,
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
    from weaktal.decoding.decode import decode as decode_scores

    results = decode_scores(
        scores,
        out,
        config=config,
        overrides=overrides or (),
        tags=tags.value if tags else None,
        dataset=dataset,
    )
    print(f"{counted(len(results.videos), 'video')}, {counted(results.count, 'segment')}: {out}")
    say_next("evaluate", "DATASET", out)
