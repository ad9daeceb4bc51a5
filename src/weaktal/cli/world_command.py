"""``weaktal world``: a dataset of rendered videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.compose_command import parse_size
from weaktal.cli.following import say_next
from weaktal.errors import LARGEST_SEED, counted


def world(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder to make; it must not exist.", show_default=False)
    ],
    train: Annotated[int, typer.Option(min=1, max=10_000, help="Training videos: tags only.")] = 80,
    test: Annotated[int, typer.Option(min=1, max=10_000, help="Test videos: exact segments.")] = 40,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="The same seed gives the same frames.")] = 0,
    actions: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="The actions to be found, separated by commas.", show_default="all 15"),
    ] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Frame size in pixels, even numbers.")] = "320x180",
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that render.", show_default="as many as cores")
    ] = None,
    sheets: Annotated[
        Path | None,
        typer.Option(help="Also write contact sheets of all actions and scenes to this folder.", show_default=False),
    ] = None,
) -> None:
    """Render untrimmed videos of a made-up world of sports, with tags to train on and exact segments to test on.

    Figures do 15 kinds of actions to be found, and 21 others, in 8 scenes. An annotated segment covers run-up, peak and
    recovery. The same seed gives the same frames on every machine, whatever the number of workers.
    """
    from weaktal.cli.bars import showing
    from weaktal.worlds.actions import TARGETS
    from weaktal.worlds.world import world as make_world

    chosen = TARGETS if actions is None else [name.strip() for name in actions.split(",")]
    with showing() as on_progress:
        made = make_world(
            dataset,
            train=train,
            test=test,
            seed=seed,
            actions=chosen,
            size=parse_size(size),
            workers=workers,
            sheets=sheets,
            on_progress=on_progress,
        )
    for subset in dict.fromkeys(video.subset for video in made.videos):
        plans = [video.plan for video in made.videos if video.subset == subset]
        length = sum(plan.duration for plan in plans)
        action = sum(segment.duration for plan in plans for segment in plan.segments)
        count = sum(len(plan.segments) for plan in plans)
        size = f"{counted(len(plans), 'video')}, {length / 60:.1f} min, {counted(count, 'segment')}"
        print(f"{subset}: {size}, {action / length:.0%} action")
    for path in (made.dataset, *made.sheets):
        print(f"wrote {path}")
    say_next("extract", made.dataset, "--encoder", "world-cbp", "--encoder", "world-vlp", "--into", made.dataset)
