"""A look at a training from outside, for whoever watches it: held-out tags, and pseudo-labels against the truth.

Nothing of it reaches the weights: it is computed in evaluation mode, without gradient, and only logged, under
``looking/``. Segments are read here, and training is unaware of them.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping

import numpy as np

from weaktal.data.annotations import Annotations
from weaktal.data.features import Features
from weaktal.data.usable import usable
from weaktal.engine.batch import VideoSet
from weaktal.engine.method import Labelling, Method, State
from weaktal.engine.predict import predict
from weaktal.evaluation.classification import classification_map
from weaktal.evaluation.diagnosis import PseudoLabelQuality
from weaktal.runs.phases import label_quality

log = logging.getLogger("weaktal")


class Looking:
    """Called by the engine, gives figures by name.

    Args:
        annotations: with the tags of the test subset and, where they are known, the segments of the training videos.
        subset: of the training videos.
        features: of all videos, the main ones under "", others by their name.

    Raises:
        InputError: if held-out videos have tags, but none has features that can be used.
    """

    def __init__(self, annotations: Annotations, subset: str, features: Mapping[str, Features]) -> None:
        self._truth = annotations
        held_out = {annotations.test_subset} - {subset}
        tagged = {
            name: video for name, video in annotations.videos.items() if video.subset in held_out and video.labels
        }
        self._videos: VideoSet | None = None
        self._features = features[""]
        if not tagged:
            log.warning("no held-out video has tags: looking tells nothing of them")
        else:
            kept, skipped = usable(tagged, list(features.values()), skip_broken=True)
            for error in skipped.values():
                log.warning("not looked at: %s", error)
            others = {name: part for name, part in features.items() if name}
            self._videos = VideoSet(kept, annotations.classes, features[""], others)

    def __call__(self, method: Method, phase: str, state: State) -> dict[str, float]:
        """AP of the tags of held-out videos by branch; precision and recall of the phase's pseudo-labels.

        Args:
            method: as it is now.
            phase: its name.
            state: what the phase goes by, such as pseudo-labels.
        """
        found = {**self._tags(method), **self._labels(method, state)}
        if found:
            said = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in found.items())
            log.info("looking, %s: %s", phase, said)
        return {f"looking/{name}": value for name, value in found.items()}

    def _tags(self, method: Method) -> dict[str, float]:
        """Mean over the classes of the AP of video scores against the tags, which is not that of localization."""
        if self._videos is None:
            return {}
        device = str(next(method.module.parameters()).device)
        found = {}
        for branch in dict.fromkeys(method.shown_branches):
            predicted = predict(method, self._videos, branch=branch, device=device)
            scores = np.stack([whole for _, _, whole in predicted])
            name = "tag_ap" if branch is None else f"tag_ap_{branch}"
            found[name] = classification_map(scores, self._videos.labels.numpy() > 0)
        return {name: value for name, value in found.items() if not math.isnan(value)}

    def _labels(self, method: Method, state: State) -> dict[str, float]:
        """How far the pseudo-labels are right, where the segments of the training videos are known."""
        if not isinstance(method, Labelling):
            return {}
        labels = method.hard_labels(state)
        quality = label_quality(labels, self._truth, self._truth.classes, self._features.grid)
        return {} if quality is None else _shares(quality)


def _shares(quality: PseudoLabelQuality) -> dict[str, float]:
    shares = ("foreground_precision", "foreground_recall", "background_precision", "background_recall")
    found = {name: getattr(quality, name) for name in shares}
    return {name: value for name, value in found.items() if not math.isnan(value)}
