"""``weaktal decode``: stored scores to segments, again and with other settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from weaktal.config import Settings, load_settings
from weaktal.data.annotations import read_tags
from weaktal.data.known_tags import TagsUse, known_tags
from weaktal.data.results import Results
from weaktal.data.scores import read_scores
from weaktal.data.video_files import files_of
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_scores
from weaktal.errors import InputError, arg
from weaktal.files import as_paths, check_writable


def decode(
    scores: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | PathLike[str] | None = None,
    *,
    config: str | PathLike[str] | None = None,
    settings: Mapping[str, Any] | Settings | None = None,
    overrides: Sequence[str] = (),
    tags: TagsUse | None = None,
    dataset: str | PathLike[str] | None = None,
) -> Results:
    """Decodes stored scores into segments again; needs no model.

    Args:
        scores: scores file, as ``localize`` keeps it; or several of the same videos, such as one of each branch, whose
            proposals are pooled.
        out: results file to write; none by default.
        config: YAML file of decoding settings.
        settings: over the file, such as ``{"theta_loc": 0.5}``.
        overrides: over these, single settings as the shell gives them, such as ``"theta_loc=0.5"``.
        tags: "known" finds no segment of a class that the tags of a video rule out; a video without tags may hold any.
        dataset: where the tags are: a dataset, its folder, or an annotations file.

    Raises:
        InputError: for a file that cannot be read or written, or a setting that does not exist or is out of range.
    """
    target = None if out is None else Path(out)
    file = None if config is None else Path(config)
    sources = as_paths(scores)
    if not sources:
        raise InputError("there are none", source=arg("scores"), expected="one file or more")
    check_writable(target, inputs=[*sources, file, *files_of([Path(dataset)] if dataset is not None else [])])
    if (tags is None) != (dataset is None):
        has, lacks = ("dataset", "tags") if tags is None else ("tags", "dataset")
        raise InputError(f"needs {arg(lacks)}", source=arg(has), expected="both, or neither")
    chosen = load_settings(DecodeConfig, file, overrides, values=settings)
    stored, *beside = [read_scores(source) for source in sources]
    known = {}
    if dataset is not None:
        annotated = read_tags(Path(dataset)).videos
        known = known_tags([annotated[name] for name in stored.durations if name in annotated], tags, stored.classes)
    results = decode_scores(stored, chosen, beside=beside, known=known)
    if target is not None:
        results.save(target)
    return results
