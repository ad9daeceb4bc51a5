#!/usr/bin/env python
"""How right the final set of a find is, where the truth is known: for people, without mAP.

python examples/how_right.py TRUTH.json RESULTS.json
"""

from __future__ import annotations

import argparse
from pathlib import Path

import weaktal
from weaktal.data.annotations import read_annotations
from weaktal.finding.matching import hits


def main() -> None:
    """Prints what share of the shown segments is right, and what share of the true ones is found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path)
    parser.add_argument("results", type=Path)
    given = parser.parse_args()
    truth = {name: video.segments for name, video in read_annotations(given.truth).videos.items()}
    results = weaktal.Results.load(given.results)
    print("How right it is (a program drew these videos and knows when each event occurs; nothing else saw that):")
    for name, found in (("shown", results.shown()), ("all that was found", results.videos)):
        for tiou in (0.3, 0.5):
            done = hits(found, truth, tiou)
            print(
                f"  {name}: {done.right} of {done.found} segments right ({done.precision:.0%}), "
                f"{done.right} of {done.true} events found ({done.recall:.0%}), at an overlap (tIoU) of {tiou:g}"
            )
    scores = weaktal.evaluate(given.truth, results)
    print(f"  mAP of all that was found, mean of tIoU 0.1 to 0.7: {scores.average_map:.1%}")
    print("  The tags were known for all of these videos. The numbers say that it works, and nothing of real videos.")


if __name__ == "__main__":
    main()
