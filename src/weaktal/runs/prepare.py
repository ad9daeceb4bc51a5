"""Features of a user's own videos: from the cache, from a dataset that holds them already, or made now."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from weaktal.data.annotations import Video
from weaktal.data.features import FeatureFolder, Features
from weaktal.data.video_files import none_usable
from weaktal.devices import Habits, choose_device, habits
from weaktal.encoders.catalog import build_encoder
from weaktal.errors import InputError
from weaktal.extraction.cache import Decoded, FeatureCache, Lacking, Made, content_key
from weaktal.extraction.folders import Target
from weaktal.extraction.pipeline import Pipeline, Sampling
from weaktal.progress import OnProgress, Progress
from weaktal.runs.dataset_features import RunDataset
from weaktal.runs.video_features import Extraction
from weaktal.video.flow import flow_method

HELD = 2**28  # bytes of features that are kept in memory between making and scoring them

log = logging.getLogger("weaktal")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Videos with their features.

    Attributes:
        videos: those that can be used; their names are what the cache calls them.
        names: their own names, in the same order.
        targets: what was to be made, in the order of what was asked for.
        features: these, in the same order; what was made just now is in memory.
        failed: videos that cannot be used, by their own names, and why.
        extracted: how many of ``videos`` were extracted, be it for one of the targets.
        reused: how many of ``videos`` had features in the dataset, and were not extracted.
    """

    videos: tuple[Video, ...]
    names: tuple[str, ...]
    targets: tuple[Target, ...]
    features: tuple[FeatureFolder, ...]
    failed: dict[str, InputError]
    extracted: int
    reused: int


def prepare(
    videos: Mapping[str, Path],
    extractions: Mapping[str, Extraction],
    cache: Path,
    on_progress: OnProgress | None,
    *,
    check: Callable[[str, Target], None] = lambda _title, _target: None,
    dataset: RunDataset | None = None,
    device: str = "auto",
) -> Prepared:
    """Takes features from the cache or from a dataset, and extracts what both lack.

    Args:
        videos: files by name.
        extractions: by what messages, and the dataset, call the features.
        cache: its folder.
        on_progress: is told how many videos are extracted.
        check: looks at the name and the folder of each extraction before any work, and may refuse it.
        dataset: one that may hold features of these very videos.
        device: where the encoders run.

    Raises:
        InputError: if the device or an encoder cannot be had, or no video can be used.
    """
    failed: dict[str, InputError] = {}
    keys: dict[str, str] = {}
    for name, path in videos.items():
        try:
            keys[name] = content_key(path)
        except InputError as error:
            failed[name] = error
    work = _Preparation(
        FeatureCache(cache),
        on_progress or (lambda _: None),
        {key: videos[name] for name, key in reversed(keys.items())},
        habits(choose_device(device)),
    )
    for title, extraction in extractions.items():
        check(title, work.plan(title, extraction))
    for index, title in enumerate(extractions):
        work.look(index, title, dataset)
    for group in work.groups():
        work.extract(group)
    failed |= {name: work.broken[key] for name, key in keys.items() if key in work.broken}
    good = {name: key for name, key in keys.items() if name not in failed}
    if not good:
        raise none_usable(failed, len(videos))
    for name, key in good.items():
        for note in work.decoded[key].notes:
            log.warning("%s: %s", videos[name], note)
    return Prepared(
        tuple(Video(key, "", work.decoded[key].seconds, ()) for key in good.values()),
        tuple(good),
        tuple(work.targets),
        tuple(work.features),
        failed,
        sum(key in work.extracted for key in good.values()),
        sum(key in work.reused - work.extracted for key in good.values()),
    )


