"""The command line: one thin file a verb, imported only when that verb is called.

``main`` turns every :class:`~weaktal.errors.InputError` and every usage error into one line on standard error and exit
code 2. A command that is stopped, with Ctrl-C, by a batch scheduler or because its terminal closed, exits with 130.
Anything else that goes wrong exits with 1, with one line too; ``--debug`` shows where it went wrong. ``run`` is the
same without that last net, for tests.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import importlib
import inspect
import logging
import math
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Sequence

import typer

from weaktal import packages
from weaktal.cli import surroundings
from weaktal.cli.lines import log_lines
from weaktal.cli.renamed import todays_names
from weaktal.cli.stopping import STOPPED, STOPPING
from weaktal.errors import InputError, RunError, arg, one_line
from weaktal.version import __version__

# Verb -> one line of help. The lines are kept here so that listing the verbs imports none of them;
# a verb's function is ``weaktal.cli.VERB_command.VERB``.
VERBS = {
    "find": "Find when actions occur, from a folder of videos and a spreadsheet of what occurs in each.",
    "demo": "Try everything on rendered videos, from start to report. Needs no data.",
    "extract": "Turn videos into snippet features with I3D, CLIP or another encoder.",
    "weights": "List the weights of the encoders, and which of them are here; fetch them.",
    "settings": "List every setting of a method with meaning, unit, range and source, as YAML for train --config.",
    "train": "Train a method on video-level tags.",
    "localize": "Find the segments of videos with a trained run.",
    "compose": "Make untrimmed, weakly labelled videos with exact boundaries out of trimmed clips.",
    "decode": "Turn stored scores into segments again, with other settings and without the model.",
    "evaluate": "Score results files against annotations: mAP at several tIoU thresholds.",
    "export": "Write segments for other programs: tables, subtitles, ELAN, Label Studio, editors, clips.",
    "view": "Look at results or runs in a browser: segments, truth, curves and pictures over time.",
    "diagnose": "Show what is wrong with results or scores, given the truth, or how a run went phase by phase.",
    "compare": "Compare runs and results over seeds, with intervals, beside published figures.",
    "doctor": "Show what is installed, which devices and weights there are, and what is missing for what.",
    "ablate": "Fill the paper's tables on your dataset: variants over seeds, with intervals.",
    "import": "Turn a spreadsheet and a folder of videos, or published packages, into a dataset folder.",
    "reproduce": "Repeat a published experiment and print its rows beside the published one.",
    "world": "Render videos of a made-up world of sports: tags to train on, exact segments to test on.",
}

# Verbs by who needs them, as the help lists them; a verb that is in none comes last.
PANELS = {
    "Begin": ("find", "demo", "doctor"),
    "Data": ("import", "extract", "compose", "world", "weights"),
    "Train and localize": ("settings", "train", "localize", "decode", "export", "view"),
    "Judge": ("evaluate", "compare", "diagnose"),
    "Papers": ("ablate", "reproduce"),
}

BOXES = 80  # columns below which a verb's help is plain text, since boxes would cut off the names of options

# What the system says of a path that a user should not have named; a full disk, for one, is nobody's bad input.
_BAD_PATH = {
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP,
}  # fmt: skip

# Typer brings its own copy of click or uses the installed one, depending on its version; this is the base of its usage
# errors in either.
UsageError = typer.BadParameter.__mro__[1]


# How to continue a command that was stopped.
_GO_ON = {
    "find": "; the same command continues",
    "train": "; continue with --resume",
    "ablate": "; the same command continues",
    "reproduce": "; the same command continues",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits: 0 good, 2 bad input or usage, 130 stopped with Ctrl-C, 1 anything else."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    words, debug = _without_debug(words)
    surroundings.prepare(debug=debug)
    try:
        code = run(words)
    except Exception as error:  # the last net: what nobody foresaw
        if debug:
            traceback.print_exc()
        code = _fail(f"{_unforeseen(error)}; weaktal --debug shows where, for a report", 1)
    except KeyboardInterrupt:  # a second one, while the first was being answered
        code = STOPPED
    failed = surroundings.flushed()
    if failed is not None and code == 0:
        code = 1
        if not isinstance(failed, BrokenPipeError):
            _fail(f"standard output: cannot be written ({failed.strerror})", code)
    _exit(code)


def _exit(code: int) -> None:
    """Ends the process; a Ctrl-C on the way out changes nothing any more."""
    for name in ("SIGINT", *STOPPING):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    sys.exit(code)


def _without_debug(words: list[str]) -> tuple[list[str], bool]:
    """The command line without ``--debug``, wherever it is, and whether it was there or $WEAKTAL_DEBUG is set."""
    options = words[: words.index("--")] if "--" in words else words
    rest = [word for word in options if word != "--debug"] + words[len(options) :]
    return rest, len(rest) < len(words) or os.environ.get("WEAKTAL_DEBUG", "0") not in ("", "0")


def _unforeseen(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "out of memory"
    said = str(error).strip()
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def run(arguments: list[str]) -> int:
    """Runs one command line in this process and returns its exit code."""
    completing = _COMPLETE in os.environ  # a shell asks what could come next
    arguments, level = _verbosity(arguments)
    if not arguments and not completing:
        run(["--help"])
        return 2
    try:
        with log_lines(level):
            arguments = todays_names(arguments)
            words = _words_so_far() if completing else arguments
            code = _application(words)(arguments, prog_name="weaktal", standalone_mode=False)
    except InputError as error:
        return _fail(error.line(shell=True), 2)
    except UsageError as error:  # type: ignore[misc]  # a class found at run time
        return _fail(f"{error.format_message()} (see weaktal {_verb_help(arguments)})", 2)
    except RunError as error:
        return _fail(str(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except BrokenPipeError:
        return 1
    except ModuleNotFoundError as error:
        if not packages.known(error.name):
            raise
        return _fail(packages.missing(str(error.name)).line(shell=True), 2)
    except OSError as error:
        source = f"{error.filename}: " if error.filename is not None else ""
        return _fail(f"{source}{error.strerror or error}", 2 if error.errno in _BAD_PATH else 1)
    if code == STOPPED:
        return _fail(f"stopped; what was written before is whole{_GO_ON.get(arguments[0], '')}", STOPPED)
    return code if isinstance(code, int) else 0


_COMPLETE = "_WEAKTAL_COMPLETE"


def _words_so_far() -> list[str]:
    """What is typed already on the line that a shell completes."""
    line = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS") or ""
    return line.split()[1:]


def _verbosity(arguments: list[str]) -> tuple[list[str], int]:
    """The arguments without ``-q`` and ``-v``, which may stand anywhere, and the level of what is said."""
    levels = {"-q": logging.WARNING, "--quiet": logging.WARNING, "-v": logging.DEBUG, "--verbose": logging.DEBUG}
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = [levels[word] for word in options if word in levels]
    rest = [word for word in options if word not in levels] + arguments[len(options) :]
    return rest, given[-1] if given else logging.INFO


def _fail(message: str, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):  # of a terminal that is gone
        print(f"weaktal: {one_line(message)}", file=sys.stderr, flush=True)
    return code


def _application(arguments: list[str]) -> typer.Typer:
    """The command line with the called verb's function in place and the other verbs known by name only."""
    called = next((word for word in arguments if not word.startswith("-")), None)
    plain = called is not None and shutil.get_terminal_size().columns < BOXES
    app = typer.Typer(
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None if plain else "markdown",
        help="Weakly-supervised temporal action localization: from video-level tags to segments.",
    )
    app.callback()(_options)
    listed = [verb for verbs in PANELS.values() for verb in verbs if verb in VERBS]
    for verb in [*listed, *(verb for verb in VERBS if verb not in listed)]:
        help_line = VERBS[verb]
        panel = next((title for title, verbs in PANELS.items() if verb in verbs), "More")
        if verb == called:
            module = importlib.import_module(f"weaktal.cli.{verb}_command")
            function: Callable[..., None] = getattr(module, verb if verb != "import" else "import_")
            text = inspect.getdoc(function) or ""
            text = text.replace("**", "") if plain else text
            app.command(verb, help=text, short_help=help_line, rich_help_panel=panel)(_with_finite_numbers(function))
        else:
            app.command(verb, help=help_line, rich_help_panel=panel)(_not_called)
    return app


def _with_finite_numbers(function: Callable[..., None]) -> Callable[..., None]:
    """Refuses nan and infinity, which pass every limit of an option."""

    @functools.wraps(function)
    def checked(**options: object) -> None:
        for name, value in options.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(f"is {value}", source=arg(name), expected="a finite number")
        function(**options)

    checked.__signature__ = inspect.signature(function, eval_str=True)  # type: ignore[attr-defined]
    return checked


def _verb_help(arguments: list[str]) -> str:
    return f"{arguments[0]} --help" if arguments[0] in VERBS else "--help"


def _not_called() -> None:
    raise AssertionError("a verb that was not on the command line")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"weaktal {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
    ),
    quiet: bool = typer.Option(False, "-q", "--quiet", help="Print warnings and errors only; anywhere on the line."),
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Print more detail; anywhere on the line."),
    _debug: bool = typer.Option(
        False, "--debug", help="Show where an unforeseen error arose, as does WEAKTAL_DEBUG=1 in the environment."
    ),
) -> None:
    """Options of weaktal itself; the first two are taken off the line before it comes here."""
