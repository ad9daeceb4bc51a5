"""Training a run: dataset and settings in, a run folder out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from weaktal import __version__
from weaktal.config import as_yaml, load_settings
from weaktal.data.annotations import read_tags
from weaktal.data.features import Features
from weaktal.data.manifest import Manifest
from weaktal.data.text_vectors import read_text_vectors
from weaktal.data.usable import usable
from weaktal.engine.batch import VideoSet
from weaktal.engine.run import RunFolder, RunInfo
from weaktal.engine.seeding import seed_torch
from weaktal.engine.trainer import Trainer
from weaktal.errors import InputError, arg
from weaktal.methods.base import Inputs, method_module


def train(
    dataset: Path,
    *,
    method: str,
    features: str,
    run: Path,
    vlp_features: str | None = None,
    config: Path | None = None,
    overrides: Sequence[str] = (),
    seed: int = 0,
    resume: bool = False,
    subset: str | None = None,
    seconds_per_snippet: float | None = None,
    skip_broken: bool = False,
    console: Console | None = None,
) -> RunFolder:
    """Trains ``method`` on the video-level tags of a dataset folder. Segments are never read.

    Args:
        dataset: folder with annotations.json and features.
        method: name of the method.
        features: ``"NAME"`` or ``"rgb=NAME,flow=NAME"`` under ``dataset/features``.
        run: folder to make, or with ``resume`` to go on with.
        vlp_features: name of vision-language features, for methods that use them.
        config: YAML file of the method's settings.
        overrides: single settings, such as ``"model.levels=2"``.
        seed: of weights, batches and dropout.
        resume: go on from the newest checkpoint; starts anew where there is none yet.
        subset: of the training videos; the dataset's own training subset where it is None.
        seconds_per_snippet: for features without a manifest.
        skip_broken: go on without the videos whose features cannot be used.
        console: where progress goes; standard error where it is None.

    Returns:
        The finished run.

    Raises:
        InputError: for bad input, before anything is written.
        RunError: if training diverges.
    """
    console = console or Console(stderr=True)
    module = method_module(method)
    settings = load_settings(module.CONFIG, config, overrides)
    annotations = read_tags(dataset)
    subset = subset or annotations.train_subset
    chosen = annotations.subset(subset)
    tagged = {name: video for name, video in chosen.items() if video.labels}
    untagged = {name: "has no label" for name in chosen if name not in tagged}
    if not tagged:
        raise InputError(
            f"no video of subset {subset!r} has a label", source=annotations.source, expected="video-level tags"
        )
    cbp = Features.open(dataset, features, seconds_per_snippet)
    vlp = Features.open(dataset, vlp_features) if vlp_features else None
    videos, skipped = usable(tagged, [cbp, vlp] if vlp else [cbp], skip_broken=skip_broken)
    for reason in skipped.values():
        console.print(f"skipped: {reason}", highlight=False, markup=False, soft_wrap=True)
    if untagged:
        names = ", ".join(untagged)
        console.print(f"skipped, as they have no label: {names}", highlight=False, markup=False, soft_wrap=True)

    dim, streams = cbp.layout(videos[0].name)
    inputs = Inputs(
        dim=dim,
        classes=annotations.classes,
        streams=streams,
        vlp_dim=vlp.layout(videos[0].name)[0] if vlp else None,
        videos=len(videos),
        text=read_text_vectors(vlp, len(annotations.classes)) if vlp else None,
    )
    seed_torch(seed, "weights")
    built = module.build(settings, inputs)
    if vlp is not None and not built.vlp_branches:
        raise InputError(f"{method} has no vision-language branch", source=f"{arg('vlp_features')} {vlp_features}")
    folder = RunFolder(run)
    info = RunInfo(
        weaktal=__version__,
        method=method,
        seed=seed,
        dataset=str(dataset.absolute()),
        train_subset=subset,
        features=features,
        vlp_features=vlp_features,
        seconds_per_snippet=seconds_per_snippet,
        manifests=_manifests(cbp, vlp),
        grid=cbp.grid,
        classes=annotations.classes,
        dim=dim,
        vlp_dim=inputs.vlp_dim,
        streams=streams,
        videos=tuple(video.name for video in videos),
        skipped={**untagged, **skipped},
        settings=settings.model_dump(mode="json"),
    )
    trainer = Trainer(built, VideoSet(videos, annotations.classes, cbp, vlp), folder, settings.engine, seed, console)
    folder.start(info, as_yaml(settings), resume=resume)
    if folder.finished():
        console.print(f"{run}: finished already", highlight=False, markup=False)
        return folder
    console.print(
        f"{method} on {len(videos)} videos of {len(annotations.classes)} classes, {dim} channels, seed {seed}",
        highlight=False,
        markup=False,
    )
    trainer.train()
    return folder


def _manifests(*parts: Features | None) -> dict[str, Manifest]:
    """How the features came to be, by folder name, so that new videos can be treated alike."""
    folders = [folder for part in parts if part is not None for folder in part.folders.values()]
    return {
        folder.folder.name: folder.manifest.model_copy(update={"complete": True, "text": None})
        for folder in folders
        if folder.manifest is not None
    }
