"""Transfers against a real HTTP server on this machine that misbehaves on purpose."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from weaktal.encoders import download
from weaktal.encoders.download import NotOnServer, RemoteFile, fetch
from weaktal.errors import InputError

CONTENT = bytes(range(256)) * 12_000  # 3 MB: several reads
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BLOB = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT, usedforsecurity=False).hexdigest()

Behaviour = Callable[[BaseHTTPRequestHandler, int], None]


class Server:
    """Answers GET with ``behaviour(request, start)``; ``ranges`` keeps the Range header of every request."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.ranges: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                outer.ranges.append(asked)
                outer.behaviour(self, int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0)

            def log_message(self, *arguments: object) -> None:
                pass

        self.behaviour = behaviour
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/w.pt"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def serve() -> Iterator[Callable[[Behaviour], Server]]:
    started: list[Server] = []

    def start(behaviour: Behaviour) -> Server:
        started.append(Server(behaviour))
        return started[-1]

    yield start
    for server in started:
        server.http.shutdown()
        server.http.server_close()


def answer(
    request: BaseHTTPRequestHandler,
    start: int,
    content: bytes = CONTENT,
    *,
    send: int | None = None,
    length: int | None = None,
    kind: str = "application/octet-stream",
    tag: str | None = None,
    more: dict[str, str] | None = None,
) -> None:
    """``content`` from ``start``; at most ``send`` bytes of it, announced as ``length``."""
    body = content[start:]
    request.send_response(206 if start else 200)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    if start:
        whole = len(content) if length is None else start + length
        request.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
    if tag:
        request.send_header("ETag", f'"{tag}"')
    for name, value in (more or {}).items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body if send is None else body[:send])


def test_a_whole_file(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    server = serve(answer)
    seen: list[tuple[int, int | None]] = []
    fetched = fetch(RemoteFile(server.url, "w.pt", sha256=SHA256), tmp_path / "sub" / "w.pt", lambda *n: seen.append(n))
    assert fetched.path.read_bytes() == CONTENT
    assert (fetched.sha256, fetched.checked) == (SHA256, "the SHA-256 that its publisher states")
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in fetched.path.parent.iterdir()] == ["w.pt"]


