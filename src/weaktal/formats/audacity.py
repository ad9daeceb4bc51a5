"""Label tracks of Audacity (.txt): start, end and label, with tabs between them."""

from __future__ import annotations

from weaktal.formats.film import Film
from weaktal.formats.text import plain


def as_labels(film: Film) -> str:
    """A label for each segment, in order of time; times in seconds."""
    return "".join(f"{s.start:.6f}\t{s.end:.6f}\t{plain(s.label)}\n" for s in film.in_time)
