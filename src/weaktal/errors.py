"""What a user did that cannot work, said in one line: which file, where in it, what is wrong, what was expected.

And how messages are worded: names of arguments, values, counts.
"""

from __future__ import annotations

import difflib
import itertools
import re
import reprlib
from collections.abc import Iterable
from pathlib import Path

# Around what :func:`arg` gives; characters of the private use area, which no message holds otherwise.
_OPEN, _BETWEEN, _CLOSE = "\ue000", "\ue001", "\ue002"
_OPTION = re.compile(f"{_OPEN}([^{_CLOSE}]*){_BETWEEN}([^{_CLOSE}]*){_CLOSE}")


# Arguments that are called otherwise in the shell, and those that are turned on by being there.
_SHELL = {
    "settings": "--set",
    "names": "--name",
    "features_name": "--features",
    "tag_columns": "--tag-column",
    "every": "--all",
}
_FLAGS = {"every", "phases", "resume", "skip_broken"}


def arg(name: str, option: str | None = None) -> str:
    """A setting of a verb, to stand in a message: an argument to a Python caller, an option to a user of the shell.

    ``option`` is what the shell calls it where that does not follow from the name.

    >>> error = InputError("is not there", source=arg("vlp_features"), expected=f"{arg('skip_broken')}")
    >>> print(error, error.line(shell=True), sep=" | ")
    vlp_features: is not there; expected skip_broken=True | --vlp-features: is not there; expected --skip-broken
    """
    shell = option or _SHELL.get(name, f"--{name.replace('_', '-')}")
    return f"{_OPEN}{name}{'=True' if name in _FLAGS else ''}{_BETWEEN}{shell}{_CLOSE}"


class WeaktalError(Exception):
    """Whatever weaktal raises on purpose: :class:`InputError` or :class:`RunError`."""


class InputError(WeaktalError):
    """Bad input from outside: a file, a folder, an argument. The command line prints it as one line and exits with 2.

    Args:
        problem: what is wrong, in a few words.
        source: the file, folder or :func:`arg` that holds the problem.
        place: where in the source, such as a key path or a line.
        expected: what would have been right.
    """

    def __init__(
        self,
        problem: str,
        *,
        source: str | Path | None = None,
        place: str | None = None,
        expected: str | None = None,
    ) -> None:
        self.problem = problem
        self.source = source
        self.place = place
        self.expected = expected
        super().__init__(self.line())

    def line(self, *, shell: bool = False) -> str:
        """The whole message on one line, control characters escaped; ``shell`` names options in place of arguments."""
        return one_line(_OPTION.sub(r"\2" if shell else r"\1", self.text))

    @property
    def text(self) -> str:
        """The message before arguments or options are named, to become part of another error's."""
        parts = [str(part) for part in (self.source, self.place, self.problem) if part]
        text = ": ".join(parts)
        return f"{text}; expected {self.expected}" if self.expected else text


def one_line(text: str, limit: int = 4000) -> str:
    """``text`` on one line: unprintable characters escaped, shortened in the middle beyond ``limit`` characters."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    if len(printable) > limit:
        half = limit // 2
        printable = f"{printable[:half]} ... {printable[-half:]}"
    return printable


# What moves the cursor, changes the terminal or turns the direction of text around; and what no encoding can write.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    """``text`` as a terminal may be shown it: what could do more than appear is escaped, line ends and tabs stay.

    >>> harmless("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


LARGEST_SEED = 2**63 - 1  # PyTorch's generators take no larger one


def within(**numbers: tuple[float | None, float, float]) -> None:
    """Refuses arguments outside of their range; None is in any, not-a-number in none.

    Args:
        numbers: (value, least, most) by the argument's name.

    Raises:
        InputError: naming the first argument that is out of range.

    >>> within(seed=(-1, 0, LARGEST_SEED))
    Traceback (most recent call last):
    weaktal.errors.InputError: seed: is -1; expected 0 to 9223372036854775807
    """
    for name, (value, least, most) in numbers.items():
        if value is not None and not least <= value <= most:
            raise InputError(f"is {shown(value)}", source=arg(name), expected=f"{least} to {most}")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number of things, in words that fit it.

    >>> counted(1, "video"), counted(1200, "class", "classes")
    ('1 video', '1,200 classes')
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def first_line(error: BaseException) -> str:
    """What an error of another library says, in one line; its kind where it says nothing.

    Of a long line, such as PyTorch's about an operator and all devices that it has it for, the first sentences.

    >>> first_line(ValueError("no number\\nat all")), first_line(EOFError())
    ('no number', 'EOFError')
    >>> first_line(ValueError("There is none. " + "It may be that " * 20))
    'There is none.'
    """
    lines = str(error).strip().splitlines()
    line = lines[0] if lines else type(error).__name__
    if len(line) <= _LINE:
        return line
    sentences, stop, _ = line[:_LINE].rpartition(". ")
    return sentences + "." if stop else line[: _LINE - 3] + "..."


def nearest(name: str, known: Iterable[str], *, least: float = 0.0) -> str | None:
    """The known name that is most like ``name``, for a message; None if none reaches a likeness of ``least``, 0 to 1.

    >>> nearest("leves", ["width", "levels"])
    'levels'
    """
    words = {word[:_LONGEST]: word for word in itertools.islice(known, _MOST)}
    found = difflib.get_close_matches(name[:_LONGEST], words, n=1, cutoff=least)
    return words[found[0]] if found else None


_LINE = 200  # characters of another library's words
# The time to compare grows with the square of lengths, and files name what they like, as long as they like.
_LONGEST, _MOST = 100, 10_000


def shown(value: object, limit: int = 60) -> str:
    """A value as it may stand in an error message: its repr, shortened, whatever the value."""
    try:
        text = _REPR.repr(value)
    except (ValueError, RecursionError):  # such as an integer of more than 4300 digits
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 3] + "..."


# Looks at a few items and levels only, so that neither size nor depth of a bad value matters.
_REPR = reprlib.Repr()
_REPR.maxlevel = 4
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 80


class RunError(WeaktalError):
    """Something went wrong that is no input's fault, such as a loss that is not a number; one line, exit code 1."""