def test_a_server_that_breaks_off_is_asked_for_the_rest(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    server = serve(lambda request, start: answer(request, start, send=1_000_000))
    fetched = fetch(RemoteFile(server.url, "w.pt", git_blob=BLOB), tmp_path / "w.pt")
    assert fetched.path.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000000-", "bytes=2000000-", "bytes=3000000-"]


def test_a_later_call_goes_on_where_the_first_gave_up(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    def once(request: BaseHTTPRequestHandler, start: int) -> None:
        answer(request, start, send=0 if start else 700_000)

    server = serve(once)
    remote = RemoteFile(server.url, "w.pt", sha256=SHA256)
    with pytest.raises(InputError, match=r"the transfer keeps breaking off \(after 700000 of 3072000 bytes\)"):
        fetch(remote, tmp_path / "w.pt")
    assert not (tmp_path / "w.pt").exists()
    assert (tmp_path / "w.pt.part").read_bytes() == CONTENT[:700_000]
    server.behaviour, server.ranges = answer, []
    assert fetch(remote, tmp_path / "w.pt").path.read_bytes() == CONTENT
    assert server.ranges == ["bytes=700000-"]


def test_a_server_without_ranges_starts_over(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    server = serve(lambda request, start: answer(request, 0))
    (tmp_path / "w.pt.part").write_bytes(b"something else")
    assert fetch(RemoteFile(server.url, "w.pt", sha256=SHA256), tmp_path / "w.pt").path.read_bytes() == CONTENT


def test_a_part_that_is_whole_already(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    def nothing_left(request: BaseHTTPRequestHandler, start: int) -> None:
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{len(CONTENT)}")
        request.send_header("Content-Length", "0")
        request.end_headers()

    (tmp_path / "w.pt.part").write_bytes(CONTENT)
    server = serve(nothing_left)
    assert fetch(RemoteFile(server.url, "w.pt", sha256=SHA256), tmp_path / "w.pt").sha256 == SHA256


def without_length(request: BaseHTTPRequestHandler, content: bytes) -> None:
    """Content whose end is the end of the connection, wherever that breaks off."""
    request.send_response(200)
    request.send_header("Content-Type", "application/octet-stream")
    request.end_headers()
    request.wfile.write(content)


NEXT = CONTENT[::-1]  # another version of the same length


@pytest.mark.parametrize("tagged", [True, False])
def test_two_versions_are_never_joined(serve: Callable[[Behaviour], Server], tmp_path: Path, tagged: bool) -> None:
    def changing(request: BaseHTTPRequestHandler, start: int) -> None:
        first = len(server.ranges) == 1
        tag = ("one" if first else "two") if tagged else None
        answer(request, start, CONTENT if first else NEXT, send=1_000_000 if first else None, tag=tag)

    server = serve(changing)
    assert fetch(RemoteFile(server.url, "w.pt"), tmp_path / "w.pt").path.read_bytes() == NEXT
    assert server.ranges == ([None, "bytes=1000000-", None] if tagged else [None, None])
    assert [path.name for path in tmp_path.iterdir()] == ["w.pt"]


def test_one_version_is_gone_on_with_by_a_later_call(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    server = serve(lambda request, start: answer(request, start, send=0 if start else 700_000, tag="one"))
    remote = RemoteFile(server.url, "w.pt")
    with pytest.raises(InputError, match="keeps breaking off"):
        fetch(remote, tmp_path / "w.pt")
    server.behaviour, server.ranges = lambda request, start: answer(request, start, tag="one"), []
    assert fetch(remote, tmp_path / "w.pt").path.read_bytes() == CONTENT
    assert server.ranges == ["bytes=700000-"]


def test_another_range_than_the_one_asked_for_is_not_appended(
    serve: Callable[[Behaviour], Server], tmp_path: Path
) -> None:
    def shifted(request: BaseHTTPRequestHandler, start: int) -> None:
        answer(request, start - 100_000 if start else 0, send=None if start else 700_000, tag="one")

    server = serve(shifted)
    with pytest.raises(InputError, match="the file on the server has changed"):
        fetch(RemoteFile(server.url, "w.pt"), tmp_path / "w.pt")
    assert not (tmp_path / "w.pt").exists()


WRONG = bytes(len(CONTENT))
LIES: dict[str, tuple[Behaviour, RemoteFile, str]] = {
    "wrong content, published hash": (
        lambda request, start: answer(request, start, WRONG),
        RemoteFile("", "w.pt", sha256=SHA256),
        f"expected {SHA256}, as its publisher states",
    ),
    "wrong content, git object id": (
        lambda request, start: answer(request, start, WRONG),
        RemoteFile("", "w.pt", git_blob=BLOB),
        f"expected {BLOB}, as its repository states",
    ),
    "content unlike the server's own hash": (
        lambda request, start: answer(request, start, WRONG, tag=SHA256),
        RemoteFile("", "w.pt"),
        f"expected {SHA256}, as the server states",
    ),
    "a stated size too large": (
        lambda request, start: answer(request, start, length=len(CONTENT) - start + 5),
        RemoteFile("", "w.pt", sha256=SHA256),
        "keeps breaking off",
    ),
    "a stated size too small": (
        lambda request, start: answer(request, start, length=1000),
        RemoteFile("", "w.pt", sha256=SHA256),
        "expected " + SHA256,
    ),
    "a web page": (
        lambda request, start: answer(request, start, b"<html>sign in</html>", kind="text/html"),
        RemoteFile("", "w.pt"),
        "the server sent a web page instead of w.pt",
    ),
    "a web page that calls itself text": (
        lambda request, start: answer(request, start, b"\n<!DOCTYPE html><p>sign in", kind="text/plain"),
        RemoteFile("", "w.pt"),
        "the server sent a web page instead of w.pt",
    ),
    "content unlike the server's own git object id": (
        lambda request, start: answer(request, start, WRONG, tag=BLOB),
        RemoteFile("", "w.pt"),
        f"expected {BLOB}, as the server states",
    ),
    "compressed content": (
        lambda request, start: answer(request, start, more={"Content-Encoding": "gzip"}),
        RemoteFile("", "w.pt"),
        "comes encoded",
    ),
    "neither length nor hash": (
        lambda request, start: without_length(request, CONTENT[:1000]),
        RemoteFile("", "w.pt"),
        "may be but a part",
    ),
    "half of it, without a length": (
        lambda request, start: without_length(request, CONTENT[:1000]),
        RemoteFile("", "w.pt", sha256=SHA256),
        f"expected {SHA256}, as its publisher states",
    ),
    "nothing": (
        lambda request, start: answer(request, start, b""),
        RemoteFile("", "w.pt"),
        "the server sent nothing instead of w.pt",
    ),
}


@pytest.mark.parametrize("case", LIES)
def test_lies_are_found_out_and_nothing_appears(
    serve: Callable[[Behaviour], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    behaviour, remote, message = LIES[case]
    url = serve(behaviour).url
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    with pytest.raises(InputError) as caught:
        fetch(RemoteFile(url, "w.pt", sha256=remote.sha256, git_blob=remote.git_blob), tmp_path / "w.pt")
    assert message in caught.value.line()
    assert not (tmp_path / "w.pt").exists()


def test_after_a_wrong_file_the_next_try_starts_clean(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    server = serve(lambda request, start: answer(request, start, WRONG))
    remote = RemoteFile(server.url, "w.pt", sha256=SHA256)
    with pytest.raises(InputError):
        fetch(remote, tmp_path / "w.pt")
    server.behaviour = answer
    assert fetch(remote, tmp_path / "w.pt").sha256 == SHA256
    assert server.ranges == [None, None]


def test_a_hash_stated_before_a_redirection_counts(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    def redirect(request: BaseHTTPRequestHandler, start: int) -> None:
        if request.path == "/w.pt":
            request.send_response(302)
            request.send_header("Location", "/elsewhere")
            request.send_header("X-Linked-Etag", f'"{SHA256}"')
            request.send_header("Content-Length", "0")
            request.end_headers()
        else:
            answer(request, start, contents[0], tag="0" * 32)

    contents = [CONTENT]
    remote = RemoteFile(serve(redirect).url, "w.pt")
    assert fetch(remote, tmp_path / "w.pt").checked == "the SHA-256 that the server states"
    contents[0] = WRONG
    with pytest.raises(InputError, match="as the server states"):
        fetch(remote, tmp_path / "other.pt")


def test_what_the_server_lacks_is_said(serve: Callable[[Behaviour], Server], tmp_path: Path) -> None:
    server = serve(lambda request, start: request.send_error(404))
    with pytest.raises(NotOnServer, match="404"):
        fetch(RemoteFile(server.url, "w.pt"), tmp_path / "w.pt")


def test_no_network_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be reached"):
        fetch(RemoteFile("http://127.0.0.1:9/w.pt", "w.pt"), tmp_path / "w.pt")
