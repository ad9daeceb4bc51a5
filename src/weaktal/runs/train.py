"""Training a run: dataset and settings in, a run folder out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaktal.config import Settings, as_yaml, flat, load_settings
from weaktal.data.annotations import Video, read_annotations, read_tags
from weaktal.data.features import Features
from weaktal.data.fingerprint import fingerprints, tags_fingerprint
from weaktal.data.manifest import FILE as MANIFEST
from weaktal.data.manifest import Manifest
from weaktal.data.text_vectors import read_text_vectors
from weaktal.data.usable import usable
from weaktal.devices import check_device
from weaktal.encoders.names import has_name
from weaktal.engine.logs import Logger
from weaktal.errors import LARGEST_SEED, InputError, arg, counted, shown, within
from weaktal.locks import alone_in
from weaktal.methods.base import VLP, Inputs, OtherFeatures, method_module, method_settings
from weaktal.methods.presets import preset_file
from weaktal.progress import OnProgress
from weaktal.runs.folder import UNTAGGED, RunFolder, RunInfo
from weaktal.runs.run import Run
from weaktal.version import __version__

if TYPE_CHECKING:
    from weaktal.runs.looking import Looking

MOST_NAMED = 6  # classes that a warning names

log = logging.getLogger("weaktal")


def train(
    dataset: str | PathLike[str],
    *,
    method: str,
    features: str,
    run: str | PathLike[str],
    vlp_features: str | None = None,
    preset: str | None = None,
    config: str | PathLike[str] | None = None,
    settings: Mapping[str, Any] | Settings | None = None,
    overrides: Sequence[str] = (),
    seed: int = 0,
    resume: bool = False,
    subset: str | None = None,
    seconds_per_snippet: float | None = None,
    seconds_per_window: float | None = None,
    skip_broken: bool = False,
    loggers: Sequence[Logger] = (),
    look: bool = False,
    device: str | None = None,
    on_progress: OnProgress | None = None,
) -> Run:
    """Trains ``method`` on video-level tags. Segments are never read, except by ``look``, which only logs.

    Args:
        dataset: a dataset, or its folder, with features.
        method: name of the method: weaktal's, one that is installed, or ``package.module``.
        features: ``"NAME"`` or ``"rgb=NAME,flow=NAME"`` under ``dataset/features``.
        run: folder to make, or with ``resume`` to go on with.
        vlp_features: name of vision-language features, for methods that use them.
        preset: name of settings that come with the method, see ``weaktal.methods.presets``; its defaults otherwise.
        config: YAML file of the method's settings, over the preset's.
        settings: over these, as nested mappings such as ``{"schedule": {"epochs": 5}}``; or all of the method's, of its
            own class, in place of preset and file.
        overrides: over these, single settings as the shell gives them, such as ``"model.levels=2"``.
        seed: of weights, batches and dropout.
        resume: continue from the newest checkpoint; starts anew where there is none yet.
        subset: of the training videos; the dataset's own training subset by default.
        seconds_per_snippet: for features without a manifest.
        seconds_per_window: for the same where windows overlap; as long as the spacing by default.
        skip_broken: go on without the videos whose features cannot be used.
        loggers: what is told of the settings and of losses, learning rate, gradient norm and time of an update, besides
            the run's own files: any of Lightning Fabric's loggers, or what has the same methods.
        look: also log, for whoever watches, how well the tags of held-out videos are told, and, where segments of the
            training videos are known, how far the pseudo-labels are right. The weights stay the same, bit for bit.
        device: where to train, over ``engine.device`` of the settings: "cpu", "cuda", "cuda:1", "mps"; "auto" takes a
            GPU if there is one.
        on_progress: is told of each update, with its losses; ``what`` is the phase.

    Returns:
        The finished run.

    Raises:
        InputError: for bad input, before anything is written.
        RunError: if training diverges.
    """
    within(seed=(seed, 0, LARGEST_SEED))
    dataset, folder = Path(dataset), RunFolder(Path(run))
    overrides = on_device(overrides, device)
    kind = method_settings(method)
    base = load_settings(kind, preset_file(method, preset)) if preset else None
    chosen = load_settings(kind, None if config is None else Path(config), overrides, base=base, values=settings)
    annotations = read_tags(dataset)
    subset = subset or annotations.train_subset
    of_subset = annotations.subset(subset)
    tagged = {name: video for name, video in of_subset.items() if video.labels}
    untagged = {name: UNTAGGED for name in of_subset if name not in tagged}
    if not tagged:
        raise InputError(
            f"no video of subset {subset!r} has a label", source=annotations.source, expected="video-level tags"
        )
    _tell_of_unseen(annotations.classes, tagged.values())
    main = Features.open(dataset, features, seconds_per_snippet, seconds_per_window)
    others = {VLP: Features.open(dataset, vlp_features)} if vlp_features else {}
    videos, skipped = usable(tagged, [main, *others.values()], skip_broken=skip_broken)
    _tell_of_unknown_making([main, *others.values()])
    for error in skipped.values():
        log.warning("skipped: %s", error)
    if untagged:
        log.warning("skipped: no label: %s", ", ".join(untagged))

    dim, streams = main.layout(videos[0].name)
    inputs = Inputs(
        dim=dim,
        classes=annotations.classes,
        streams=streams,
        others={
            name: OtherFeatures(other.layout(videos[0].name)[0], read_text_vectors(other, annotations.classes))
            for name, other in others.items()
        },
        videos=len(videos),
    )
    files = fingerprints([main, *others.values()], [video.name for video in videos])
    # Late: bad names and files are refused before torch is imported.
    from weaktal.engine.batch import VideoSet
    from weaktal.engine.checkpoint import settle
    from weaktal.engine.seeding import seed_torch
    from weaktal.engine.trainer import Trainer

    module = method_module(method)
    seed_torch(seed, "weights")
    built = module.build(chosen, inputs)
    needed = {name for branch in (None, *built.branches) for name in built.needs(branch)}
    if VLP in needed and not others:
        raise InputError("names no vision-language features", source=arg("vlp_features"), expected="their folder")
    if others and not needed:
        raise InputError(f"{method} has no vision-language branch", source=f"{arg('vlp_features')} {vlp_features}")
    info = RunInfo(
        weaktal=__version__,
        method=method,
        seed=seed,
        dataset=str(dataset.absolute()),
        train_subset=subset,
        features=features,
        vlp_features=vlp_features,
        seconds_per_snippet=seconds_per_snippet,
        seconds_per_window=seconds_per_window,
        manifests=_manifests([main, *others.values()]),
        grid=main.grid,
        classes=annotations.classes,
        dim=dim,
        vlp_dim=inputs.others[VLP].dim if others else None,
        streams=streams,
        videos=tuple(video.name for video in videos),
        tags_sha256=tags_fingerprint(videos),
        features_sha256={name: made.sha256 for name, made in files.items()},
        skipped={**untagged, **{name: str(error) for name, error in skipped.items()}},
        settings=chosen.model_dump(mode="json"),
        preset=preset,
    )
    training = VideoSet(videos, annotations.classes, main, others)
    seen: Looking | None = None
    if look:
        from weaktal.runs.looking import Looking

        seen = Looking(read_annotations(dataset), subset, {"": main, **others})
    trainer = Trainer(
        built,
        training,
        folder,
        chosen.engine,
        seed,
        on_progress,
        hparams={"method": method, "seed": seed, "features": features, **flat(info.settings)},
        loggers=loggers,
        look=seen,
    )
    with alone_in(folder.path, "weaktal train"):
        folder.start(info, as_yaml(chosen), resume=resume)
        if folder.finished():
            log.info("%s: finished already", folder.path)
            settle(folder)
            return Run(folder.path)
        classes = counted(len(annotations.classes), "class", "classes")
        size = counted(len(videos), "video"), classes, counted(dim, "channel"), seed
        log.info("%s on %s of %s, %s, seed %d", method, *size)
        trainer.train()
    return Run(folder.path)


def on_device(overrides: Sequence[str], device: str | None) -> Sequence[str]:
    """Settings with a device over them.

    Raises:
        InputError: if it is none.
    """
    if device is None:
        return overrides
    check_device(device)
    return [*overrides, f"engine.device={device}"]


def _tell_of_unseen(classes: Sequence[str], videos: Iterable[Video]) -> None:
    """Warns of classes that no training video holds: they keep their place, so that scores and results stay in order,
    and are background in all training videos.
    """
    seen = {label for video in videos for label in video.labels}
    unseen = [label for label in classes if label not in seen]
    if unseen:
        which = ", ".join(map(shown, unseen[:MOST_NAMED])) + (" and more" if len(unseen) > MOST_NAMED else "")
        log.warning(
            "%d of %d classes occur in no training video and cannot be learned: %s", len(unseen), len(classes), which
        )


def _tell_of_unknown_making(parts: Sequence[Features]) -> None:
    """Warns of features of which nobody knows how they were made, since new videos then cannot be treated alike."""
    for folder in (folder for part in parts for folder in part.folders.values()):
        if folder.manifest is None:
            log.warning(
                "%s: how these features were made is not known (there is no %s): the run will localize datasets that "
                "have such features, and no video files",
                *(folder.folder, MANIFEST),
            )
        elif not folder.manifest.tells_making and has_name(folder.manifest.encoder):
            log.warning(
                "%s: weights and flow that these features were made with are not known: features of new videos may "
                "differ from them, and results on those may be worse than on this dataset",
                folder.folder,
            )


def _manifests(parts: Sequence[Features]) -> dict[str, Manifest]:
    """How the features came to be, by folder name, so that new videos can be treated alike."""
    folders = [folder for part in parts for folder in part.folders.values()]
    return {
        folder.folder.name: folder.manifest.model_copy(update={"complete": True, "text": None, "computed_on": None})
        for folder in folders
        if folder.manifest is not None
    }
