"""Files fetched over HTTP: resumed where a transfer broke off, checked before they appear under their name.

A broken transfer goes on only where what came and what comes are known to be of one version: by the hash of the whole
that a publisher states, or by the server's entity tag, kept in ``NAME.part.tag``. Else it starts anew.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPMessage
from pathlib import Path
from typing import IO

from weaktal.errors import InputError

TIMEOUT = 20.0  # seconds without a byte
ATTEMPTS = 5  # that bring no further byte, before giving up
_PIECE = 1 << 20

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there and the bytes that there will be, where the server says."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file to fetch.

    Attributes:
        url: where from.
        path: where to, below the folder of weights.
        sha256: of its content, where a source states it.
        git_blob: its object id in a git repository (the SHA-1 of ``"blob SIZE\\0"`` and the content), where known.
        optional: whether the checkpoint is whole without it.
        instead_of: path of another file that this one replaces where the server has no such other.
    """

    url: str
    path: str
    sha256: str | None = None
    git_blob: str | None = None
    optional: bool = False
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that arrived.

    Attributes:
        path: where it is.
        sha256: of its content.
        checked: against what the content was compared, in words.
        commit: of the repository that the server gave it from, where it says so.
    """

    path: Path
    sha256: str
    checked: str
    commit: str | None = None


class NotOnServer(InputError):
    """The server has no such file."""


def fetch(remote: RemoteFile, path: Path, progress: Progress = lambda _there, _whole: None) -> Fetched:
    """Fetches ``remote`` to ``path``, going on with ``path.part`` where an earlier transfer broke off.

    The part is kept when the network fails and removed when its content proves wrong, so trying again always helps.

    Raises:
        NotOnServer: if the server does not have the file.
        InputError: if there is no network, the transfer keeps breaking off, or what came is not what it should be.
    """
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    known = remote.sha256 is not None or remote.git_blob is not None
    stated = _transfer(remote.url, _Part(part, any_version=known), progress)
    try:
        fetched = _checked(remote, part, path, stated)
    except InputError:
        _Part(part).discard()
        raise
    with part.open("rb+") as stream:
        os.fsync(stream.fileno())
    part.replace(path)
    _Part(part).discard()
    return fetched


class _Part:
    """What came of a file so far.

    Args:
        path: where it is.
        any_version: whether it may be gone on with although its version is not known, as the whole is checked later.
    """

    def __init__(self, path: Path, *, any_version: bool = False) -> None:
        self.path = path
        self._any = any_version
        self._tag = path.with_name(path.name + ".tag")

    @property
    def tag(self) -> str | None:
        """The entity tag of the version that it is of; None where that is not known."""
        return self._tag.read_text(encoding="latin1") if self._tag.is_file() else None

    @property
    def size(self) -> int:
        """Bytes to go on after: none where nobody could tell whether the rest is of the same version."""
        return self.path.stat().st_size if self.path.exists() and (self._any or self.tag) else 0

    def begin(self, tag: str | None) -> None:
        """Starts anew with a version."""
        self.discard()
        if tag is not None:
            self._tag.write_text(tag, encoding="latin1")

    def discard(self) -> None:
        """Removes what came."""
        self.path.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the server says of the whole file."""

    size: int | None
    hash: str | None
    content_type: str
    commit: str | None
    chunked: bool

    @classmethod
    def of(cls, headers: Message, redirects: _Redirects, size: int | None) -> _Stated:
        """What an answer says, and the answers that led to it."""
        return cls(
            size,
            redirects.hash or _stated_hash(headers),
            headers.get_content_type(),
            redirects.commit or _commit(headers),
            headers.get("Transfer-Encoding", "").lower() == "chunked",
        )


def _transfer(url: str, part: _Part, progress: Progress) -> _Stated:
    """Brings ``part`` to the file's whole length."""
    idle, most = 0, part.size  # further than this is progress; a server that begins anew every time makes none
    while True:
        before = part.size
        try:
            stated = _attempt(url, part, before, progress)
        except _BrokenOffError as error:
            idle = 0 if part.size > most else idle + 1
            most = max(most, part.size)
            if idle >= ATTEMPTS:
                raise InputError(
                    f"the transfer keeps breaking off ({error})",
                    source=url,
                    expected=f"a network that lasts; {part.path} keeps what came, the next try goes on there",
                ) from None
        else:
            return stated


class _BrokenOffError(Exception):
    pass


