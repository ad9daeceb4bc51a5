"""Fetching weights: checkpoints by huggingface_hub, single files by pooch; what arrives is checked before it counts.

Cache, mirror (``HF_ENDPOINT``), token and offline mode of the hub are the library's own, so that what another program
fetched is found, and the other way round.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaktal.errors import InputError, first_line
from weaktal.files import sha256
from weaktal.packages import missing
from weaktal.progress import OnProgress, Progress

if TYPE_CHECKING:
    from tqdm import tqdm

TIMEOUT = 20.0  # seconds without a byte
_PIECE = 1 << 20
_SETTINGS = (
    *("config.json", "preprocessor_config.json", "video_preprocessor_config.json", "tokenizer_config.json"),
    *("special_tokens_map.json", "tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt", "spiece.model"),
    "sentencepiece.bpe.model",
)
WEIGHT_FILES = SAFETENSORS, PICKLED = "model.safetensors", "pytorch_model.bin"
_TOKENIZER_FILES = ("tokenizer.json", "vocab.json", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that arrived.

    Attributes:
        path: where it is.
        sha256: of its content.
        checked: against what the content was compared, in words.
    """

    path: Path
    sha256: str
    checked: str


def fetch_file(url: str, path: Path, git_blob: str, on_progress: OnProgress) -> Fetched:
    """Fetches one file, which appears under its name once it is the one that its repository holds.

    Args:
        url: where from.
        path: where to.
        git_blob: its object id in a git repository: the SHA-1 of ``"blob SIZE\\0"`` and the content.
        on_progress: is told the bytes.

    Raises:
        InputError: if it cannot be fetched, or something else comes.
    """
    try:
        import pooch
        import requests
    except ImportError:
        raise missing("pooch") from None

    def transfer(source: str, output: str, _keeper: Any) -> None:
        pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=_Bar(path.name, on_progress))(source, output, _keeper)
        if (found := _git_blob(Path(output))) != git_blob:
            expected = f"{git_blob}, as its repository states"
            raise InputError(f"the fetched file has the git object id {found}", source=url, expected=expected)

    pooch.get_logger().setLevel("ERROR")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent, downloader=transfer)
    except (requests.RequestException, OSError) as error:
        raise InputError(f"cannot be fetched ({_short(error)})", source=url, expected="a network") from None
    return Fetched(path, sha256(path), "the git object id that its repository states")


class _Bar:
    """What pooch tells of a transfer."""

    def __init__(self, name: str, on_progress: OnProgress) -> None:
        self._name, self._tell, self._done = name, on_progress, 0
        self.total = 0

    def update(self, count: int) -> None:
        self._done += count
        self._tell(Progress(self._name, self._done, self.total, "bytes"))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def fetch_checkpoint(
    repository: str, into: Path | None, on_progress: OnProgress, on_file: Callable[[Fetched], None]
) -> Path:
    """Fetches a checkpoint of the hub, settings and weights of one commit; pickled weights only where it has no others.

    Args:
        repository: ORGANIZATION/MODEL.
        into: its folder; the hub's cache by default.
        on_progress: is told the bytes.
        on_file: is told each file that arrived.

    Raises:
        InputError: if it cannot be fetched, or something else comes than the hub states.
    """
    before = _files(into) if into is not None else {}
    commit: str | None = None
    for names in ((*_SETTINGS, SAFETENSORS), (PICKLED,)):
        folder = _snapshot(repository, into, names, commit, on_progress)
        commit = commit or _commit(folder, into)
        if into is not None:
            _remove_of_others(into, commit)
        if (folder / SAFETENSORS).is_file() or (folder / PICKLED).is_file():
            break
    if not has_weights(folder):
        raise InputError(
            "has no such files", source=repository, expected=f"config.json with {SAFETENSORS} or {PICKLED}"
        )
    for name in (*_SETTINGS, *WEIGHT_FILES):
        path = folder / name
        if path.is_file() and before.get(name) != path.stat().st_mtime_ns:
            on_file(_checked(path, into))
    return folder


def _files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*") if path.is_file()}


def has_weights(folder: Path) -> bool:
    """Whether a folder is a checkpoint with its weights, and not only begun."""
    return (folder / "config.json").is_file() and any((folder / name).is_file() for name in WEIGHT_FILES)


def has_tokenizer(folder: Path) -> bool:
    """Whether a checkpoint folder holds the files of a tokenizer."""
    return any((folder / name).is_file() for name in _TOKENIZER_FILES)


