"""Features of many videos into a dataset folder: what is left to do, what the manifest says, writing whole files.

A run that was killed goes on where it stopped, since a finished file is skipped and files appear whole or not at all.
A folder only ever holds features of one setting.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from weaktal.data.annotations import Annotations, annotations_file, read_tags
from weaktal.data.features import read_header
from weaktal.data.folder_contents import holds_features
from weaktal.data.manifest import FILE, Manifest, read_manifest, write_manifest
from weaktal.encoders.descriptions import class_texts, described_vectors
from weaktal.encoders.networks import SnippetEncoder
from weaktal.errors import InputError, arg, shown
from weaktal.extraction.pipeline import Failed, Job, Pipeline, Rows, Sampling
from weaktal.extraction.prefetch import Shared, merged
from weaktal.files import refuse_links, replacing, sha256

TEXT = "text.npy"
# The class vectors where a video is called text; no video's name begins with a dot.
TEXT_APART = ".text.npy"
# Keys of a manifest that do not tell how its numbers came to be.
_NOT_SETTINGS = {"complete", "computed_on", "text", "text_classes", "template", "texts_sha256", "weights_files"}


@dataclass(frozen=True, slots=True)
class Target:
    """A feature folder and what goes into it."""

    folder: Path
    encoder: SnippetEncoder
    manifest: Manifest

    def has(self, video: str) -> bool:
        """Whether the video's file is there, whole, and as wide as it should be.

        Raises:
            InputError: if there is a file under its name that is none of ours.
        """
        path = self.folder / f"{video}.npy"
        if not path.exists() or path == self.text():
            return False
        header = read_header(path)
        if header.columns != self.manifest.dim:
            raise InputError(f"has {header.columns} columns", source=path, expected=f"{self.manifest.dim}")
        return True

    def text(self) -> Path | None:
        """The file of class vectors, where the folder's manifest names one that is there."""
        existing = read_manifest(self.folder)
        path = self.folder / existing.text if existing is not None and existing.text else None
        return path if path is not None and path.exists() else None

    def write(self, video: str, features: Rows) -> None:
        """Puts a video's features in place, whole or not at all."""
        with replacing(self.folder / f"{video}.npy") as temporary, temporary.open("wb") as stream:
            np.save(stream, np.ascontiguousarray(features, dtype=np.float32), allow_pickle=False)


def make_target(
    folder: Path, encoder: SnippetEncoder, sampling: Sampling, *, flow: str | None = None, template: str | None = None
) -> Target:
    """The folder with the manifest that it will have; nothing is written yet.

    Args:
        folder: ``DATASET/features/NAME``.
        encoder: what fills it.
        sampling: where its snippets lie.
        flow: name of the optical-flow method, kept where the encoder eats flow.
        template: of the class vectors, kept where the encoder has a text side.

    Raises:
        InputError: naming the setting, if the folder holds features of another.
    """
    refuse_links(folder, within=folder.parent.parent)
    target = Target(folder, encoder, planned_manifest(encoder, sampling, flow=flow, template=template))
    existing = read_manifest(folder)
    if existing is not None:
        _check_same(existing, target)
        kept = {"computed_on": existing.computed_on}
        target = replace(target, manifest=target.manifest.model_copy(update=kept))
    elif folder.is_dir() and holds_features(folder):
        raise InputError(
            f"holds features but no {FILE}, so how they were made is unknown",
            source=folder,
            expected=f"another {arg('names', '--features')}, or an empty folder",
        )
    return target


