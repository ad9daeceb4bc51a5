"""Class vectors that lie beside vision-language features: one row a class, from the same encoder's text side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaktal.arrays import Floats32
from weaktal.data.features import Features, read_array, read_header
from weaktal.data.manifest import FILE
from weaktal.errors import InputError, shown


def read_text_vectors(features: Features, classes: Sequence[str]) -> Floats32 | None:
    """The class vectors (C, D) that the manifest of a feature folder names under ``text``; None where it names none.

    Args:
        features: one folder; several side by side have no common vectors.
        classes: of the dataset, C.

    Raises:
        InputError: if the file is missing or damaged, was made for other classes, does not fit the features, or
            holds NaN, infinity or a row of zeros.
    """
    folder = features.folders.get("")
    if folder is None or folder.manifest is None or folder.manifest.text is None:
        return None
    path = folder.folder / folder.manifest.text
    made_for = folder.manifest.text_classes
    if made_for is not None and made_for != tuple(classes):
        other = next((label for label in made_for if label not in classes), None)
        problem = "was made for the classes in another order" if other is None else f"was made for class {shown(other)}"
        if other is None and len(made_for) != len(classes):
            problem = f"was made for {len(made_for)} of the {len(classes)} classes"
        expected = "the dataset's classes: extract again, which renews the vectors and keeps the features"
        raise InputError(problem, source=path, expected=expected)
    header = read_header(path)
    if (header.rows, header.columns) != (len(classes), folder.manifest.dim):
        raise InputError(
            f"has shape ({header.rows}, {header.columns})",
            source=path,
            expected=f"({len(classes)}, {folder.manifest.dim}): the dataset's classes, and dim of {FILE}",
        )
    vectors = read_array(path)
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if bad.size:
        raise InputError("holds NaN or infinity", source=path, place=f"row {bad[0]}", expected="finite numbers")
    blank = np.flatnonzero(~vectors.any(axis=1))
    if blank.size:
        raise InputError("holds only zeros", source=path, place=f"row {blank[0]}", expected="a direction")
    return vectors
