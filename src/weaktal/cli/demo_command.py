"""``weaktal demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.devices import Device
from weaktal.errors import LARGEST_SEED


def demo(
    out: Annotated[Path, typer.Option(help="Folder to make; it must not exist.", metavar="DIR")] = Path("weaktal-demo"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer videos and hardly any training, to test an installation.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the videos and of training.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Processes that render videos.", show_default="as many as cores")
    ] = None,
    device: Device = "auto",
    cache: Annotated[
        Path | None,
        typer.Option(help="Keep rendered videos there instead of in ~/.cache/weaktal/worlds.", metavar="DIR"),
    ] = None,
) -> None:
    """Try everything on rendered videos: make them, extract features, train on tags, localize, score, report.

    Needs no data and no downloads. Takes minutes, and writes everything to one folder: the dataset, the run, the
    results of each branch, and a report to open in a browser.
    """
    import weaktal.video  # noqa: F401  # says what to install where the extra is missing, before anything else
    from weaktal.demonstration.demo import FULL, QUICK
    from weaktal.demonstration.demo import demo as run_demo

    done = run_demo(out, size=QUICK if quick else FULL, seed=seed, workers=workers, cache=cache, device=device)
    print(f"\nmAP, mean of tIoU 0.1 to 0.7 ({done.seconds:.0f} s in all):")
    for name, scores in done.scores.items():
        print(f"  {name:8s} {100 * scores.average_map:5.1f} %")
    print(f"\nreport: {done.report}\n\nnext, try:")
    for command in done.next:
        print(f"  {command}")