def cached(repository: str) -> Path | None:
    """The checkpoint's folder in the hub's cache on this machine, if it is whole; never asks the network."""
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError:  # without the extra "video" there is no such cache
        return None
    for names in ((*_SETTINGS, SAFETENSORS), ("config.json", PICKLED)):
        try:
            folder = Path(snapshot_download(repository, allow_patterns=list(names), local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError, OSError):
            continue
        if has_weights(folder):
            return folder
    return None


def _snapshot(
    repository: str, into: Path | None, names: tuple[str, ...], commit: str | None, on_progress: OnProgress
) -> Path:
    """The folder with what the hub has of these names, at a commit; at the newest where none is given."""
    try:
        from huggingface_hub import constants, snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError:
        raise missing("huggingface_hub") from None
    try:
        folder = snapshot_download(
            repository,
            revision=commit,
            local_dir=into,
            allow_patterns=list(names),
            max_workers=1,
            etag_timeout=TIMEOUT,
            tqdm_class=_bars(repository, on_progress),
        )
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "?"
        expected = "ORGANIZATION/MODEL that is public, or HF_TOKEN of somebody who may read it"
        raise InputError(f"the hub does not give it ({status})", source=repository, expected=expected) from None
    except Exception as error:  # the library's network layers raise many kinds
        if constants.HF_HUB_OFFLINE:
            expected = "HF_HUB_OFFLINE unset"
            raise InputError(
                "is not here, and HF_HUB_OFFLINE forbids asking", source=repository, expected=expected
            ) from None
        problem = f"cannot be fetched ({_short(error)})"
        raise InputError(problem, source=repository, expected="a network connection; the next try continues") from None
    return Path(folder)


def _bars(name: str, on_progress: OnProgress) -> type[tqdm[Any]]:
    """A class of progress bars that draws nothing and tells bytes."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]  # the package has no types
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self._bytes = options.get("unit") == "B"
            self._so_far = options.get("initial") or 0
            options.pop("name", None)
            super().__init__(*arguments, **{**options, "disable": True})
            self.total = options.get("total")

        def update(self, n: float | None = 1) -> bool | None:
            self._so_far += n or 0
            if self._bytes:
                on_progress(Progress(name, self._so_far, self.total or 0, "bytes"))
            return None

    return Bar


def _checked(path: Path, into: Path | None) -> Fetched:
    """A file that the hub gave, compared with the hash that the hub stated.

    Raises:
        InputError: if it is another; the file is removed.
    """
    stated = _stated(path, into)
    digest = sha256(path)
    large = stated is not None and len(stated) == 64
    found = digest if large else _git_blob(path)
    if stated is not None and found != stated:
        path.resolve().unlink()
        path.unlink(missing_ok=True)
        kind = "SHA-256" if large else "git object id"
        expected = f"{stated}, as the hub states; it was removed, the next try fetches it again"
        raise InputError(f"the fetched file has the {kind} {found}", source=path, expected=expected)
    if stated is None:
        return Fetched(path, digest, "nothing: no hash is stated anywhere")
    return Fetched(path, digest, f"the {'SHA-256' if large else 'git object id'} that the hub states")


def _stated(path: Path, into: Path | None) -> str | None:
    """The hash by which the hub names a file: the name of its blob in the cache, or what was noted beside a folder."""
    name = path.resolve().name if into is None else _noted(into, path.name)[1]
    return name if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", name) else None


def _noted(into: Path, name: str) -> tuple[str, str]:
    """The commit and the entity tag that the hub stated of a file in a folder of one's own; empty where unknown."""
    notes = into / ".cache" / "huggingface" / "download" / f"{name}.metadata"
    lines = notes.read_text(encoding="utf-8", errors="replace").splitlines() if notes.is_file() else []
    commit, tag = (line.strip().strip('"') for line in (*lines, "", "")[:2])
    return commit, tag


def _commit(folder: Path, into: Path | None) -> str | None:
    """The commit that a snapshot is of; None where that is not known, as of a folder without any file of the hub."""
    if into is None:
        return folder.name
    newest = max(_notes(into), key=lambda path: path.stat().st_mtime_ns, default=None)
    return None if newest is None else _noted(into, newest.stem)[0] or None


def _notes(into: Path) -> list[Path]:
    notes = into / ".cache" / "huggingface" / "download"
    return [path for name in (*_SETTINGS, SAFETENSORS, PICKLED) if (path := notes / f"{name}.metadata").is_file()]


def _remove_of_others(into: Path, commit: str | None) -> None:
    """Removes what an earlier call fetched of another commit, and this one lacks."""
    for notes in _notes(into):
        if commit is not None and _noted(into, notes.stem)[0] != commit:
            (into / notes.stem).unlink(missing_ok=True)
            notes.unlink()


def _git_blob(path: Path) -> str:
    """Git object id of a file."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _short(error: BaseException) -> str:
    """What went wrong in a few words; requests wraps the reason twice, and says each time to which host."""
    inner = getattr(error.args[0], "reason", None) if error.args else None
    error = inner if isinstance(inner, BaseException) else error
    name, line = type(error).__name__, re.sub(r"^<?\w+\(host=[^)]*\)>?: ", "", first_line(error))
    return f"{name}: {line}" if line != name else name
