"""``weaktal localize``: the segments of videos, with a trained run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaktal.config import Settings
from weaktal.data.known_tags import TagsUse
from weaktal.data.results import Results
from weaktal.data.video_files import find_usable, videos_in
from weaktal.devices import check_device
from weaktal.errors import InputError, arg
from weaktal.files import cache_folder, check_writable
from weaktal.progress import OnProgress
from weaktal.runs.folder import RunFolder, files_read
from weaktal.runs.localize_dataset import localize_dataset
from weaktal.runs.settings import check_asked

if TYPE_CHECKING:
    from weaktal.encoders.weights_choice import WeightsLike
    from weaktal.runs.trained import Trained
    from weaktal.runs.video_features import EncodersLike

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]


def localize(
    run: str | PathLike[str],
    where: Paths,
    out: str | PathLike[str] | None = None,
    *,
    branch: str | None = None,
    settings: Mapping[str, Any] | Settings | None = None,
    overrides: Sequence[str] = (),
    scores: str | PathLike[str] | None = None,
    batch_size: int = 8,
    subset: str | None = None,
    features: str | None = None,
    vlp_features: str | None = None,
    seconds_per_snippet: float | None = None,
    seconds_per_window: float | None = None,
    skip_broken: bool = False,
    tags: TagsUse | None = None,
    encoder: EncodersLike | None = None,
    weights: WeightsLike | None = None,
    cache: str | PathLike[str] | None = None,
    method: str | None = None,
    device: str = "auto",
    on_progress: OnProgress | None = None,
) -> Results:
    """Finds the segments of a dataset's videos, or of video files.

    Video files are turned into features as those of the run were, once: later calls find them in the cache. A file that
    cannot be used does not stop the others; ``results.skipped`` names it.

    Args:
        run: a finished run, or its folder.
        where: a dataset, or its folder, with features like those that the run was trained on; its segments are not
            read. Or a video, a folder of videos, or several of these.
        out: results file to write; nothing is written by default.
        branch: which branch of the method scores; its default otherwise.
        settings: of decoding, over those of the run, such as ``{"theta_cls": 0.2}``.
        overrides: single settings of decoding as the shell gives them, such as ``"theta_cls=0.2"``.
        scores: also keep the scores in this file, for ``decode``.
        batch_size: videos scored at once.
        subset: of a dataset: the videos that are localized; its test subset by default.
        features, vlp_features: of a dataset: feature folders, where they are not named as in training.
        seconds_per_snippet, seconds_per_window: of a dataset's features without a manifest; those of the training
            features by default.
        skip_broken: go on without the videos of a dataset whose features cannot be used.
        tags: of a dataset: "known" finds no segment of a class that the tags of a video rule out; a video without tags
            may hold any.
        encoder: for video files: what makes the features where the run cannot be believed to say so; see
            :func:`~weaktal.runs.video_features.named_encoders`.
        weights: for video files: where to look for the encoders' weights; the usual folder by default.
        cache: for video files: folder of their features; :func:`~weaktal.files.cache_folder` by default.
        method: the run's method, where it is a module that is not installed as a method.
        device: where to score and, for video files, to make their features: "cpu", "cuda", "cuda:1", "mps"; "auto"
            takes a GPU if there is one.
        on_progress: is told how far the work has come.

    Raises:
        InputError: for bad input, if the run's features cannot be made here, or if no video can be used; nothing is
            written then.
    """
    check_device(device)
    paths = [Path(where)] if isinstance(where, str | PathLike) else [Path(path) for path in where]
    target, kept = (None if path is None else Path(path) for path in (out, scores))
    check_writable(target, kept, inputs=[*files_read([Path(run), *paths]), *named_files(weights)])
    of_dataset = {
        "subset": subset,
        "features": features,
        "vlp_features": vlp_features,
        "seconds_per_snippet": seconds_per_snippet,
        "seconds_per_window": seconds_per_window,
        "skip_broken": skip_broken or None,
        "tags": tags,
    }
    info = check_asked(RunFolder(Path(run)), branch, overrides, settings)

    def load() -> Trained:
        from weaktal.runs.trained import Trained  # late, with torch: what is misspelt is refused before

        return Trained.load(Path(run), branch, overrides, settings=settings, method=method, device=device)

    if one_dataset(paths):
        refuse({"encoder": encoder, "weights": weights, "cache": cache}, "videos; a dataset has its features")
        found = localize_dataset(
            info,
            load,
            paths[0],
            subset=subset,
            features=features,
            vlp_features=vlp_features,
            seconds_per_snippet=seconds_per_snippet,
            seconds_per_window=seconds_per_window,
            scores=kept,
            skip_broken=skip_broken,
            batch_size=batch_size,
            tags=tags,
            on_progress=on_progress,
        )
    else:
        refuse(of_dataset, "a dataset, not for videos")
        refuse_datasets(paths, Path(run))
        videos = find_usable(paths)
        # Late: these need the extra "video", and a dataset's features do not.
        from weaktal.encoders.weights_choice import WeightsChoice
        from weaktal.runs.localize_videos import localize_videos

        found = localize_videos(
            load(),
            *videos,
            encoder=encoder,
            weights=WeightsChoice.of(weights),
            cache=cache_folder() if cache is None else Path(cache),
            scores=kept,
            batch_size=batch_size,
            on_progress=on_progress,
        )
    if target is not None:
        found.save(target)
    return found


def named_files(weights: WeightsLike | None) -> list[Path]:
    """The files and folders that a caller names as weights."""
    if weights is None or isinstance(weights, str | PathLike):
        return [] if weights is None else [Path(weights)]
    if isinstance(weights, Mapping):
        return [Path(path) for path in weights.values()]
    return [path for path in (weights.root, *weights.paths.values()) if path is not None]


def one_dataset(paths: Sequence[Path]) -> bool:
    """Whether the paths are one dataset: it has annotations, or is a folder without any video."""
    if len(paths) != 1:
        return False
    return _is_dataset(paths[0]) or (paths[0].is_dir() and not videos_in(paths[0]))


def _is_dataset(path: Path) -> bool:
    return (path / "annotations.json").is_file() or path.name == "annotations.json"


def refuse(given: Mapping[str, object], meant_for: str) -> None:
    """Refuses arguments that mean nothing here.

    Raises:
        InputError: naming the first one that is not None.
    """
    for name, value in given.items():
        if value is not None:
            raise InputError(f"is for {meant_for}", source=arg(name), expected="to be left out")


def refuse_datasets(paths: Sequence[Path], run: Path | None = None) -> None:
    """Refuses datasets among video files, and no files at all.

    Raises:
        InputError: naming the first one.
    """
    if not paths:
        raise InputError("nothing to localize", source=run, expected="a dataset, or videos and folders of videos")
    for path in paths:
        if _is_dataset(path):
            raise InputError("is a dataset", source=path, expected="videos only, or a run and this dataset alone")
