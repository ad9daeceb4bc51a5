"""What MMSD's attention and its class probabilities say by themselves, with the truth beside them. For looking only.

    python benchmarks/mmsd_parts.py DATASET RUN [RUN ...]

A snippet's score is the probability of a class times the attention, both mixed over the streams. For each run of
`mmsd` on DATASET two tables of its test videos are printed.

By class: the share of the training videos with that tag; the attention (first quartile, median, third) in the class's
action; the share of its snippets in the training videos that the fused stream has stored as action; how often the most
probable class is this one in its action; and how well the score, and the probability alone, tell its action from the
rest of the same video (AUC, the area under the ROC curve: 0.5 is chance, 0 the reverse).

By what localizes: the score; the probability alone; the same, sharper, with logits divided by 0.5 and by 0.2; the
attention alone, the same for all classes. Mean mAP by the run's own decoding and by the default one of the other
methods, misses and false alarms at half of the maximum. Video scores are the run's in all of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

import weaktal
from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.features import Features
from weaktal.data.scores import VideoScores
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_scored
from weaktal.engine.batch import VideoSet
from weaktal.engine.checkpoint import load_tensors
from weaktal.evaluation.diagnose import action_snippets
from weaktal.evaluation.diagnosis import SnippetErrors, snippet_errors
from weaktal.methods.mmsd import MutualDistillation
from weaktal.models.mmsd import StreamScores, mix_streams
from weaktal.runs.trained import Trained

Floats = npt.NDArray[np.float32]
Shares = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Weights = tuple[float, float, float]


@dataclass(frozen=True)
class Parts:
    """Of one video.

    Attributes:
        attention: (T,).
        probabilities: by temperature, those of the classes without the background's, (T, C).
        video: scores of the whole video, (C,).
    """

    attention: Floats
    probabilities: Mapping[float, Floats]
    video: Floats

    @classmethod
    def of(cls, scores: StreamScores, mix: Weights) -> Parts:
        """From a batch of one."""

        def mixed(values: torch.Tensor) -> Floats:
            return np.asarray(mix_streams(values, mix)[0].numpy(), dtype=np.float32)

        return cls(
            mixed(scores.attention),
            {t: mixed(torch.softmax(scores.snippet_logits / t, dim=-1))[:, :-1] for t in (1.0, 0.5, 0.2)},
            mixed(torch.softmax(scores.attended_logits, dim=-1))[:-1],
        )


READINGS: dict[str, Callable[[Parts], Floats]] = {
    "score": lambda parts: parts.probabilities[1.0] * parts.attention[:, None],
    "probability": lambda parts: parts.probabilities[1.0],
    "probability, logits / 0.5": lambda parts: parts.probabilities[0.5],
    "probability, logits / 0.2": lambda parts: parts.probabilities[0.2],
    "attention": lambda parts: np.repeat(parts.attention[:, None], len(parts.video), axis=1),
}


def auc(scores: Floats, action: Bools) -> float:
    """How often a snippet of the action is above one of the rest; ties count half. NaN if there is no such pair."""
    apart = scores[action][:, None] - scores[~action][None]
    return float(((apart > 0) + 0.5 * (apart == 0)).mean()) if apart.size else float("nan")


def parts_of(method: MutualDistillation, videos: VideoSet) -> dict[str, Parts]:
    """Of every video."""
    method.module.eval()
    with torch.no_grad():
        return {batch.videos[0]: Parts.of(method.scores(batch), method.config.mix) for batch in videos.whole(1)}


def stored_as_action(run: Path, truth: Annotations, features: Features) -> Shares:
    """What the fused stream's last stored labels call action, as a share of each class's action in the training videos.

    Returns:
        (C,), NaN where nothing was stored.
    """
    found: Shares = np.zeros(len(truth.classes))
    total: Shares = np.zeros(len(truth.classes))
    for path in sorted(run.glob("phases/*/state.safetensors"))[-1:]:
        for key, rows in load_tensors(path).items():
            if key.startswith("labels/"):
                labels = rows[-1].numpy()  # (T,)
                video = truth.videos[key.removeprefix("labels/")]
                action = action_snippets(video, truth.classes, features.grid, len(labels))
                found += labels @ action
                total += action.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return found / total


def by_class(parts: Mapping[str, Parts], actions: Mapping[str, Bools], truth: Annotations, stored: Shares) -> None:
    """Prints the first table."""
    print("| | tagged | attention in the action | stored as action | most probable | AUC of score | of probability |")
    print("|---|---|---|---|---|---|---|")
    learned = truth.subset(truth.train_subset).values()
    for place, label in enumerate(truth.classes):
        tagged = np.mean([label in video.labels for video in learned])
        attention = np.concatenate([part.attention[actions[name][:, place]] for name, part in parts.items()])
        first = [part.probabilities[1.0].argmax(axis=1)[actions[name][:, place]] for name, part in parts.items()]
        areas = [
            np.nanmean([auc(read(part)[:, place], actions[name][:, place]) for name, part in parts.items()])
            for read in (READINGS["score"], READINGS["probability"])
        ]
        quartiles = ", ".join(f"{value:.2f}" for value in np.quantile(attention, [0.25, 0.5, 0.75]))
        right = np.mean(np.concatenate(first) == place)
        cells = [f"{value:.2f}" for value in (stored[place], right, *areas)]
        print("| " + " | ".join([label, f"{tagged:.2f}", quartiles, *cells]) + " |")


def by_reading(
    parts: Mapping[str, Parts], actions: Mapping[str, Bools], truth: Annotations, trained: Trained, features: Features
) -> None:
    """Prints the second table."""
    print("\n| localized by | own decoding | of the other methods | misses | false alarms |\n|---|---|---|---|---|")
    for title, read in READINGS.items():

        def scored(read: Callable[[Parts], Floats] = read) -> Iterator[tuple[VideoScores, float]]:
            for name, part in parts.items():
                yield VideoScores(name, read(part), part.video), truth.videos[name].duration

        means = []
        for decode in (trained.decode, DecodeConfig()):
            results = decode_scored(scored(), truth.classes, features.grid, decode, origin={})
            means.append(f"{100 * weaktal.evaluate(truth, results).average_map:.1f}")
        errors = sum((snippet_errors(read(part), actions[name]) for name, part in parts.items()), SnippetErrors())
        print("| " + " | ".join([title, *means, f"{errors.miss_rate:.3f}", f"{errors.false_alarm_rate:.3f}"]) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    given = parser.parse_args()
    torch.set_num_threads(1)
    truth = read_annotations(given.dataset)
    for run in given.runs:
        trained = Trained.load(run, None, device="cpu")
        method, info = trained.method, trained.info
        if not isinstance(method, MutualDistillation) or info.classes != truth.classes:
            parser.error(f"{run}: no run of mmsd with the classes of {given.dataset}")
        features = Features.open(given.dataset, info.features, info.seconds_per_snippet, info.seconds_per_window)
        videos = VideoSet(list(truth.subset(truth.test_subset).values()), truth.classes, features)
        parts = parts_of(method, videos)
        actions = {
            name: action_snippets(truth.videos[name], truth.classes, features.grid, len(part.attention))
            for name, part in parts.items()
        }
        print(f"\n{run.name}\n")
        by_class(parts, actions, truth, stored_as_action(run, truth, features))
        by_reading(parts, actions, truth, trained, features)


if __name__ == "__main__":
    main()
