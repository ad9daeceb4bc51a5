from __future__ import annotations

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, RootModel

from weaktal.errors import InputError, one_line, shown
from weaktal.files import (
    cache_folder,
    check_writable,
    read_model,
    read_text,
    refuse_links,
    remove_left_over,
    replacing,
    replacing_folder,
    sha256,
    write_json,
    write_text,
)
from weaktal.processes import identity


class Content(BaseModel):
    numbers: list[float]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_crash_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:  # noqa: PT012
        temporary.write_text("half of the ne")
        1 / 0  # noqa: B018
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_good_end_replaces_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "a.txt"
    write_text(path, "a long old content")
    write_text(path, "n\N{SNOWMAN}w")
    assert path.read_text(encoding="utf-8") == "n\N{SNOWMAN}w"
    assert names(path.parent) == ["a.txt"]


def test_folders_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    with pytest.raises(ZeroDivisionError), replacing_folder(path) as temporary:  # noqa: PT012
        (temporary / "one").write_text("1")
        1 / 0  # noqa: B018
    assert names(tmp_path) == []
    with replacing_folder(path) as temporary:
        (temporary / "one").write_text("1")
        assert not path.exists()
    assert names(path) == ["one"]
    with pytest.raises(InputError, match="exists already"), replacing_folder(path):
        pass
    assert names(path) == ["one"]


def test_a_folder_that_another_process_made_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with (  # noqa: PT012
        pytest.raises(InputError, match="meanwhile"),
        replacing_folder(path) as mine,
    ):
        (mine / "one").write_text("mine")
        path.mkdir()
        (path / "one").write_text("another's")
    assert names(tmp_path) == ["new"]
    assert (path / "one").read_text() == "another's"


KILLED = """
import sys, time
from pathlib import Path
from weaktal.files import replacing, replacing_folder, scratch_folder
target = Path(sys.argv[1])
with (
    replacing(target / "file") as file,
    replacing_folder(target / "folder") as folder,
    scratch_folder(beside=target / "scores") as scratch,
):
    file.write_text("half")
    (folder / "one").write_text("half")
    (scratch / "one").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_process_leaves_nothing_under_the_final_names(kind: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(kind)
    process.wait(timeout=20)
    process.stdout.close()
    assert (tmp_path / "file").read_text() == "old"
    assert not (tmp_path / "folder").exists()
    if kind is signal.SIGKILL:
        assert len(names(tmp_path)) == 4
        remove_left_over(tmp_path)  # Ctrl-C cleans up by itself
    assert names(tmp_path) == ["file"]


def test_what_a_killed_process_left_goes_wherever_this_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that works in one folder after another cleans each, also by the same relative path."""
    name = f".a.json.{os.getpid()}-1.{identity().partition('.')[2]}.00000000.tmp"  # of a process that began long ago
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        (folder / name).touch()
        monkeypatch.chdir(folder)
        with replacing_folder(Path("made")):
            pass
        assert names(folder) == ["made"]