class _Preparation:
    """Features of videos, on their way.

    Args:
        store: the cache.
        on_progress: is told how many videos are extracted.
        paths: of the videos, by content.
        where: the device of the encoders, and what it does well.

    Attributes:
        targets, features: what was to be made.
        decoded: what is known of videos, by content.
        broken: why videos cannot be used, by content.
        extracted, reused: contents that were.
    """

    def __init__(self, store: FeatureCache, on_progress: OnProgress, paths: Mapping[str, Path], where: Habits) -> None:
        self._store = store
        self._tell = on_progress
        self._paths = paths
        self._where = where
        self._extractions: list[tuple[str, Extraction]] = []
        self._lacking: dict[str, list[int]] = {}  # targets by content
        self._room = HELD
        self.targets: list[Target] = []
        self.features: list[FeatureFolder] = []
        self.decoded: dict[str, Decoded] = {}
        self.broken: dict[str, InputError] = {}
        self.extracted: set[str] = set()
        self.reused: set[str] = set()
        for key in paths:
            if (decoded := store.decoded(key)) is not None:
                self.decoded[key] = decoded
        self._cached = set(self.decoded)

    def plan(self, title: str, extraction: Extraction) -> Target:
        """Adds what is to be made."""
        encoder = build_encoder(
            extraction.encoder,
            extraction.weights,
            device=torch.device(self._where.device),
            precision=extraction.precision,
            look=extraction.look,
        )
        if extraction.fits:
            window = max(extraction.sampling.window, encoder.frames)
            extraction = replace(extraction, sampling=replace(extraction.sampling, window=window))
        target = self._store.target(encoder, extraction.sampling, flow=extraction.flow)
        self._extractions.append((title, extraction))
        self.targets.append(target)
        self.features.append(FeatureFolder(target.folder, manifest=target.manifest))
        return target

    def look(self, index: int, title: str, dataset: RunDataset | None) -> None:
        """Finds the features that exist already, and notes what is missing."""
        features, manifest = self.features[index], self.targets[index].manifest
        for key, path in self._paths.items():
            if key in self._cached and features.path(key).exists():
                if (fault := self._fault(features, key)) is not None:
                    self.broken[key] = fault
                continue
            found = dataset.find(title, manifest, path, key) if dataset is not None else None
            if found is None:
                self._lacking.setdefault(key, []).append(index)
                continue
            features.look(key, found[0])
            self.decoded.setdefault(key, Decoded(seconds=found[1]))
            self.reused.add(key)

    def _fault(self, features: FeatureFolder, key: str) -> InputError | None:
        """What is wrong with features that the cache has, if anything."""
        for problem in Features({"": features}).problems({key: self.decoded[key].seconds}):
            error = problem.error
            expected = f"{error.expected}; delete the file to have it made again"
            return InputError(error.problem, source=error.source, place=error.place, expected=expected)
        return None

    def groups(self) -> list[list[int]]:
        """Targets that one pass over the videos can fill: of equal sampling, and of one optical flow at most."""
        groups: list[tuple[Sampling, set[str], list[int]]] = []
        for index, (target, (_, extraction)) in enumerate(zip(self.targets, self._extractions, strict=True)):
            flow = {extraction.flow} if target.encoder.eats_flow else set()
            for sampling, flows, members in groups:
                if sampling == extraction.sampling and len(flows | flow) < 2:
                    flows |= flow
                    members.append(index)
                    break
            else:
                groups.append((extraction.sampling, flow, [index]))
        return [members for _, _, members in groups]

    def extract(self, group: Sequence[int]) -> None:
        """Makes what is lacking of a group of targets."""
        jobs = [
            Lacking(self._paths[key], key, wanted)
            for key, lacking in self._lacking.items()
            if key not in self.broken
            and (wanted := tuple(place for place, index in enumerate(group) if index in lacking))
        ]
        if not jobs:
            return
        eaters = [index for index in group if self.targets[index].encoder.eats_flow]
        extraction = self._extractions[(eaters or group)[0]][1]
        targets = [self.targets[index] for index in group]
        pipeline = Pipeline(
            [target.encoder for target in targets],
            extraction.sampling,
            flow=flow_method(extraction.flow, self._where.device),
            workers=os.cpu_count() or 1,
            batch=self._where.batch,
        )
        titles = " and ".join(self._extractions[index][0] for index in group)
        done = self._store.fill(targets, jobs, pipeline)
        for count, made in enumerate(done, start=1):
            self._take(made, group)
            self._tell(Progress(f"features {titles}", count, len(jobs), "videos"))

    def _take(self, made: Made, group: Sequence[int]) -> None:
        key = made.video.key
        if made.error is not None:  # copies of a broken video are broken too
            self.broken[key] = made.error
        if made.decoded is not None:
            self.decoded[key] = made.decoded
            self.extracted.add(key)
        for place, rows in zip(made.video.wanted, made.features, strict=False):
            if rows.nbytes <= self._room:  # else they are read from the cache again
                self._room -= rows.nbytes
                self.features[group[place]].hold(key, rows)
