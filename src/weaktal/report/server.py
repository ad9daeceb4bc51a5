"""A page with its videos, served to this machine alone.

What is served is decided before the first request: the page, the videos that it shows, their pictures, and one file of
corrections. An address never becomes a path: videos have numbers. Every address holds a token, so that other users of
the machine and other pages of the browser find nothing; requests that name another host are refused, which keeps a page
on the web from reaching the server through a name that it controls.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from weaktal.data.corrections import Corrections, read_corrections
from weaktal.errors import InputError, first_line
from weaktal.files import scratch_folder, sha256, write_json
from weaktal.report.content import Film, Report
from weaktal.report.converted import Converted
from weaktal.report.page import policy, render

_MOST_BYTES = 32 * 1024**2  # of corrections that a page sends
_STRIPS = 64  # strips of pictures that are kept in memory, 100 kB each
_NUMBER = re.compile("[0-9]{1,9}")  # of a page
_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def application(report: Report, *, token: str, corrections: Path, converted: Converted) -> Starlette:
    """The server's answers.

    Args:
        report: the page.
        token: what every address begins with.
        corrections: the file that the page keeps its corrections in.
        converted: makes copies of what a browser cannot play.

    Raises:
        InputError: if there is a corrections file already that is none.
    """
    return Starlette(routes=_Answers(report, token, converted, _Kept(corrections)).routes())


class _Kept:
    """The file of corrections, of which no window overwrites what it did not see, whoever else changes it.

    Raises:
        InputError: if there is a file already that holds no corrections.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._seen: list[str | None] = []  # SHA-256 of the file when page N was opened, or after it last saved
        self._read()

    def _state(self) -> str | None:
        return sha256(self.path) if self.path.exists() else None

    def _read(self) -> Corrections | None:
        return read_corrections(self.path) if self.path.exists() else None

    def opened(self) -> tuple[int, Corrections | None]:
        """The number of a new page, and the corrections that it begins with.

        Raises:
            InputError: if the file holds no corrections any more.
        """
        with self._lock:
            state = self._state()  # first: what is written in between was not seen
            kept = self._read()
            self._seen.append(state)
            return len(self._seen) - 1, kept

    def write(self, kept: Corrections, page: int) -> bool:
        """Saves what a page has; False if anything but that page has changed the file since it was opened.

        Raises:
            InputError: if the file cannot be written.
        """
        with self._lock:
            if not 0 <= page < len(self._seen) or self._state() != self._seen[page]:
                return False
            write_json(self.path, kept.as_json())
            self._seen[page] = self._state()
            return True


class _Answers:
    def __init__(self, report: Report, token: str, converted: Converted, kept: _Kept) -> None:
        self._report, self._token, self._converted, self._kept = report, token, converted, kept
        self._film = lru_cache(_STRIPS)(self._make_film)

    def routes(self) -> list[Route]:
        """The addresses, each behind the same guard."""
        return [
            Route("/{token}/", self._guarded(self._page), methods=["GET"]),
            Route("/{token}/video/{number:int}", self._guarded(self._video), methods=["GET"]),
            Route("/{token}/film/{number:int}", self._guarded(self._pictures), methods=["GET"]),
            Route("/{token}/corrections", self._guarded(self._correct), methods=["PUT"]),
        ]

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
            given = str(request.path_params["token"])
            if host not in _HOSTS or not secrets.compare_digest(given.encode(), self._token.encode()):
                return _nothing()
            response = await answer(request)
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
            response.headers["Cache-Control"] = "no-store"
            return response

        return guarded

    async def _page(self, _request: Request) -> Response:
        try:
            number, kept = await run_in_threadpool(self._kept.opened)
        except InputError as error:
            return PlainTextResponse(error.line(shell=True), status_code=422)
        served: dict[str, Any] = {
            "served": True,
            "number": number,
            "corrections": str(self._kept.path),
            "kept": kept.as_json() if kept is not None else None,
        }
        text = await run_in_threadpool(render, self._report, served=served)
        return HTMLResponse(text, headers={"Content-Security-Policy": policy(served=True)})

    async def _video(self, request: Request) -> Response:
        file = self._file(request)
        if file is None:
            return _nothing()
        if "converted" in request.query_params:
            try:
                file = await run_in_threadpool(self._converted.copy, file, request.path_params["number"])
            except InputError as error:
                return PlainTextResponse(error.line(shell=True), status_code=422)
        if not file.is_file():
            return _nothing()
        return FileResponse(file)

    async def _pictures(self, request: Request) -> Response:
        if self._file(request) is None:
            return _nothing()
        try:
            film = await run_in_threadpool(self._film, request.path_params["number"])
        except InputError as error:
            return PlainTextResponse(error.line(shell=True), status_code=422)
        headers = {"X-Pictures": str(film.count)}
        if film.ends is not None:
            headers["X-Ends"] = str(film.ends)
        return Response(film.jpeg, media_type="image/jpeg", headers=headers)

    def _make_film(self, number: int) -> Film:
        from weaktal.report.film import film
        from weaktal.video.container import probe

        video = self._report.videos[number]
        file = video.file
        assert file is not None
        return film(file, video.duration or probe(file).duration or 1.0)

    async def _correct(self, request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{request.headers['host']}":
            return _nothing()
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return PlainTextResponse("these are too many corrections", status_code=413)
        try:
            kept = Corrections.model_validate(json.loads(body))
        except (ValidationError, ValueError, RecursionError) as error:
            return PlainTextResponse(f"these are not corrections: {first_line(error)}", status_code=422)
        try:
            page = request.headers.get("x-page", "")
            saved = await run_in_threadpool(self._kept.write, kept, int(page) if _NUMBER.fullmatch(page) else -1)
        except InputError as error:
            return PlainTextResponse(error.line(shell=True), status_code=507)
        if not saved:
            problem = "was changed in another window or by another program; reload this page to continue from there"
            return PlainTextResponse(f"{self._kept.path} {problem}", status_code=409)
        return JSONResponse({"judgements": len(kept.judgements)})

    def _file(self, request: Request) -> Path | None:
        number = request.path_params["number"]
        return self._report.videos[number].file if number < len(self._report.videos) else None


def _nothing() -> Response:
    return PlainTextResponse("there is nothing here", status_code=404)


@contextlib.contextmanager
def _listening(port: int) -> Iterator[Any]:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            from weaktal.errors import arg
            from weaktal.files import reason

            problem = f"port {port} cannot be used ({reason(error) if isinstance(error, OSError) else error})"
            raise InputError(problem, source=arg("port"), expected="a free port, 0 for any") from None
        listener.listen()  # before the address is told: an early request waits, it is not refused
        yield listener


def run(report: Report, *, corrections: Path, port: int = 0, started: Callable[[str], None]) -> None:
    """Serves a page until it is stopped.

    Args:
        report: the page.
        corrections: the file that the page keeps its corrections in.
        port: on 127.0.0.1; 0 takes a free one.
        started: called with the page's address.

    Raises:
        InputError: if the port cannot be used, or ``corrections`` is not such a file.
        KeyboardInterrupt: when it is stopped from the keyboard.
    """
    import uvicorn

    token = secrets.token_urlsafe(24)
    with scratch_folder() as folder, _listening(port) as listener:
        app = application(report, token=token, corrections=corrections, converted=Converted(folder))
        settings = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        started(f"http://127.0.0.1:{listener.getsockname()[1]}/{token}/")
        uvicorn.Server(settings).run(sockets=[listener])
