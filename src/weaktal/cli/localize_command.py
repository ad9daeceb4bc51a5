"""``weaktal localize``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.cli.devices import Device
from weaktal.cli.following import say_next
from weaktal.cli.tags import Tags
from weaktal.errors import InputError, counted

if TYPE_CHECKING:
    from weaktal.data.results import Results
    from weaktal.encoders.weights_choice import WeightsChoice


def localize(
    where: Annotated[
        list[Path],
        typer.Argument(
            help="Folder of a finished run, then a dataset folder or videos and folders of videos; "
            "with --zero-shot only videos.",
            metavar="RUN DATASET|VIDEO...",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Results file to write.", show_default=False)],
    zero_shot: Annotated[
        str | None,
        typer.Option(help='Names of actions, such as "high jump,pole vault": find them without any run.'),
    ] = None,
    subset: Annotated[
        str | None, typer.Option(help="Subset to localize; the dataset's test subset by default.")
    ] = None,
    branch: Annotated[str | None, typer.Option(help="The branch whose scores count, for methods with several.")] = None,
    method: Annotated[
        str | None,
        typer.Option(help="For a run of a method that is not installed: its package.module again."),
    ] = None,
    features: Annotated[
        str | None, typer.Option(help="Feature folder, if it has another name than in training.")
    ] = None,
    vlp_features: Annotated[
        str | None, typer.Option(help="Vision-language feature folder, if it has another name than in training.")
    ] = None,
    seconds_per_snippet: Annotated[
        float | None, typer.Option(min=0.001, max=3600, help="Spacing of a dataset's features that have no manifest.")
    ] = None,
    seconds_per_window: Annotated[
        float | None,
        typer.Option(min=0.001, max=3600, help="Seconds that a snippet of these features covers, if windows overlap."),
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            help="With --zero-shot: clip-vit-b16 (the default), or another encoder that reads words, as for weaktal "
            "extract. With a run whose features were made by package.module:function: this again, or "
            "NAME=package.module:function with the name of the features."
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(help="For videos: folder of weights, or NAME=PATH, as for weaktal extract."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="For videos: keep their features there instead of in ~/.cache/weaktal/features.", metavar="DIR"
        ),
    ] = None,
    scores: Annotated[Path | None, typer.Option(help="Keep the scores there, for weaktal decode.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting of decoding, such as theta_cls=0.2; repeatable.")
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Skip videos of a dataset whose features cannot be used.")
    ] = False,
    device: Device = "auto",
    tags: Annotated[
        Tags | None,
        typer.Option(help="For a dataset: in a video with tags, find only the classes that they name."),
    ] = None,
) -> None:
    """Find the segments of videos with a trained run, or of named actions without one.

    Videos are turned into features in the same way as those of the run, once: later calls find them in the cache. A
    video that cannot be used is missing from the results and named at the end, with exit code 2.

    Example: weaktal localize runs/first DATASET --out results.json
    """
    from weaktal.encoders.names import CLIP, check_encoder

    labels: tuple[str, ...] = ()
    if zero_shot is not None:  # before torch is imported, which takes longer
        from weaktal.config import load_settings
        from weaktal.data.video_files import refuse_absent
        from weaktal.runs.zero_shot_config import ZeroShotConfig, full_setting, parse_labels

        for one in encoder or ():
            check_encoder(one)
        labels = parse_labels(zero_shot)
        set_ = [full_setting(override) for override in set_ or []]
        load_settings(ZeroShotConfig, None, set_)
        refuse_absent(where)
    from weaktal.cli.bars import showing
    from weaktal.runs.localize import localize as localize_run
    from weaktal.runs.localize import refuse

    chosen = _weights(weights)
    with showing() as show:
        if zero_shot is None:
            found = localize_run(
                where[0],
                where[1:],
                out,
                branch=branch,
                overrides=[override.removeprefix("decode.") for override in set_ or []],
                scores=scores,
                subset=subset,
                features=features,
                vlp_features=vlp_features,
                seconds_per_snippet=seconds_per_snippet,
                seconds_per_window=seconds_per_window,
                skip_broken=skip_broken,
                tags=tags.value if tags else None,
                encoder=_encoders(encoder or ()),
                weights=chosen,
                cache=cache,
                method=method,
                device=device,
                on_progress=show,
            )
        else:
            of_runs = {"branch": branch, "subset": subset, "features": features, "vlp_features": vlp_features}
            others = {
                "method": method,
                "seconds_per_snippet": seconds_per_snippet,
                "seconds_per_window": seconds_per_window,
                "skip_broken": skip_broken or None,
            }
            others["tags"] = tags.value if tags else None
            refuse({**of_runs, **others}, "localizing with a run")
            if len(encoder or ()) > 1:
                raise InputError("is given several times", source="--encoder", expected="one, with --zero-shot")
            from weaktal.runs.zero_shot import zero_shot as localize_words

            found = localize_words(
                labels,
                where,
                out,
                encoder=encoder[0] if encoder else CLIP,
                weights=chosen,
                cache=cache,
                scores=scores,
                overrides=set_ or [],
                device=device,
                on_progress=show,
            )
    _say(found, out, wanted=not skip_broken)


def _say(found: Results, out: Path, *, wanted: bool) -> None:
    """What was found; where every video was ``wanted``, one that had to be skipped is an error."""
    print(f"{counted(len(found.videos), 'video')}, {counted(found.count, 'segment')}: {out}")
    share = found.external.get("classification_map")
    if share is not None:
        print(f"classification mAP of the video scores: {100 * share:.1f} %")
    if found.skipped and wanted:
        for error in found.skipped.values():
            print(f"weaktal: {error.line(shell=True)}", file=sys.stderr)
        count = counted(len(found.skipped) + len(found.videos), "video")
        raise InputError(f"{len(found.skipped)} of {count} cannot be used, named above; {out} is without them")
    say_next("view", out)


def _weights(options: Sequence[str] | None) -> WeightsChoice | None:
    if not options:
        return None
    from weaktal.encoders.weights_choice import WeightsChoice

    return WeightsChoice.parse(options, None)


def _encoders(options: Sequence[str]) -> str | dict[str, str] | None:
    """``--encoder ENCODER``, or ``--encoder NAME=ENCODER`` any number of times."""
    named = {name: encoder for name, equals, encoder in (option.partition("=") for option in options) if equals}
    if len(named) == len(options):
        return named or None
    if len(options) > 1:
        raise InputError("is given several times", source="--encoder", expected="NAME=package.module:function each")
    return options[0]
