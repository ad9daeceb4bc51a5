"""The server gives what was given to it, and nothing else."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.report.conftest import wait_for

from weaktal.errors import InputError
from weaktal.report.content import Report

uvicorn = pytest.importorskip("uvicorn")

from weaktal.data.corrections import read_corrections  # noqa: E402
from weaktal.report.converted import Converted  # noqa: E402
from weaktal.report.server import application  # noqa: E402
from weaktal.video.encoding import writing_video  # noqa: E402

SECRET = b"only for its owner"


@dataclass
class Running:
    """A server, and what it may give."""

    port: int
    token: str
    video: bytes
    corrections: Path

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            content = b"" if answer.status in (304, 204) else answer.read()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, content
        finally:
            connection.close()


@pytest.fixture
def server(report: Report, tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "secret.txt").write_bytes(SECRET)
    with writing_video(tmp_path / "v.mp4", fps=10, width=64, height=48) as add:
        for number in range(60):
            add(np.full((48, 64, 3), 4 * number, np.uint8))
    (tmp_path / "cache").mkdir()
    video = replace(report.videos[0], file=tmp_path / "v.mp4")
    token, corrections = secrets.token_urlsafe(24), tmp_path / "corrections.json"
    shown = replace(report, videos=[video, report.videos[1]])
    app = application(shown, token=token, corrections=corrections, converted=Converted(tmp_path / "cache"))
    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield Running(listener.getsockname()[1], token, (tmp_path / "v.mp4").read_bytes(), corrections)
    running.should_exit = True
    thread.join(10)


def test_the_page_the_video_and_its_pictures(server: Running, report: Report) -> None:
    status, headers, body = server.ask(f"/{server.token}/")
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert b'"served":true' in body
    assert server.ask(f"/{server.token}/video/0")[2] == server.video
    status, headers, body = server.ask(f"/{server.token}/film/0")
    assert (status, body[:2]) == (200, b"\xff\xd8")
    assert int(headers["x-pictures"]) >= 4


def test_parts_of_a_video(server: Running) -> None:
    path = f"/{server.token}/video/0"
    size = len(server.video)
    status, headers, body = server.ask(path, Range="bytes=100-199")
    assert (status, body, headers["content-range"]) == (206, server.video[100:200], f"bytes 100-199/{size}")
    assert server.ask(path, Range="bytes=-10")[2] == server.video[-10:]
    assert server.ask(path, Range=f"bytes={size}-")[0] == 416


def test_a_copy_that_plays_is_made_once(server: Running, tmp_path: Path) -> None:
    path = f"/{server.token}/video/0?converted"
    status, _, first = server.ask(path)
    assert status == 200
    assert first[4:8] == b"ftyp"
    stamp = (tmp_path / "cache" / "0.mp4").stat().st_mtime_ns
    assert server.ask(path)[2] == first
    assert (tmp_path / "cache" / "0.mp4").stat().st_mtime_ns == stamp


def test_copies_take_only_so_much_room(server: Running, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    copies = Converted(folder, room=1)
    for number in range(3):
        assert copies.copy(tmp_path / "v.mp4", number).is_file()
    assert [path.name for path in folder.iterdir()] == ["2.mp4"]
    with pytest.raises(InputError, match=r"secret\.txt"):
        copies.copy(tmp_path / "secret.txt", 4)
    assert [path.name for path in folder.iterdir()] == ["2.mp4"]


def corrected() -> dict[str, Any]:
    return {
        "version": "weaktal corrections 1", "taxonomy": [], "classes": ["jump"], "page": "x",
        "subsets": {"train": "corrected", "test": "corrected"},
        "database": {"v_1": {"subset": "corrected", "duration": 10.0, "labels": [], "annotations": []}},
        "judgements": [],
    }  # fmt: skip


def test_corrections_are_kept_and_given_back(server: Running) -> None:
    path = f"/{server.token}/corrections"
    server.ask(f"/{server.token}/")
    assert server.ask(path, "PUT", json.dumps(corrected()).encode(), X_Page="0")[0] == 200
    assert read_corrections(server.corrections).database["v_1"].duration == 10.0
    assert b'"kept":{"version":"weaktal corrections 1"' in server.ask(f"/{server.token}/")[2]
    before = server.corrections.read_bytes()
    for bad in (b"", b"{", b"[" * 100_000, b"{}", json.dumps({**corrected(), "page": 1}).encode(), b"\xff\xfe"):
        status, _, said = server.ask(path, "PUT", bad)
        assert status == 422
        assert said.startswith(b"these are not corrections")
    assert server.ask(path, "PUT", json.dumps(corrected()).encode(), Origin="https://elsewhere.example")[0] == 404
    assert server.ask(path, "PUT", b" " * (33 * 1024**2))[0] == 413
    assert server.corrections.read_bytes() == before


def test_no_window_overwrites_what_it_did_not_see(server: Running) -> None:
    """Two windows of one server, another program that writes the file, and a file that was removed."""
    path, body = f"/{server.token}/corrections", json.dumps(corrected()).encode()

    def opened() -> str:
        said = server.ask(f"/{server.token}/")[2]
        return said.partition(b'"number":')[2].partition(b",")[0].decode()

    def saved(page: str) -> int:
        before = server.corrections.read_bytes() if server.corrections.exists() else None
        status, _, said = server.ask(path, "PUT", body, X_Page=page)
        if status == 409:
            assert b"was changed in another window or by another program" in said
            assert before == (server.corrections.read_bytes() if server.corrections.exists() else None)
        return status

    first, second = opened(), opened()
    assert (first, second) == ("0", "1")
    assert [saved(first), saved(second), saved(first)] == [200, 409, 200]
    third = opened()
    assert saved(third) == 200
    server.corrections.write_text(json.dumps({**corrected(), "page": "another"}))
    assert [saved(first), saved(third), saved(opened())] == [409, 409, 200]
    last = opened()
    server.corrections.unlink()
    assert saved(last) == 409
    assert saved(opened()) == 200
    for page in ("", "-1", "99", "x", "9" * 5000):
        assert saved(page) == 409


def test_a_file_that_holds_no_corrections_is_not_replaced(report: Report, tmp_path: Path) -> None:
    (tmp_path / "corrections.json").write_text('{"mine": 1}')
    with pytest.raises(InputError, match=r"corrections\.json"):
        application(report, token="t", corrections=tmp_path / "corrections.json", converted=Converted(tmp_path))


@pytest.mark.parametrize(
    "path",
    ["/", "/corrections", "/{t}", "/{t}x/", "/x/", "/{t}/secret.txt", "/{t}/../secret.txt", "/{t}/video/../secret.txt",
     "/{t}/video/%2e%2e%2fsecret.txt", "/{t}/video/..%5csecret.txt", "/{t}/video/1", "/{t}/video/2", "/{t}/video/-1",
     "/{t}/video/0/", "/{t}/video/0%00", "//{t}/secret.txt", "/{t}/film/1", "/{t}/video/99999999999999999999999"],
)  # fmt: skip
def test_nothing_else_is_given(server: Running, path: str) -> None:
    status, _, body = server.ask(path.format(t=server.token))
    assert status in (307, 404)
    assert SECRET not in body


def test_another_host_finds_nothing(server: Running) -> None:
    for host in ("evil.example", f"evil.example:{server.port}", "", "127.0.0.1.evil.example"):
        assert server.ask(f"/{server.token}/", Host=host)[0] in (400, 404)
    assert server.ask(f"/{server.token}/", Host=f"localhost:{server.port}")[0] == 200


def test_broken_requests_bring_out_nothing(server: Running) -> None:
    """A sample of what ``benchmarks/server.py`` sends ten thousand of."""
    draw = random.Random(0)
    for _ in range(150):
        path = draw.choice(["/{t}/video/0", "/{t}/video/{n}", "/{w}/video/0", "/{t}/{u}secret.txt", "/{t}/film/{n}"])
        path = path.format(
            t=server.token, n=draw.randrange(-5, 10**6), w=secrets.token_urlsafe(4), u="../" * draw.randrange(4)
        )
        marks = "".join(draw.choices("0123456789-,= bytes\t", k=draw.randrange(20)))
        status, _, body = server.ask(path, Range=draw.choice([f"bytes={marks}", marks, "bytes=0-5,2-9", "bytes=9-1"]))
        assert status in (200, 206, 307, 400, 404, 416), (path, marks)
        assert SECRET not in body
    assert server.ask(f"/{server.token}/video/0")[2] == server.video


def test_a_client_that_goes_away_costs_nothing(server: Running) -> None:
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"GET /{server.token}/video/0 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    assert server.ask(f"/{server.token}/video/0")[2] == server.video


def test_a_browser_plays_and_what_it_corrects_is_saved(server: Running, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    base = f"http://127.0.0.1:{server.port}/{server.token}/"
    page.on("request", lambda request: request.url.startswith((base, "data:")) or faults.append(request.url))
    page.goto(base)
    wait_for(page, "document.getElementById('video').readyState >= 2")
    page.locator("#segments tbody tr", has_text="0.400").first.click()
    wait_for(page, "!document.getElementById('video').seeking")
    assert page.evaluate("document.getElementById('video').currentTime") == pytest.approx(4.0, abs=0.1)
    page.keyboard.press("a")
    wait_for(page, "document.getElementById('saved').textContent.startsWith('saved in')")
    (judgement,) = read_corrections(server.corrections).judgements
    assert (judgement.verdict, judgement.score) == ("right", 0.4)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert "1 judged" in page.locator("#list").text_content()
    page.close()
    assert faults == []


def test_what_a_browser_cannot_play_is_copied(server: Running, browser: Any, tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "v.mp4"), "w", format="avi") as file:  # in place of the video that was given
        stream = file.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(60):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 4 * number, np.uint8), format="rgb24")
            file.mux(stream.encode(picture))
        file.mux(stream.encode())
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/{server.token}/")
    wait_for(page, "document.getElementById('video').src.endsWith('?converted')")
    wait_for(page, "document.getElementById('video').readyState >= 2")
    assert "copy is playing" in page.locator("#noplay").inner_text()
    assert page.evaluate("document.getElementById('video').duration") == pytest.approx(6.0, abs=0.2)
    page.close()