def planned_manifest(
    encoder: SnippetEncoder, sampling: Sampling, *, flow: str | None = None, template: str | None = None
) -> Manifest:
    """What the manifest of such features says before there are any; arguments as of :func:`make_target`.

    Raises:
        InputError: if ten crops are asked of an encoder that sees whole frames.
    """
    kinds = {network.kind for network in encoder.networks}
    settings: dict[str, Any] = {}
    if kinds & {"rgb", "flow"} and encoder.sight == "crops":
        settings["crop"] = sampling.crop
        if sampling.geometry is not None:
            settings["geometry"] = list(sampling.geometry)
    elif sampling.crop == "ten" and kinds & {"rgb", "flow"}:
        raise InputError(f"{encoder.name} sees whole frames", source=f"{arg('crop')} ten", expected="to be left out")
    if encoder.eats_flow:
        settings["flow"] = flow
        if sampling.eight_bits:
            settings["flow_bits"] = 8
    if encoder.text is not None:
        settings["template"] = template
    return Manifest.model_validate(
        {
            "encoder": encoder.name,
            "fps": sampling.fps,
            "window": sampling.window,
            "stride": sampling.stride,
            "dim": encoder.dim,
            "streams": encoder.streams,
            "weights_sha256": encoder.weights_sha256,
            "complete": False,
            "last_window": "padded with silence" if kinds == {"sound"} else "padded by repeating the last frame",
            **encoder.provenance,
            **settings,
        }
    )


def extraction_settings(manifest: Manifest) -> dict[str, Any]:
    """What of a manifest tells how its numbers came to be, as JSON has it; two equal ones mean equal features."""
    return {k: v for k, v in manifest.model_dump(mode="json").items() if k not in _NOT_SETTINGS and v is not None}


def _check_same(existing: Manifest, target: Target) -> None:
    old, new = extraction_settings(existing), extraction_settings(target.manifest)
    for key in [*new, *(k for k in old if k not in new)]:
        if old.get(key) != new.get(key):
            raise InputError(
                f"these features have {key} {shown(old.get(key))}, this run {shown(new.get(key))}",
                source=target.folder / FILE,
                expected=f"the same settings, or another {arg('names', '--features')}",
            )


def keep_apart(targets: Iterable[Target], videos: Iterable[str]) -> None:
    """Moves class vectors out of the way where a video of their name is to be extracted."""
    if not any(_is_text(video) for video in videos):
        return
    for target in targets:
        text = target.text()
        if text == target.folder / TEXT:
            text.replace(target.folder / TEXT_APART)
            write_manifest(target.folder, target.manifest.model_copy(update={"text": TEXT_APART}))


def _is_text(video: str) -> bool:
    return f"{video}.npy".casefold() == TEXT  # some file systems do not tell capitals apart


def plan(videos: Mapping[str, Path], targets: Sequence[Target]) -> list[Job]:
    """What is left to do: the videos that some target lacks.

    Raises:
        InputError: if a file is in the way of a feature file.
    """
    jobs = []
    for name, path in videos.items():
        wanted = tuple(index for index, target in enumerate(targets) if not target.has(name))
        if wanted:
            jobs.append(Job(path, wanted, name))
    return jobs


