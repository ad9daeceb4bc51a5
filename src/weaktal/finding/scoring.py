"""Scores of all videos of a dataset, of which those that are stored already are taken from there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from weaktal.data.annotations import Video
from weaktal.data.features import Features
from weaktal.data.scores import StoredScores, read_scores, writing_scores
from weaktal.errors import InputError
from weaktal.files import remove_left_over, scratch_folder
from weaktal.progress import OnProgress
from weaktal.runs.trained import Trained

_SAME = ("run", "branch", "seed", "phase")  # of the origin of scores


def score_videos(
    trained: Trained,
    videos: Sequence[Video],
    main: Features,
    vlp: Features | None,
    keep: Path,
    *,
    on_progress: OnProgress | None = None,
) -> tuple[StoredScores, int]:
    """Scores every video that ``keep`` lacks, one after the other, and leaves those of all videos there.

    Args:
        trained: the run and its branch.
        videos: all of them; scores of others are dropped from the file.
        main, vlp: features of the videos.
        keep: the scores file; what it holds of this run and branch stays, unless features are newer.
        on_progress: is told how many of the missing videos are scored.

    Returns:
        All scores, and how many videos were scored now.

    Raises:
        InputError: if features or the disk fail.
    """
    remove_left_over(keep.parent)
    stored = _stored(keep, trained)
    old = {video.name for video in videos if stored is not None and _is_fresh(video.name, stored, main, vlp)}
    new = [video for video in videos if video.name not in old]
    if not new and stored is not None and len(stored) == len(videos):
        return stored, 0
    keep.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(beside=keep) as folder:
        made = folder / "new.safetensors"
        parts: list[Iterable[tuple[StoredScores, str]]] = []
        if stored is not None:
            parts.append([(stored, name) for name in stored.durations if name in old])
        if new:
            trained.segments(new, main, vlp, scores=made, on_progress=on_progress)
            fresh = read_scores(made)
            parts.append([(fresh, name) for name in fresh.durations])
            grid, classes, origin = fresh.grid, fresh.classes, fresh.origin
        else:
            assert stored is not None
            grid, classes, origin = stored.grid, stored.classes, stored.origin
        with writing_scores(keep, classes, grid, origin) as writer:
            for part in parts:
                for source, name in part:
                    scores = source.read(name)
                    writer.add(name, source.durations[name], scores.snippets, scores.video)
    return read_scores(keep), len(new)


def _stored(keep: Path, trained: Trained) -> StoredScores | None:
    """What is stored of this run and branch; None where there is nothing to use."""
    if not keep.exists():
        return None
    try:
        stored = read_scores(keep)
    except InputError:  # it is made again
        return None
    ours = {"run": str(trained.run), "branch": trained.branch, "seed": trained.info.seed, "phase": trained.phase}
    same = all(stored.origin.get(key) == ours[key] for key in _SAME) and stored.classes == trained.info.classes
    return stored if same else None


def _is_fresh(name: str, stored: StoredScores, main: Features, vlp: Features | None) -> bool:
    if name not in stored.durations:
        return False
    since = stored.source.stat().st_mtime
    folders = [folder for part in (main, vlp) if part is not None for folder in part.folders.values()]
    return all(folder.path(name).stat().st_mtime <= since for folder in folders)
