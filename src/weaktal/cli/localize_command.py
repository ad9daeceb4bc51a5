"""``weaktal localize``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.errors import InputError

if TYPE_CHECKING:
    from weaktal.data.results import Results
    from weaktal.runs.localize_videos import VideosLocalized


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
    branch: Annotated[str | None, typer.Option(help="Which branch scores, for methods with several.")] = None,
    features: Annotated[str | None, typer.Option(help="Feature folder, where it is not named as in training.")] = None,
    vlp_features: Annotated[str | None, typer.Option(help="Vision-language feature folder, likewise.")] = None,
    seconds_per_snippet: Annotated[
        float | None, typer.Option(help="Spacing of a dataset's features that have no manifest.")
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            help="With --zero-shot: clip-vit-b16 (default), or another that reads words, as weaktal extract takes it. "
            "With a run, for features of an own encoder that is called by package.module:function: this again, or "
            "NAME=package.module:function with the name of the features."
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(help="For videos: folder of weights, or NAME=PATH, as weaktal extract takes it."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="For videos: keep their features there, not in ~/.cache/weaktal/features.", metavar="DIR"),
    ] = None,
    scores: Annotated[Path | None, typer.Option(help="Keep the scores there, for weaktal decode.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting of decoding, such as theta_cls=0.2; repeatable.")
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out videos of a dataset whose features are bad.")
    ] = False,
) -> None:
    """Find the segments of videos with a trained run, or of named actions without one.

    Videos are turned into features as those of the run were, once: later calls find them in the cache. A video that
    cannot be used is left out of the results and named at the end, with exit code 2.

    Example: weaktal localize runs/first DATASET --out results.json
    """
    overrides = [override.removeprefix("decode.") for override in set_ or []]
    of_dataset = {
        "--subset": subset,
        "--features": features,
        "--vlp-features": vlp_features,
        "--seconds-per-snippet": seconds_per_snippet,
        "--skip-broken": skip_broken or None,
    }
    of_videos = {"--encoder": encoder, "--weights": weights, "--cache": cache}
    if zero_shot is not None:
        from weaktal.encoders.catalog import WeightsChoice
        from weaktal.encoders.names import CLIP
        from weaktal.runs.zero_shot import localize_zero_shot, parse_labels, setting

        _refuse({**of_dataset, "--branch": branch}, "localizing with a run")
        _refuse_datasets(where)
        if len(encoder or ()) > 1:
            raise InputError("is given several times", source="--encoder", expected="one, with --zero-shot")
        found = localize_zero_shot(
            parse_labels(zero_shot),
            where,
            out,
            encoder=encoder[0] if encoder else CLIP,
            weights=WeightsChoice.parse(weights or (), None),
            cache=cache,
            scores=scores,
            overrides=[setting(override) for override in overrides],
        )
        _say_videos(found, out)
        return
    run, *rest = where
    if not rest:
        raise InputError("nothing to localize", source=run, expected="RUN, then a dataset folder or videos")
    if len(rest) == 1 and (_is_dataset(rest[0]) or (rest[0].is_dir() and not _holds_videos(rest[0]))):
        from weaktal.runs.localize_dataset import localize as localize_dataset

        _refuse(of_videos, "videos; a dataset has its features")
        localized = localize_dataset(
            run,
            rest[0],
            out,
            subset=subset,
            branch=branch,
            features=features,
            vlp_features=vlp_features,
            seconds_per_snippet=seconds_per_snippet,
            scores=scores,
            overrides=overrides,
            skip_broken=skip_broken,
        )
        _say(localized.results, out)
        if localized.classification_map is not None:
            print(f"classification mAP of the video scores: {100 * localized.classification_map:.1f} %")
        return
    from weaktal.encoders.catalog import WeightsChoice
    from weaktal.runs.localize_videos import localize_videos

    _refuse(of_dataset, "a dataset, not for videos")
    _refuse_datasets(rest)
    found = localize_videos(
        run,
        rest,
        out,
        branch=branch,
        encoder=_encoders(encoder or ()),
        weights=WeightsChoice.parse(weights or (), None),
        cache=cache,
        scores=scores,
        overrides=overrides,
    )
    _say_videos(found, out)


def _encoders(options: Sequence[str]) -> str | dict[str, str] | None:
    """``--encoder ENCODER``, or ``--encoder NAME=ENCODER`` any number of times."""
    named = {name: encoder for name, equals, encoder in (option.partition("=") for option in options) if equals}
    if len(named) == len(options):
        return named or None
    if len(options) > 1:
        raise InputError("is given several times", source="--encoder", expected="NAME=package.module:function each")
    return options[0]


def _is_dataset(path: Path) -> bool:
    return (path / "annotations.json").is_file() or path.name == "annotations.json"


def _holds_videos(folder: Path) -> bool:
    from weaktal.data.video_files import videos_in

    return bool(videos_in(folder))


def _refuse(options: Mapping[str, object], meant_for: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise InputError(f"is for {meant_for}", source=name, expected="to be left out")


def _refuse_datasets(paths: Sequence[Path]) -> None:
    for path in paths:
        if _is_dataset(path):
            raise InputError("is a dataset", source=path, expected="videos only, or RUN and this dataset alone")


def _say(results: Results, out: Path) -> None:
    count = sum(len(segments) for segments in results.videos.values())
    print(f"{len(results.videos)} videos, {count} segments: {out}")


def _say_videos(found: VideosLocalized, out: Path) -> None:
    cached = len(found.results.videos) - found.extracted - found.reused
    reused = f", {found.reused} from the run's dataset" if found.reused else ""
    print(f"features: {found.extracted} videos extracted, {cached} from the cache{reused}")
    _say(found.results, out)
    for error in found.failed.values():
        print(f"weaktal: {error.line(shell=True)}", file=sys.stderr)
    if found.failed:
        count = len(found.failed) + len(found.results.videos)
        raise InputError(f"{len(found.failed)} of {count} videos cannot be used, named above; {out} is without them")