def test_a_file_of_holes_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.touch()
    os.truncate(path, 2**36)  # of which nothing lies on the disk
    for read in (lambda: read_model(path, Content, "numbers"), lambda: read_text(path, "numbers")):
        with pytest.raises(InputError, match="has 68,719,476,736 bytes; expected numbers, at most 2,1"):
            read()


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"numbers": [0.0] * 1000})
    code = (
        "import sys\nfrom pathlib import Path\nfrom weaktal.files import write_json\n"
        "for n in range(1, 60): write_json(Path(sys.argv[1]), {'numbers': [float(n)] * 1000 * n})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    seen = set()
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        numbers = read_model(path, Content, "numbers").numbers
        assert len(numbers) in (1000, 1000 * numbers[0])
        seen.add(numbers[0])
    assert process.wait() == 0
    assert len(seen) > 2


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_json_holds_finite_numbers_only(number: float, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, [1])
    with pytest.raises(ValueError, match="Out of range"):
        write_json(path, {"x": [number]})
    assert path.read_text() == "[\n 1\n]\n"


def test_paths_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, message in [
        (tmp_path, "is a folder"),
        (tmp_path / "file" / "below", "cannot be written"),
        (tmp_path / ("x" * 300), "cannot be written"),
        (tmp_path / "nul\0", "cannot be written"),
        (tmp_path / "surrogate\ud800", "cannot be written"),
    ]:
        with pytest.raises(InputError, match=message):
            write_text(path, "x")
        if path != tmp_path:
            with pytest.raises(InputError, match="cannot be written"), replacing_folder(path):
                pass
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"numbers": [1, 2}', "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON|numbers"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b'{"numbers": [1e999]}', "numbers.0|inf"),
        (b'{"numbers": [' + b"9" * 5000 + b"]}", "numbers.0|not valid JSON"),
        (b'{"numbers": ' + b"[" * 100_000, "not valid JSON"),
        (b"[]", "is \\[\\]"),
        (b"null", "is None"),
        (b'{"numbers": "\\ud800"}', "not valid JSON|numbers"),
        (b'{"x": 1}', "numbers: is missing"),
        (b'{"numbers": ["a", "b"]}', r"numbers.0: is 'a' \(and 1 more problem in this file\)"),
    ],
)
def test_bad_json_is_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    class Finite(BaseModel):
        model_config = {"allow_inf_nan": False}
        numbers: list[float]

    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        read_model(path, Finite, "numbers")
    line = raised.value.line()
    assert line.startswith(str(path))
    assert line.isprintable()
    assert len(line) <= 4100


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])  # "utf-16" writes a mark
def test_byte_order_marks_are_no_content(coding: str, tmp_path: Path) -> None:
    class Text(BaseModel):
        text: str

    path = tmp_path / "file.json"
    path.write_text('{"text": "Weitwürfe"}', encoding=coding)
    assert read_model(path, Text, "text").text == "Weitwürfe"
    assert read_text(path, "text") == '{"text": "Weitwürfe"}'


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\xd8\x00", b"caf\xe9"])
def test_what_is_no_text_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError, match=r"file: is not text in UTF-8 .*; expected lines"):
        read_text(tmp_path / "file", "lines")


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "a"),
        ('{"a": [{"b": {"c": 1, "c": 1}}]}', "c"),
        ('{"video": 1, "v\\u0069deo": 2}', "video"),
        (json.dumps({str(n): n for n in range(30_000)})[:-1] + ', "29999": 0}', "29999"),
    ],
)
def test_a_key_that_stands_twice_is_named(content: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(content)
    with pytest.raises(InputError, match=f"file.json: key '{key}' appears twice"):
        read_model(path, RootModel[dict[str, Any]], "anything")


def test_equal_keys_of_different_objects_and_numbers_beyond_measure_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text('{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}], "c": ' + "9" * 300 + ', "d": 1e5}')
    assert read_model(path, RootModel[dict[str, Any]], "anything").root["b"] == [{"a": 1}, {"a": 2}]


def test_a_path_that_is_no_path() -> None:
    for path in (Path("a\0b"), Path("x" * 5000), Path("sur\ud800rogate")):
        with pytest.raises(InputError, match=r"cannot be read|no such file"):
            read_model(path, Content, "numbers")


def test_messages_stay_on_one_line_and_short() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for value in ("a\nb", "\x1b[31m", "\u202e", deep, 10**5000, ["x" * 10**6] * 10, {"k": 10**5000}, "\ud800"):
        text = one_line(f"problem: {shown(value)}")
        assert text.isprintable()
        assert len(text) < 200
    assert one_line("a\r\n\tb\x1b") == r"a\r\n\tb\x1b"


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_where_things_are_kept_that_can_be_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEAKTAL_CACHE", str(tmp_path))
    assert (cache_folder("features"), cache_folder("worlds")) == (tmp_path, tmp_path / "worlds")
    monkeypatch.delenv("WEAKTAL_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [cache_folder("features"), cache_folder("worlds")] == [
        tmp_path / ".cache" / "weaktal" / name for name in ("features", "worlds")
    ]


def spellings(folder: Path) -> dict[str, Path]:
    """Ways to name ``folder/data/in.json``, and places that are input as well."""
    (folder / "data" / "features").mkdir(parents=True)
    (folder / "data" / "in.json").write_text("{}")
    (folder / "data" / "features" / "a.npy").write_text("numbers")
    (folder / "soft.json").symlink_to(folder / "data" / "in.json")
    (folder / "hard.json").hardlink_to(folder / "data" / "in.json")
    (folder / "other").symlink_to(folder / "data")
    return {
        "itself": folder / "data" / "in.json",
        "with a step back": folder / "data" / "features" / ".." / "in.json",
        "a link to it": folder / "soft.json",
        "a hard link": folder / "hard.json",
        "through a linked folder": folder / "other" / "in.json",
        "in an input folder": folder / "data" / "features" / "a.npy",
        "new in an input folder": folder / "other" / "features" / "new.json",
    }


SPELLINGS = (
    "itself", "with a step back", "a link to it", "a hard link", "through a linked folder", "in an input folder",
    "new in an input folder",
)  # fmt: skip


@pytest.mark.parametrize("how", SPELLINGS)
def test_no_output_replaces_an_input(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = spellings(tmp_path)[how]
    inputs = [None, tmp_path / "absent", tmp_path / "data" / "in.json", tmp_path / "data" / "features"]
    with pytest.raises(InputError, match="replaces an input of this command"):
        check_writable(out, inputs=inputs)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="replaces an input of this command"):
        check_writable(Path(os.path.relpath(out)), inputs=inputs)
    check_writable(tmp_path / "data" / "out.json", tmp_path / "scores", None, inputs=inputs)


def test_outputs_of_one_command_are_files_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is written twice by this command"):
        check_writable(tmp_path / "a.json", tmp_path / "sub" / ".." / "a.json")


@pytest.mark.parametrize("place", ["a/b/file", "a/b", "a"])
def test_links_below_a_folder_are_refused(place: str, tmp_path: Path) -> None:
    elsewhere, named = tmp_path / "elsewhere", tmp_path / "named"
    (elsewhere / "set" / "a" / "b").mkdir(parents=True)
    named.symlink_to(elsewhere / "set")  # what the user names may be a link
    refuse_links(named / "a", within=named)
    refuse_links(named, within=named)
    refuse_links(named / "not" / "there", within=named)
    path = elsewhere / "set" / place
    if path.is_dir():
        path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    for asked in ("a", "."):
        with pytest.raises(InputError, match=r"is a link to .*moved, and nothing is written through links"):
            refuse_links(named / asked, within=named)


def test_a_device_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "run.json").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    for name in ("run.json", "pipe"):
        with pytest.raises(InputError, match="is not a file"):
            read_model(tmp_path / name, Content, "numbers")
        with pytest.raises(OSError, match="is not a file"):
            sha256(tmp_path / name)


def test_a_full_disk_names_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    """A limit of the system on the size of files stands for the disk."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match="large") as single:
            write_text(tmp_path / "out.json", "x" * 100_000)
        with pytest.raises(OSError, match="large") as folder, replacing_folder(tmp_path / "made") as temporary:
            write_text(temporary / "inner.json", "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert single.value.filename == str(tmp_path / "out.json")
    assert folder.value.filename == str(tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


def test_so_does_one_that_a_video_was_to_be_written_to(tmp_path: Path) -> None:
    """PyAV's errors are of the system's kind, and keep the path that they began with."""
    av = pytest.importorskip("av")
    for making in (replacing, replacing_folder):
        with pytest.raises(OSError, match="No space left") as full, making(tmp_path / "made"):
            raise av.error.OSError(errno.ENOSPC, "No space left on device")
        assert full.value.filename == str(tmp_path / "made")
