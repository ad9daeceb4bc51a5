"""What long work says while it runs: events for whoever asks, a bar on a terminal, a line at every tenth elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.segment import Segment

from weaktal.errors import harmless

if TYPE_CHECKING:
    from rich import progress as bars

Advance = Callable[[float], None]


def console_on(stream: Literal["stdout", "stderr"], *, width: int | None = None) -> Console:
    """A console on a standard stream on which the names of a file cannot steer the terminal.

    Args:
        stream: which.
        width: in columns; that of the terminal by default.
    """
    file = getattr(sys, stream)
    console = Console(file=getattr(file, "unescaped", file), width=width, highlight=False, markup=False)
    console.push_render_hook(_EscapingNames())
    return console


class _EscapingNames(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Escaped(renderable) for renderable in renderables]


class _Escaped:
    """A renderable whose text is escaped; what rich itself does to the terminal stays."""

    def __init__(self, renderable: RenderableType) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for text, style, control in console.render(self.renderable, options):
            yield Segment(text if control else harmless(text), style, control)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far long work has come, for whoever asked to be told.

    Attributes:
        what: is being worked on, such as "videos", or a phase of training.
        done: how much of it was done so far.
        total: how much there is to do; ``done`` may end up a little below or above it where it is an estimate.
        unit: of both, such as "s of video".
        values: figures to look at, such as the losses by name.
        whole: what was done and what there is to do of all the work that this is a part of, in the same unit, where
            that is known: one bar then shows it all.
    """

    what: str
    done: float
    total: float
    unit: str
    values: Mapping[str, float] = field(default_factory=dict)
    whole: tuple[float, float] | None = None

    @property
    def share(self) -> float:
        """What was done so far, from 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total > 0 else 0.0


_WHOLE = "\0"  # the bar over all parts of a work; no part has that name

OnProgress = Callable[[Progress], None]


@contextlib.contextmanager
def showing(console: Console, *columns: bars.ProgressColumn | str, lines: bool = False) -> Iterator[OnProgress]:
    """Gives what a verb takes as ``on_progress``: on a terminal, a bar for each thing that is worked on.

    Args:
        console: where to show it.
        columns: what is shown of each, after its name; a bar, counts and the time left by default.
        lines: where there is no terminal, print a line at every tenth of the work.
    """
    if not console.is_terminal:
        yield _lines(console) if lines else lambda _: None
        return
    from rich import progress as bars  # late: most commands show no bar

    speed, values = "{task.fields[speed]}", "{task.fields[values]}"
    usual = (bars.BarColumn(), bars.MofNCompleteColumn(), speed, bars.TimeRemainingColumn(), values)
    name = bars.TextColumn("{task.description}", markup=False)
    bar = bars.Progress(name, *(columns or usual), console=console, transient=True)
    tasks: dict[str, bars.TaskID] = {}

    def show(event: Progress) -> None:
        bar.start()  # here, so that a verb which fails before any work prints its one line and nothing else
        name = event.what if event.whole is None else _WHOLE
        done, total = event.whole or (event.done, event.total)
        if name not in tasks:
            tasks[name] = bar.add_task(event.what, total=None, values="", speed="")
        bar.update(tasks[name], description=event.what, completed=done, total=total or None, values=_values(event))
        bar.update(tasks[name], speed=_speed(bar.tasks[tasks[name]].speed, event.unit))

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


def _speed(speed: float | None, unit: str) -> str:
    """How much is done a second, or how long one takes where that is longer."""
    if not speed or not unit:
        return ""
    return f"{speed:.1f} {unit}/s" if speed >= 1 else f"{1 / speed:.1f} s each"


def _values(event: Progress) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in event.values.items())


def _lines(console: Console) -> OnProgress:
    """Prints a line whenever another tenth of something is done."""
    tenths: dict[str, int] = {}

    def say(event: Progress) -> None:
        tenth = int(10 * event.share + 1e-9)
        if tenth > tenths.get(event.what, 0):
            tenths[event.what] = tenth
            counted = f"{event.done:g}/{event.total:g}  {_values(event)}" if event.values else f"{10 * tenth} %"
            console.print(f"{event.what} {counted}", highlight=False, markup=False, soft_wrap=True)

    return say


@contextlib.contextmanager
def advancing(console: Console, what: str) -> Iterator[Advance]:
    """Gives a function that is told which share of the work is done, from 0 to 1, again and again."""
    from rich import progress as bars

    parts = (bars.BarColumn(), bars.TaskProgressColumn(), bars.TimeRemainingColumn())
    with showing(console, *parts, lines=True) as show:
        yield lambda share: show(Progress(what, min(share, 1.0), 1.0, ""))