def _attempt(url: str, part: _Part, start: int, progress: Progress) -> _Stated:
    request = urllib.request.Request(url, headers={"User-Agent": "weaktal", "Accept-Encoding": "identity"})
    if start:
        request.add_header("Range", f"bytes={start}-")
        if part.tag is not None:
            request.add_header("If-Range", part.tag)
    redirects = _Redirects()
    try:
        response = urllib.request.build_opener(redirects).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:  # nothing is left to send, or the part is longer than the file
            whole = _whole_size(error.headers)
            if whole == start and _tag(error.headers) in (None, part.tag):
                return _Stated.of(error.headers, redirects, whole)
            part.discard()
            raise _BrokenOffError("the file on the server has changed") from None
        if error.code in (404, 401, 403):
            raise NotOnServer(f"the server does not give it ({error.code} {error.reason})", source=url) from None
        raise _BrokenOffError(f"{error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise InputError(f"cannot be reached ({error.reason})", source=url, expected="a network") from None
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenOffError(str(error) or type(error).__name__) from None
    with closing(response):
        headers = response.headers
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            raise InputError("comes encoded, though that was not asked for", source=url, expected="the file itself")
        resumed = response.status == 206
        if resumed and (_range_start(headers) != start or not start or _tag(headers) != part.tag):
            part.discard()
            raise _BrokenOffError("the file on the server has changed")
        if not resumed:
            part.begin(_tag(headers))
        whole = _whole_size(headers) if resumed else _length(headers)
        _copy(response, part.path, start if resumed else 0, whole, progress)
        return _Stated.of(headers, redirects, whole)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirections and keeps what the hub states in its own answer before it sends us elsewhere."""

    hash: str | None = None
    commit: str | None = None

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """The request of the next address."""
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise InputError(f"leads to {newurl}", source=req.full_url, expected="an address of https, as this one")
        self.hash, self.commit = self.hash or _stated_hash(headers), self.commit or _commit(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _copy(response: IO[bytes], part: Path, start: int, whole: int | None, progress: Progress) -> None:
    there = start
    try:
        with part.open("ab" if start else "wb") as stream:
            while piece := response.read(_PIECE):
                stream.write(piece)
                there += len(piece)
                progress(there, whole)
    except http.client.IncompleteRead as error:
        with part.open("ab") as stream:
            stream.write(error.partial)
        raise _BrokenOffError(f"after {there + len(error.partial)} of {whole} bytes") from None
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, OSError) and error.errno == 28:
            raise InputError("the disk is full", source=part) from None
        raise _BrokenOffError(str(error) or type(error).__name__) from None
    if whole is not None and there < whole:
        raise _BrokenOffError(f"after {there} of {whole} bytes")


def _length(headers: Message) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _whole_size(headers: Message) -> int | None:
    found = re.fullmatch(r"bytes (?:\d+-\d+|\*)/(\d+)", headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _range_start(headers: Message) -> int | None:
    found = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _stated_hash(headers: Message) -> str | None:
    """The hub gives the SHA-256 of a large file as its entity tag, and the git object id of a small one."""
    tag = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/").strip('"').lower()
    return tag if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", tag) else None


def _commit(headers: Message) -> str | None:
    """The commit that the hub gives a file from."""
    commit = headers.get("X-Repo-Commit", "")
    return commit if re.fullmatch(r"[0-9a-f]{40}", commit) else None


def _tag(headers: Message) -> str | None:
    """The entity tag of a version, byte by byte; a weak one tells less."""
    tag = headers.get("ETag", "")
    return tag if re.fullmatch(r'"[\x21\x23-\x7e]{1,200}"', tag) else None


def _checked(remote: RemoteFile, part: Path, path: Path, stated: _Stated) -> Fetched:
    size = part.stat().st_size
    if stated.size is not None and size != stated.size:
        raise InputError(f"{size} bytes came", source=remote.url, expected=f"the {stated.size} that the server stated")
    with part.open("rb") as stream:
        page = stream.read(200).lstrip().lower().startswith((b"<!doctype html", b"<html"))
    if page or stated.content_type == "text/html" or size == 0:
        what = "a web page" if size else "nothing"
        raise InputError(f"the server sent {what} instead of {path.name}", source=remote.url)
    sha256, blob = _hashes(part, size)
    large = stated.hash is None or len(stated.hash) == 64
    for expected, found, kind, stated_by in (
        (remote.sha256, sha256, "SHA-256", "its publisher"),
        (remote.git_blob, blob, "git object id", "its repository"),
        (stated.hash, sha256 if large else blob, "SHA-256" if large else "git object id", "the server"),
    ):
        if expected is not None and found != expected:
            raise InputError(
                f"what came has the {kind} {found}", source=remote.url, expected=f"{expected}, as {stated_by} states"
            )
        if expected is not None:
            return Fetched(path, sha256, f"the {kind} that {stated_by} states", stated.commit)
    if stated.size is None and not stated.chunked:
        raise InputError("may be but a part", source=remote.url, expected="a server that states its length or its hash")
    return Fetched(path, sha256, "nothing: no hash is stated anywhere", stated.commit)


def _hashes(path: Path, size: int) -> tuple[str, str]:
    """SHA-256 and git object id of a file."""
    sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            sha256.update(piece)
            blob.update(piece)
    return sha256.hexdigest(), blob.hexdigest()
