"""What a user wants to look at, results files, runs and a dataset, as the content of a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from weaktal.data.annotations import annotations_file, read_tags
from weaktal.data.fingerprint import tags_fingerprint
from weaktal.data.video_files import dataset_videos, videos_in
from weaktal.data.video_names import composed, name_videos
from weaktal.errors import InputError, arg, nearest, shown
from weaktal.evaluation.judged import FILE
from weaktal.evaluation.protocols import protocol_named, protocol_of
from weaktal.evaluation.scoring import subset_of
from weaktal.files import as_paths, scratch_folder
from weaktal.report.content import Report
from weaktal.report.gather import BranchFiles, Words, check_names, compare, read_branch
from weaktal.report.gather_videos import PICTURES
from weaktal.runs.folder import RunFolder, files_read
from weaktal.runs.settings import check_asked


def report_of(
    sources: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    dataset: str | PathLike[str] | None = None,
    scores: Sequence[str | PathLike[str]] = (),
    videos: str | PathLike[str] | None = None,
    video: Sequence[str] = (),
    count: int | None = None,
    pictures: int = PICTURES,
    subset: str | None = None,
    protocol: str | None = None,
    branch: Sequence[str] = (),
    method: str | None = None,
    device: str = "auto",
) -> Report:
    """The content of a page; see :func:`weaktal.report.view.view` for the arguments.

    Raises:
        InputError: for bad input.
    """
    paths = as_paths(sources)
    truth = None if dataset is None else Path(dataset)
    scored_by = None if protocol is None else protocol_named(protocol)
    for path in paths:
        if not path.exists():
            expected = "a results file, or the folder of a run or of a dataset"
            raise InputError("no such file or folder", source=path, expected=expected)
    paths, truth = _without_dataset(paths, truth)
    runs = [path for path in paths if path.is_dir()]
    if truth is None and runs:
        truth = _dataset_of(runs[0])
    if branch and not runs:
        raise InputError("is for runs; results are of one branch each", source=arg("branch"))
    for name, given in (("subset", subset), ("protocol", protocol)):
        if given is not None and truth is None:
            raise InputError("needs a dataset", source=arg(name), expected=f"{arg('dataset')} as well")
    if scored_by is None and truth is not None:
        scored_by = protocol_of(read_tags(truth))
    names = unique_names(paths)
    of_results = [name for name, path in zip(names, paths, strict=True) if not path.is_dir()]
    stored = match_scores(of_results, [os.fspath(file) for file in scores])
    video_files = _videos(None if videos is None else Path(videos), truth)
    files = {
        name: BranchFiles(name, path, stored.get(name))
        for name, path in zip(names, paths, strict=True)
        if not path.is_dir()
    }
    if truth is not None and runs:  # these localize for a while: what is wrong elsewhere is said before
        found = [name for file in files.values() for name in read_branch(file).results.videos]
        check_names(video, dict.fromkeys([*read_tags(truth).videos, *found]))
        for path in runs:
            for name in branch:
                check_asked(RunFolder(path), name)
    with scratch_folder() as folder:
        branches: list[BranchFiles] = []
        notes: list[str] = []
        for number, (name, path) in enumerate(zip(names, paths, strict=True)):
            if path.is_dir() and truth is not None and scored_by is not None:
                from weaktal.report.rows import run_rows  # late: needs torch, as localize does

                rows = run_rows(
                    path,
                    truth,
                    folder / str(number),
                    subset=subset or subset_of(read_tags(truth), scored_by),
                    named=branch,
                    method=method,
                    device=device,
                    prefix=f"{name}: " if len(paths) > 1 else "",
                )
                branches += rows.branches
                notes += rows.notes
            else:
                branches.append(files[name])
        return compare(
            truth,
            branches,
            _words(names, truth, notes),
            videos=video_files,
            strict=videos is not None,
            names=video,
            count=count,
            pictures=pictures,
            subset=subset,
            protocol=scored_by,
        )


def corrections_of(sources: str | PathLike[str] | Sequence[str | PathLike[str]]) -> Path:
    """Where the corrections of a page are by default: beside its first results file, else in the current folder."""
    files = [path for path in as_paths(sources) if not path.is_dir()]
    return files[0].with_name(FILE) if files else Path(FILE)


def inputs_of(
    sources: str | PathLike[str] | Sequence[str | PathLike[str]],
    dataset: str | PathLike[str] | None,
    videos: str | PathLike[str] | None,
    scores: Sequence[str | PathLike[str]],
) -> list[Path]:
    """The files that :func:`report_of` may read, none of which its page may replace."""
    folders = [Path(path) for path in (dataset, videos) if path is not None]
    stored = [Path(os.fspath(file).rpartition("=")[2]) for file in scores]
    return list(files_read([*as_paths(sources), *folders, *stored]))


def _without_dataset(paths: Sequence[Path], truth: Path | None) -> tuple[list[Path], Path | None]:
    """The sources without the folder of a dataset, which is the truth then."""
    datasets = [path for path in paths if path.is_dir() and (path / "annotations.json").is_file()]
    if not datasets:
        return list(paths), truth
    if len(datasets) > 1 or truth is not None:
        expected = f"one dataset, among the sources or as {arg('dataset')}"
        raise InputError("is a second dataset", source=datasets[-1], expected=expected)
    return [path for path in paths if path not in datasets], datasets[0]


def unique_names(paths: Sequence[Path]) -> list[str]:
    """What each file or folder is called: its name without ending, with as many folders as tell it from the others.

    >>> unique_names([Path("a/cbp.json"), Path("b/cbp.json"), Path("vlp.json"), Path("vlp.json")])
    ['a/cbp', 'b/cbp', 'vlp', 'vlp (2)']
    """
    parts = [(path if path.is_dir() else path.with_suffix("")).absolute().parts for path in paths]
    names: list[str] = []
    for own in parts:
        others = [other for other in parts if other != own]
        depth = next(d for d in range(1, len(own) + 1) if d == len(own) or all(o[-d:] != own[-d:] for o in others))
        name = "/".join(own[-depth:])
        numbered = (f"{name} ({number})" for number in range(2, len(parts) + 2))
        names.append(name if name not in names else next(other for other in numbered if other not in names))
    return names


def match_scores(names: Sequence[str], scores: Sequence[str]) -> dict[str, Path]:
    """Scores files by the name of their results.

    Args:
        names: of the results files.
        scores: a file for each of them in their order, or NAME=FILE for some.

    Raises:
        InputError: if there are more or fewer files than results, a name appears twice or without a file, or there
            are no results of such a name.
    """
    if scores and not names:
        raise InputError("is for results files; runs keep their own", source=arg("scores"))
    pairs = ["=" in text and not Path(text).exists() for text in scores]
    if not all(pairs) and (any(pairs) or len(scores) != len(names)):
        raise InputError(
            f"is given {len(scores)} times for {len(names)} results files",
            source=arg("scores"),
            expected=f"a file for each in their order, or NAME=FILE with NAME of {', '.join(names)}",
        )
    if not all(pairs):
        return dict(zip(names, map(Path, scores), strict=True))
    named: dict[str, Path] = {}
    for name, _, path in (text.partition("=") for text in scores):
        if name not in names:
            near = nearest(name, names)
            expected = f"NAME=FILE with NAME of {', '.join(names)}" + (f"; nearest is {near}" if near else "")
            raise InputError(f"there are no results called {shown(name)}", source=arg("scores"), expected=expected)
        if name in named:
            raise InputError(f"names results {shown(name)} twice", source=arg("scores"), expected="one file for each")
        if not path:
            raise InputError(f"names no file for results {shown(name)}", source=arg("scores"), expected="NAME=FILE")
        named[name] = Path(path)
    return named


def _dataset_of(run: Path) -> Path:
    """The dataset that a run was trained on, where it still is where it was."""
    info = RunFolder(run).info()
    dataset = Path(info.dataset)
    if not annotations_file(dataset).is_file():
        raise InputError(
            f"was trained on {dataset}, which does not exist", source=run, expected=f"{arg('dataset')} DATASET"
        )
    known = read_tags(dataset).videos
    gone = next((name for name in info.videos if name not in known), None)
    if gone is not None:  # another dataset of that name, such as one beside where the run is looked at
        problem = f"was trained on {dataset}, which no longer has its training video {shown(gone)}"
        raise InputError(problem, source=run, expected=f"{arg('dataset')} DATASET")
    beside = dataset.resolve().is_relative_to(run.resolve().parent)
    tags = tags_fingerprint(known[name] for name in info.videos)
    if not beside and info.tags_sha256 not in (None, tags):  # a run may come from anybody, and name any dataset
        problem = f"was trained on {dataset}, whose training videos have other tags now"
        raise InputError(problem, source=run, expected=f"{arg('dataset')} DATASET")
    return dataset


def _videos(folder: Path | None, dataset: Path | None) -> dict[str, Path]:
    """Video files by name: those of a folder that was named, else those of the dataset if there are any."""
    if folder is not None and not folder.is_dir():
        raise InputError("no such folder", source=folder, expected="a folder of videos")
    if folder is None:
        if dataset is None:
            return {}
        return {name: path for name, path in dataset_videos(dataset).items() if path.is_file()}
    paths = videos_in(folder)
    by_stem = {composed(path.stem): path for path in reversed(paths)}  # of one name the first
    inside = {path.resolve() for path in paths}
    own = dataset_videos(dataset) if dataset is not None else {}
    return by_stem | name_videos(paths) | {name: path for name, path in own.items() if path.resolve() in inside}


def _words(names: Sequence[str], dataset: Path | None, notes: Sequence[str]) -> Words:
    if not names and dataset is not None:
        folder = annotations_file(dataset).absolute().parent
        return Words(folder.name, lead=[f"What dataset {dataset} holds: what is annotated, and what is only tagged."])
    what = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    if dataset is None:
        return Words(what, lead=["What was found. Without a dataset there is no truth to compare with."])
    file = annotations_file(dataset).absolute()
    name = file.parent.name if file.name == "annotations.json" else file.stem
    return Words(f"{what} on {name}", lead=[f"What was found in videos of {dataset}."], notes=notes)
