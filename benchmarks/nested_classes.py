"""A composed dataset with classes that are true at once: the most alike pairs get a class that holds both.

    python benchmarks/nested_classes.py DATASET OUT --features i3d-128 --vlp-features vlp-cone --pairs 3

Every segment and tag of a pair is one of "A or B" too, as every cliff dive of THUMOS14 is also a dive. Pairs are those
whose class vectors are most alike, each class in one pair; the vector of "A or B" is the mean of both. Then

    python benchmarks/nested_classes.py OUT --features i3d-128 --labels RUN

says how sure the first F step's labels of a run are of the nested classes: of the training snippets where "A" and
"A or B" are true, the share where both are foreground, and where one is; and how many such labels are right.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video, read_annotations, write_annotations
from weaktal.data.features import Features
from weaktal.data.manifest import read_manifest
from weaktal.engine.checkpoint import load_tensors
from weaktal.evaluation.diagnose import action_snippets
from weaktal.methods.collab.labels import hard_labels_in
from weaktal.segments import Segment

OR = " or "


def most_alike(vectors: np.ndarray, pairs: int) -> list[tuple[int, int]]:
    """The pairs of rows of (C, D) with the highest cosines, each row in one pair at most."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = np.triu(unit @ unit.T, 1) + np.tril(np.full((len(unit), len(unit)), -2.0))
    found: list[tuple[int, int]] = []
    for place in np.argsort(-cosines, axis=None, kind="stable"):
        first, second = divmod(int(place), len(unit))
        if len(found) < pairs and first < second and not {first, second} & {one for pair in found for one in pair}:
            found.append((first, second))
    return found


def with_parents(video: Video, parent: dict[str, str]) -> Video:
    """A video whose tags and segments are of the parents too."""
    also = tuple(Segment(s.start, s.end, parent[s.label]) for s in video.segments if s.label in parent)
    tags = {*video.labels, *(parent[label] for label in video.labels if label in parent)}
    return replace(video, labels=tuple(sorted(tags)), segments=tuple(sorted((*video.segments, *also), key=_order)))


def _order(segment: Segment) -> tuple[float, float, str]:
    return segment.start, segment.end, segment.label


def make(dataset: Path, out: Path, features: str, vlp_features: str, pairs: int) -> None:
    """Writes the dataset ``out``."""
    annotations = read_annotations(dataset)
    for name in (features, vlp_features):
        shutil.copytree(dataset / "features" / name, out / "features" / name)
    manifest = read_manifest(out / "features" / vlp_features)
    assert manifest is not None
    assert manifest.text is not None
    text = out / "features" / vlp_features / manifest.text
    vectors = np.load(text, allow_pickle=False)
    chosen = most_alike(vectors, pairs)
    names = [OR.join(annotations.classes[one] for one in pair) for pair in chosen]
    parent = {annotations.classes[one]: name for pair, name in zip(chosen, names, strict=True) for one in pair}
    classes = sorted([*annotations.classes, *names])
    means = {name: vectors[list(pair)].mean(axis=0) for name, pair in zip(names, chosen, strict=True)}
    given = dict(zip(annotations.classes, vectors, strict=True)) | means
    np.save(text, np.stack([given[label] for label in classes]).astype(vectors.dtype))
    videos = {name: with_parents(video, parent) for name, video in annotations.videos.items()}
    write_annotations(out / "annotations.json", Annotations(classes=tuple(classes), videos=videos))
    print("\n".join(names))


def look(dataset: Path, run: Path, features: str) -> None:
    """Prints what the labels of the first F step say of nested classes, and whether it is so."""
    annotations, grid = read_annotations(dataset), Features.open(dataset, features).grid
    phase = next(folder for folder in sorted((run / "phases").iterdir()) if folder.name.endswith("foreground-1"))
    true = both = one = called = right = 0
    for name, labels in hard_labels_in(load_tensors(phase / "state.safetensors")).items():
        action = action_snippets(annotations.videos[name], annotations.classes, grid, len(labels))
        sure = labels.numpy() == 1
        for outer in (place for place, label in enumerate(annotations.classes) if OR in label):
            for inner in map(annotations.classes.index, annotations.classes[outer].split(OR)):
                inside, pair = action[:, inner], sure[:, [inner, outer]]
                true += int(inside.sum())
                both += int(pair[inside].all(axis=1).sum())
                one += int((pair[inside].sum(axis=1) == 1).sum())
                called += int(pair.sum())
                right += int((pair & action[:, [inner, outer]]).sum())
    shares = f"both foreground {both / true:.3f}, one of them {one / true:.3f}"
    print(f"{true} snippets where two classes are true: {shares}; of {called} such labels {right / called:.3f} right")


def main() -> None:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--features", metavar="NAME")
    parser.add_argument("--vlp-features", metavar="NAME", help="features with class vectors")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--labels", type=Path, metavar="RUN", help="a finished run on DATASET")
    options = parser.parse_args()
    if options.labels:
        look(options.dataset, options.labels, options.features)
    else:
        make(options.dataset, options.out, options.features, options.vlp_features, options.pairs)


if __name__ == "__main__":
    main()
