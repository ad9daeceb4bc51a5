"""Asks the server of ``weaktal view --serve`` for what it must not give, ten thousand times.

    python benchmarks/server.py [--requests 10000]

Broken ranges, paths that climb, wrong tokens, other hosts, rubbish as corrections, clients that go away. Counts the
answers; ends with 1 where one held anything that the server was not given.
"""

from __future__ import annotations

import argparse
import collections
import http.client
import random
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from weaktal.data.results import Results, write_results
from weaktal.segments import Segment
from weaktal.video.encoding import writing_video

SECRET = b"nobody may read this"
PATHS = (
    "/{token}/", "/{token}/video/0", "/{token}/video/{number}", "/{token}/film/{number}", "/{wrong}/video/0",
    "/{token}/{up}secret.txt", "/{token}/video/{up}secret.txt", "/{token}/video/%2e%2e%2f{up}secret.txt",
    "/{up}secret.txt",
    "/{token}/corrections", "//{token}//video//0", "/{token}/video/0%00{up}secret.txt", "/{token}/video/0?converted",
)  # fmt: skip
RANGES = (
    "bytes={marks}",
    "{marks}",
    "bytes=0-0",
    "bytes=5-2",
    "bytes=0-9,20-29",
    "bytes=-0",
    "bytes=9999999-",
    "lines=1-2",
)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000)
    count = parser.parse_args().requests
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "secret.txt").write_bytes(SECRET)
        (folder / "videos").mkdir()
        with writing_video(folder / "videos" / "a.mp4", fps=10, width=64, height=48) as add:
            for number in range(50):
                add(np.full((48, 64, 3), 5 * number, np.uint8))
        write_results(folder / "r.json", Results({"a": [Segment(0.0, 1.0, "x", 0.5)]}))
        call = [sys.executable, "-c", "from weaktal.cli import main; main()", "view", "r.json", "--videos", "videos"]
        server = subprocess.Popen([*call, "--serve", "--no-browser"], cwd=folder, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = urlsplit(server.stdout.readline().split()[1])
        port, token = address.port or 0, address.path.strip("/")
        answers: collections.Counter[str] = collections.Counter()
        leaks = 0
        for _ in range(count):
            path = draw.choice(PATHS).format(
                token=token,
                number=draw.randrange(-3, 10**9),
                wrong=secrets.token_urlsafe(draw.randrange(1, 30)),
                up="../" * draw.randrange(5),
            )
            marks = "".join(draw.choices("0123456789-,= \tbytes", k=draw.randrange(30)))
            headers = {"Range": draw.choice(RANGES).format(marks=marks)} if draw.random() < 0.6 else {}
            if draw.random() < 0.1:
                headers["Host"] = draw.choice(
                    ("evil.example", "", "127.0.0.1.evil.example", "localhost.evil.example:80")
                )
            if draw.random() < 0.05:  # asks, and goes away
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
                answers["went away"] += 1
                continue
            method = draw.choice(("GET", "GET", "GET", "PUT", "POST", "DELETE", "HEAD"))
            if server.poll() is not None:
                break
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request(method, path, draw.randbytes(200) if method == "PUT" else None, headers)
                answer = connection.getresponse()
                body = answer.read()
            finally:
                connection.close()
            answers[str(answer.status)] += 1
            served = answer.status in (200, 206) and "Host" not in headers and token in path
            leaks += SECRET in body or (answer.status in (200, 206) and not served)
        alive = server.poll() is None
        server.send_signal(2)
        server.wait(30)
        left = sorted(path.name for path in folder.iterdir())
    print(f"{count:,} requests: {dict(answers)}")
    print(f"{leaks} gave what they must not; alive at the end: {alive}; files: {left}")
    return int(bool(leaks) or not alive)


if __name__ == "__main__":
    sys.exit(main())
