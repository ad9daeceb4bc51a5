"""Writes src/weaktal/extraction/golden.safetensors out of features that video_features made with published weights.

    python scripts/golden_features.py FOLDER

FOLDER holds the features of v_GGSY1Qvo990.mp4 as plain arrays, which that repository's tests have in pickles:
``clip_ViT-B_32_1_5_clip.npy`` (CLIP ViT-B/32 at 5 frames a second) and ``i3d_None_raft_None_None_None_rgb.npy`` (I3D in
stacks of 64 frames at the file's own rate).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from weaktal.extraction.golden import VECTORS, VIDEOS

FILES = {
    "i3d-rgb": "i3d_None_raft_None_None_None_rgb.npy",
    "openai/clip-vit-base-patch32": "clip_ViT-B_32_1_5_clip.npy",
}


def main() -> None:
    """Keeps the rows that are checked, in half precision."""
    folder = Path(sys.argv[1])
    rows = {name: np.load(folder / file)[list(VIDEOS[name].rows)] for name, file in FILES.items()}
    save_file({name: torch.from_numpy(each).half() for name, each in rows.items()}, VECTORS)


if __name__ == "__main__":
    main()