def begin(targets: Iterable[Target]) -> None:
    """Writes the manifests, not complete."""
    for target in targets:
        before = read_manifest(target.folder)
        write_manifest(target.folder, _with_text(target, before.text_classes if before else None, complete=False))


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one video.

    Attributes:
        path: the video.
        name: what it is called.
        frames: how many were looked at.
        notes: what was wrong with the file although it could be decoded.
        error: why there are no features; None where there are.
        process: id of the process that did it.
    """

    path: Path
    name: str
    frames: int = 0
    notes: tuple[str, ...] = ()
    error: InputError | None = None
    process: int = 0


def run_here(
    pipeline: Pipeline,
    jobs: Iterable[Job],
    targets: Sequence[Target],
    on_frames: Callable[[int], None] = lambda _count: None,
) -> Generator[Report]:
    """Does the jobs in this process, one report at a time, each file written before its report comes out."""
    for result in pipeline.run(jobs, on_frames):
        path = result.job.path
        if isinstance(result, Failed):
            yield Report(path, result.job.video, error=result.error, process=os.getpid())
            continue
        for index, features in zip(result.job.wanted, result.features, strict=True):
            targets[index].write(result.job.video, features)
        yield Report(path, result.job.video, result.frames, result.notes, process=os.getpid())


def run_side_by_side(
    workers: Sequence[tuple[Pipeline, Sequence[Target]]],
    jobs: Iterable[Job],
    on_frames: Callable[[int], None] = lambda _count: None,
) -> Generator[Report]:
    """Does the jobs with several pipelines at once, each on its device; whichever is free takes the next video.

    Args:
        workers: pipelines, each with the folders that it fills: the same ones, with encoders on the pipeline's device.
        jobs: what to do.
        on_frames: called from several threads with the number of frames whenever some have been worked on.
    """
    shared = Shared(jobs)
    yield from merged([run_here(pipeline, shared, targets, on_frames) for pipeline, targets in workers])


def noted(target: Target, told: Iterable[str]) -> Target:
    """The folder with a manifest that also says on what its features were computed, beside what it says already."""
    update = {"computed_on": tuple(sorted({*(target.manifest.computed_on or ()), *told}))}
    return replace(target, manifest=target.manifest.model_copy(update=update))


def read_dataset(dataset: Path) -> Annotations | None:
    """The dataset's tags; None where it has no annotations yet.

    Raises:
        InputError: if it has some that cannot be read.
    """
    return read_tags(dataset) if annotations_file(dataset).is_file() and dataset.is_dir() else None


def write_class_vectors(
    targets: Iterable[Target],
    annotations: Annotations | None,
    template: str,
    videos: Iterable[str] = (),
    texts: Path | None = None,
) -> list[str]:
    """Class vectors (C, D) beside the features of vision-language encoders; says of each encoder why not.

    Args:
        targets: the folders.
        annotations: of the dataset, for its classes.
        template: of the texts.
        videos: names of those that are extracted, of which none may share a file with the vectors.
        texts: a file of several texts a class, in place of the template.

    Raises:
        InputError: if the template is not one, or a class name is too long for the encoder.
    """
    reasons = []
    names = [*videos, *(annotations.videos if annotations else ())]
    file = TEXT_APART if any(_is_text(name) for name in names) else TEXT
    for target in targets:
        if target.encoder.text is None:
            if target.encoder.reads_with_words:
                reasons.append(f"{target.folder.name} has no class vectors: the encoder has no tokenizer")
        elif annotations is None or not annotations.classes:
            reasons.append(f"{target.folder.name} has no class vectors: the dataset has no annotations.json yet")
        else:
            described = class_texts(annotations.classes, template, texts)
            vectors = described_vectors(target.encoder.text, described).cpu().numpy()
            with replacing(target.folder / file) as temporary, temporary.open("wb") as stream:
                np.save(stream, vectors, allow_pickle=False)
            noted: dict[str, Any] = {"text": file, "text_classes": annotations.classes}
            if texts is not None:
                noted["texts_sha256"] = sha256(texts)
            write_manifest(target.folder, target.manifest.model_copy(update=noted))
    return reasons


def finish(targets: Iterable[Target], videos: Iterable[str], annotations: Annotations | None) -> dict[str, list[str]]:
    """Writes the final manifests; gives the videos that each folder still lacks.

    A folder is complete when it has every video that was asked for and every one of the dataset's annotations.
    """
    wanted = sorted({*videos, *(annotations.videos if annotations else ())})
    lacking: dict[str, list[str]] = {}
    for target in targets:
        missing = [name for name in wanted if not target.has(name)]
        made_for = annotations.classes if annotations and target.encoder.text is not None else None
        write_manifest(target.folder, _with_text(target, made_for or None, complete=not missing))
        if missing:
            lacking[target.folder.name] = missing
    return lacking


def _with_text(target: Target, classes: tuple[str, ...] | None, *, complete: bool) -> Manifest:
    text = target.text()
    update = {"complete": complete, "text": text.name if text else None, "text_classes": classes if text else None}
    return target.manifest.model_copy(update=update)
