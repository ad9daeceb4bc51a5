"""The command line: one thin file a verb, imported only when that verb is called.

``main`` turns every :class:`~weaktal.errors.InputError` and every usage error into one line on standard error and exit
code 2. A command that is stopped, with Ctrl-C or by a batch scheduler, exits with 130. Anything else that goes wrong
exits with 1.
"""

from __future__ import annotations

import errno
import importlib
import signal
import sys
from collections.abc import Callable, Sequence

import typer

from weaktal.cli.lines import log_lines
from weaktal.errors import InputError, RunError, one_line
from weaktal.version import __version__

# Verb -> one line of help. The lines are kept here so that listing the verbs imports none of them;
# a verb's function is ``weaktal.cli.VERB_command.VERB``.
VERBS = {
    "find": "From a folder of videos and a spreadsheet of what occurs in each: when it occurs.",
    "demo": "Go the whole way on rendered videos, from nothing to a report. Needs no data.",
    "extract": "Turn videos into snippet features with I3D, CLIP or another encoder.",
    "weights": "List the weights of the encoders and what is present; fetch them.",
    "settings": "List every setting of a method with meaning, unit, range and source, as YAML that train takes back.",
    "train": "Train a method on video-level tags.",
    "localize": "Find the segments of videos with a trained run.",
    "compose": "Compose untrimmed, weakly labelled videos with exact boundaries out of trimmed clips.",
    "decode": "Turn stored scores into segments again, with other settings and without the model.",
    "evaluate": "Score results files against annotations: mAP at several tIoU thresholds.",
    "export": "Write segments for other programs: tables, subtitles, ELAN, Label Studio, editors, clips.",
    "view": "Look at results or runs in a browser: segments, truth, curves and pictures over time.",
    "diagnose": "Show how results or scores err against the truth, or how a run went phase by phase.",
    "compare": "Compare runs and results over seeds, with intervals, beside published figures.",
    "ablate": "Fill the paper's tables on your dataset: variants over seeds, with intervals.",
    "import": "Turn a spreadsheet and a folder of videos, or published packages, into a dataset folder.",
    "reproduce": "Repeat a published experiment and print its row beside the published one.",
    "world": "Render videos of a made-up world of sports: tags to train on, exact segments to test on.",
}

# What the system says of a path that a user should not have named; a full disk, for one, is nobody's bad input.
_BAD_PATH = {
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP,
}  # fmt: skip

# Typer brings its own copy of click or uses the installed one, depending on its version; this is the base of its usage
# errors in either.
UsageError = typer.BadParameter.__mro__[1]


# How to go on with a command that was stopped.
_GO_ON = {
    "find": "; the same command goes on",
    "train": "; go on with --resume",
    "ablate": "; the same command goes on",
    "reproduce": "; the same command goes on",
}

# What shells expect of Ctrl-C; Typer, which may catch it first, gives the same.
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits: 0 good, 2 bad input or usage, 130 stopped with Ctrl-C, 1 anything else."""
    # What a batch scheduler sends ends a command as Ctrl-C does: unfinished files are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: list[str]) -> int:
    """Runs one command line in this process and returns its exit code."""
    if not arguments:
        run(["--help"])
        return 2
    try:
        with log_lines():
            code = _application(arguments)(arguments, prog_name="weaktal", standalone_mode=False)
    except InputError as error:
        return _fail(error.line(shell=True), 2)
    except UsageError as error:  # type: ignore[misc]  # a class found at run time
        return _fail(f"{error.format_message()} (see weaktal {_verb_help(arguments)})", 2)
    except RunError as error:
        return _fail(str(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        source = f"{error.filename}: " if error.filename is not None else ""
        return _fail(f"{source}{error.strerror or error}", 2 if error.errno in _BAD_PATH else 1)
    if code == _INTERRUPTED:
        return _fail(f"stopped; what was written before is whole{_GO_ON.get(arguments[0], '')}", _INTERRUPTED)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    print(f"weaktal: {one_line(message)}", file=sys.stderr)
    return code


def _application(arguments: list[str]) -> typer.Typer:
    """The command line with the called verb's function in place and the other verbs known by name only."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode="markdown",
        help="Weakly-supervised temporal action localization: from video-level tags to segments.",
    )
    app.callback()(_options)
    called = next((word for word in arguments if not word.startswith("-")), None)
    for verb, help_line in VERBS.items():
        if verb == called:
            module = importlib.import_module(f"weaktal.cli.{verb}_command")
            function: Callable[..., None] = getattr(module, verb if verb != "import" else "import_")
            app.command(verb, short_help=help_line)(function)
        else:
            app.command(verb, help=help_line)(_not_called)
    return app


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
) -> None:
    """Options of weaktal itself."""
