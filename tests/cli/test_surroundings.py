"""Whatever surrounds a command, it says one line and never a traceback."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

ESCAPES = "\x1b[2J\x1b]52;c;cm0=\x07\u202e"


def weaktal(*words: object, before: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    program = f"import sys\n{before}\nfrom weaktal.cli import main\nmain(sys.argv[1:])\n"
    environment = {**os.environ, "WEAKTAL_DEBUG": "0", **options.pop("env", {})}  # type: ignore[dict-item]
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        env=environment,
        check=False,
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},  # type: ignore[call-overload]
    )


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Annotations and results whose names steer terminals, are no ASCII, and turn text around."""
    folder = tmp_path_factory.mktemp("scored")
    label = f"saut élevé{ESCAPES}"
    video = {"subset": "validation", "duration": 9.0, "annotations": [{"label": label, "segment": [1.0, 4.0]}]}
    (folder / "annotations.json").write_text(json.dumps({"classes": [label], "database": {"v": video}}))
    found = {"v": [{"label": label, "segment": [1.0, 4.0], "score": 0.5}]}
    (folder / "results.json").write_text(json.dumps({"results": found}))
    return folder / "annotations.json", folder / "results.json"


def test_names_do_not_steer_what_is_piped(scored: tuple[Path, Path]) -> None:
    done = weaktal("evaluate", *scored, "--per-class")
    assert done.returncode == 0
    assert not set(ESCAPES) & {"\x1b", "\x07", "\u202e"} & set(done.stdout + done.stderr)
    assert r"saut élevé\x1b[2J" in done.stdout


def test_names_do_not_steer_a_terminal(scored: tuple[Path, Path]) -> None:
    main, side = pty.openpty()
    with os.fdopen(main, "rb", buffering=0) as terminal:
        done = weaktal("evaluate", *scored, "--per-class", stdout=side, env={"TERM": "xterm"})
        os.close(side)
        said = b""
        while True:
            try:
                said += terminal.read(4096)
            except OSError:  # how Linux says that the other side is closed
                break
    assert done.returncode == 0
    assert b"saut" in said
    assert b"\x1b[2J" not in said
    assert b"\x1b]52" not in said


def test_a_stream_that_only_knows_ascii_shows_the_rest_escaped(scored: tuple[Path, Path]) -> None:
    done = weaktal("evaluate", *scored, "--per-class", env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert r"saut \xe9lev\xe9" in done.stdout


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_closed_streams_swallow(scored: tuple[Path, Path], tmp_path: Path, closed: int) -> None:
    shell = f'"$0" -m weaktal evaluate "$1" "$2" --json "$3" {closed}{"<" if not closed else ">"}&-'
    out = tmp_path / "scores.json"
    done = subprocess.run(
        ["sh", "-c", shell, sys.executable, *map(str, scored), str(out)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(out.read_text())["average_map"] == 1.0  # and not the table that was meant for the terminal


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full")
def test_a_full_standard_output_is_one_line(scored: tuple[Path, Path]) -> None:
    with Path("/dev/full").open("w") as full:
        done = weaktal("evaluate", *scored, stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith("weaktal: ")
    assert "No space left" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_has_seen_enough_ends_a_command_in_silence(scored: tuple[Path, Path]) -> None:
    shell = '"$0" -m weaktal evaluate "$1" "$2" --per-class | true'
    done = subprocess.run(["sh", "-c", shell, sys.executable, *map(str, scored)], capture_output=True, check=False)
    assert done.stderr == b""


def test_without_a_home_folder_one_line_says_what_to_set(tmp_path: Path) -> None:
    gone = "import os\nos.environ.pop('HOME', None)\nos.path.expanduser = lambda path: path"
    done = weaktal("weights", before=gone, env={"WEAKTAL_WEIGHTS": ""})
    assert done.returncode == 2
    assert done.stderr.startswith("weaktal: ~: there is no home folder")
    assert len(done.stderr.splitlines()) == 1


BROKEN = (
    "import weaktal.evaluation.evaluate as e\n"
    "def broken(*a, **k):\n    raise KeyError('x\\n\\x1b')\n"
    "e.evaluate = broken"
)


def test_what_nobody_foresaw_is_one_line(scored: tuple[Path, Path]) -> None:
    done = weaktal("evaluate", *scored, before=BROKEN)
    assert done.returncode == 1
    assert done.stderr.startswith("weaktal: KeyError: 'x")
    assert len(done.stderr.splitlines()) == 1
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(("words", "env"), [(["--debug"], {}), ([], {"WEAKTAL_DEBUG": "1"})])
def test_debug_shows_where(scored: tuple[Path, Path], words: list[str], env: dict[str, str]) -> None:
    done = weaktal("evaluate", *scored, *words, before=BROKEN, env=env)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "in broken" in done.stderr


def test_in_process_an_unforeseen_error_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    from weaktal import cli

    monkeypatch.setattr("weaktal.decoding.decode.decode", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.run(["decode", "scores", "--out", "results.json"])


def test_nan_is_no_number_of_an_option() -> None:
    done = weaktal("compose", "clips", "dataset", "--fps", "nan")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("weaktal: Invalid value for '--fps': ")
