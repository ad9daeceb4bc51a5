"""Names for the arrays that the code speaks of; shapes stand where an array is made or described."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]  # features and scores, as they are stored
Pixels = npt.NDArray[np.uint8]  # of a picture (H, W, 3) RGB, or several
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

UNCERTAIN = -1  # in arrays and tensors of pseudo-labels: neither foreground, 1, nor background, 0; also the padding
