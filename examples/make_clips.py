"""Makes up features of trimmed clips, so that the whole way can be tried without any data.

Each class has a direction of its own in feature space that its clips follow strongly in their middle and weakly at
their ends, as actions do around their peak; half of the classes share a direction, as actions in one place do.

    python examples/make_clips.py CLIPS [--seed N]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

CLASSES = ["clap", "climb", "dive", "jump", "kick", "lift", "row", "run", "sit", "stand", "throw", "walk"]
CLIPS_PER_CLASS = 24
DIM = 128  # two streams of half the channels
SECONDS_PER_SNIPPET = 0.64  # 16 frames at 25 a second


def main() -> None:
    """Writes clips.json and features.npy into a new folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    own = random.normal(size=(len(CLASSES), DIM))
    shared = random.normal(size=(len(CLASSES) // 2, DIM))
    clips, blocks, offset = [], [], 0
    for index, label in enumerate(CLASSES):
        for number in range(CLIPS_PER_CLASS):
            snippets = int(random.integers(3, 9))
            peak = np.sin(np.linspace(0.15, 0.85, snippets) * np.pi)[:, None]  # (snippets, 1)
            signal = 0.2 * peak * own[index] + 0.2 * shared[index % len(shared)]
            blocks.append(signal + 0.5 * random.normal(size=(snippets, DIM)))
            clips.append(
                {
                    "id": f"{label}_{number:02d}",
                    "label": label,
                    "seconds": snippets * SECONDS_PER_SNIPPET,
                    "snippets": snippets,
                    "offset": offset,
                }
            )
            offset += snippets
    options.folder.mkdir(parents=True)
    np.save(options.folder / "features.npy", np.concatenate(blocks).astype(np.float32))
    content = {
        "source": "made-up features of made-up clips",
        "streams": {"rgb": [0, DIM // 2], "flow": [DIM // 2, DIM]},
        "clips": clips,
    }
    (options.folder / "clips.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    print(f"{len(clips)} clips of {len(CLASSES)} classes in {options.folder}")


if __name__ == "__main__":
    main()
