"""Videos as phones name them, which show colours, and an encoder that sees nothing else: a find in seconds."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

ENCODER = "colour_histogram:build"  # examples/own_encoder
COLOURS = {"Kür": (200, 40, 40), "Salto": (40, 60, 220)}
EXAMPLE = Path(__file__).parents[2] / "examples" / "own_encoder"


def write_video(path: Path, label: str, start: int, frames: int = 125) -> None:
    """Gray, and for two seconds in the colour of its action."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(frames + start)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            colour = COLOURS[label] if start <= index < start + 50 else (120, 120, 120)
            noise = random.integers(-8, 8, size=(48, 64, 1))
            image = (np.array(colour)[None, None] + noise).clip(0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


class Footage:
    """A folder of videos with its spreadsheet.

    Attributes:
        videos, tags: the folder and the file.
    """

    def __init__(self, root: Path) -> None:
        self.videos, self.tags = root / "Ümit's videos", root / "tags.csv"
        self.rows: list[tuple[str, str]] = []

    def add(self, count: int) -> None:
        """Draws more videos, and writes the spreadsheet anew."""
        for _ in range(count):
            number = len(self.rows)
            label = tuple(COLOURS)[number // 2 % 2]
            name = f"{('Müller', 'Halle')[number % 2]}/IMG_{number // 2 + 1:04d}.mp4"
            write_video(self.videos / name, label, 10 + 7 * (number % 9))
            self.rows.append((name, label))
        self.write(self.rows)

    def write(self, rows: list[tuple[str, str]]) -> None:
        """The spreadsheet as a German Excel saves it."""
        with self.tags.open("w", encoding="cp1252", newline="") as stream:
            csv.writer(stream, delimiter=";").writerows([("Datei", "Übungen"), *rows])


@pytest.fixture
def footage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Footage]:
    monkeypatch.syspath_prepend(str(EXAMPLE))

    def make(count: int) -> Footage:
        made = Footage(tmp_path)
        made.add(count)
        return made

    return make
