from __future__ import annotations

import hashlib
from pathlib import Path

from weaktal.encoders.checkpoint import fingerprint


def test_fingerprint_of_one_file_is_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(b"abc")
    assert fingerprint({"rgb": path}) == hashlib.sha256(b"abc").hexdigest()


def test_fingerprint_of_several_is_that_of_their_list_in_any_order(tmp_path: Path) -> None:
    files = {}
    for name in ("rgb", "flow"):
        files[name] = tmp_path / name
        files[name].write_bytes(name.encode())
    lines = "".join(f"{name} {hashlib.sha256(name.encode()).hexdigest()}\n" for name in ("flow", "rgb"))
    expected = hashlib.sha256(lines.encode()).hexdigest()
    assert fingerprint(files) == fingerprint(dict(reversed(files.items()))) == expected
