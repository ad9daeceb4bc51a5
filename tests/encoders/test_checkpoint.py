from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from weaktal.encoders.checkpoint import fingerprint, read_state_dict
from weaktal.errors import InputError


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


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("zipped", [True, False])
def test_what_pytorch_wrote_is_read(protocol: int, zipped: bool, tmp_path: Path) -> None:
    state = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).state_dict()
    torch.save(state, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    found = read_state_dict(tmp_path / "w.pt")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in state.items())


class _Code:
    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("it ran",))


def _with_pickle(path: Path, pickled: bytes, compression: int = zipfile.ZIP_STORED) -> None:
    """A file of PyTorch's with another pickle in it."""
    whole = io.BytesIO()
    torch.save({"a": torch.zeros(4)}, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", compression) as target:
        for name in source.namelist():
            target.writestr(name, pickled if name.endswith("data.pkl") else source.read(name))


def _tuples(depth: int) -> bytes:
    """A key that is a pair of twice the same pair, of twice the same pair, and so on."""
    code = b"\x80\x02}K\x01\x85q\x00"
    for index in range(depth):
        code += b"h" + bytes([index]) + b"h" + bytes([index]) + b"\x86q" + bytes([index + 1])
    return code + b"K\x01s."


LISTS = b"\x80\x02" + b"]" * 4_000_000 + b"."
BOMBS: dict[str, tuple[Callable[[Path], None], str]] = {
    "compressed": (lambda path: _with_pickle(path, LISTS, zipfile.ZIP_DEFLATED), "a compressed archive"),
    "many instructions": (lambda path: _with_pickle(path, LISTS), "more than 1,000,000 instructions"),
    "the same before 1.6": (lambda path: path.write_bytes(LISTS) and None, "more than 1,000,000 instructions"),
    "a key that takes years": (lambda path: _with_pickle(path, _tuples(60)), "refers twice to a tuple"),
    "one number in a billion places": (
        lambda path: torch.save({"a": torch.zeros(1).expand(10**9)}, path),
        "'a': is not a plain tensor",
    ),
    "no numbers": (lambda path: torch.save({"a": torch.empty(10**9, device="meta")}, path), "is not a plain tensor"),
    "code": (lambda path: torch.save({"a": _Code()}, path), "something else than tensors, or is damaged"),
    "a number": (lambda path: torch.save(7, path), "holds a int"),
    "text": (lambda path: path.write_text("hello") and None, "not a weights file"),
}


@pytest.mark.parametrize("case", BOMBS)
def test_bombs_and_code_are_refused(case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make, message = BOMBS[case]
    make(tmp_path / "w.pt")
    with pytest.raises(InputError, match=message):
        read_state_dict(tmp_path / "w.pt")
    assert "".join(capfd.readouterr()) == ""
