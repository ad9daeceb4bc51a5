"""A server on this machine that stands in for the Hugging Face hub, and misbehaves where it is told to."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class Hub:
    """The files of every repository, by name.

    Attributes:
        files: what the hub says that it has.
        sent: what it sends instead, by name.
        breaks: how many times it breaks off a file after half of what is left.
        moving: whether another commit is the newest at every question.
        large: names of files that it keeps apart from the repository, and names by their SHA-256.
        asked: method and path of every request.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.sent: dict[str, bytes] = {}
        self.breaks = 0
        self.moving = False
        self.large: tuple[str, ...] = ()
        self.newest = 1
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                outer.answer(self, body=False)

            def do_GET(self) -> None:
                outer.answer(self, body=True)

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        self.asked.append(f"{request.command} {request.path}")
        path = request.path.partition("?")[0].strip("/").split("/")
        if path[0] == "api":
            self.newest += self.moving
            commit = f"{self.newest:040x}"
            listed: object = {"id": "/".join(path[2:4]), "sha": commit, "siblings": []}
            if "tree" in path:
                listed = [
                    {"type": "file", "path": name, "size": len(content), "oid": git_blob(content)}
                    for name, content in self.files.items()
                ]
            self.send(request, 200, json.dumps(listed).encode(), {"Content-Type": "application/json"})
            return
        name, revision = path[-1], path[-2]
        if name not in self.files:
            self.send(request, 404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        stated = self.files[name]
        content = self.sent.get(name, stated)
        tag = git_blob(stated)
        if name in self.large:
            tag = hashlib.sha256(stated).hexdigest()
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": revision, "Accept-Ranges": "bytes"}
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest = content[start:]
        if body and self.breaks and len(rest) > 1000:
            self.breaks -= 1
            self.send(request, 206 if start else 200, rest, headers, half=True)
            return
        self.send(request, 206 if start else 200, rest, headers, body=body)

    @staticmethod
    def send(
        request: BaseHTTPRequestHandler,
        status: int,
        content: bytes,
        headers: dict[str, str],
        *,
        body: bool = True,
        half: bool = False,
    ) -> None:
        request.send_response(status)
        for key, value in headers.items():
            request.send_header(key, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if half:
            request.wfile.write(content[: len(content) // 2])
            request.close_connection = True
        elif body:
            request.wfile.write(content)


@contextmanager
def standing_in(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Hub]:
    """The library asks this hub, and keeps what comes in ``home``."""
    import huggingface_hub.constants as constants

    hub = Hub()
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    quick = SimpleNamespace(**{**vars(time), "sleep": lambda _seconds: None})  # between the library's own attempts
    monkeypatch.setattr("huggingface_hub.file_download.time", quick)
    yield hub
    hub.http.shutdown()
    hub.http.server_close()
