"""``weaktal decode``: stored scores to segments, again and with other settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from weaktal.config import Settings, load_settings
from weaktal.data.results import Results
from weaktal.data.scores import read_scores
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_scores
from weaktal.files import check_writable


def decode(
    scores: str | PathLike[str],
    out: str | PathLike[str] | None = None,
    *,
    config: str | PathLike[str] | None = None,
    settings: Mapping[str, Any] | Settings | None = None,
    overrides: Sequence[str] = (),
) -> Results:
    """Decodes stored scores into segments again; needs no model.

    Args:
        scores: scores file, as ``localize`` keeps it.
        out: results file to write; none by default.
        config: YAML file of decoding settings.
        settings: over the file, such as ``{"theta_loc": 0.5}``.
        overrides: over these, single settings as the shell gives them, such as ``"theta_loc=0.5"``.

    Raises:
        InputError: for a file that cannot be read or written, or a setting that does not exist or is out of range.
    """
    target = None if out is None else Path(out)
    file = None if config is None else Path(config)
    check_writable(target, inputs=[Path(scores), file])
    chosen = load_settings(DecodeConfig, file, overrides, values=settings)
    results = decode_scores(read_scores(Path(scores)), chosen)
    if target is not None:
        results.save(target)
    return results
