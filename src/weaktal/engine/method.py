"""What the engine asks of a method: a network, phases of updates with named losses, and scores for a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from pydantic import BaseModel
from torch import Tensor, nn

from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.settings import OptimizerConfig

State = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of updates in which the same parts train with the same losses.

    Attributes:
        name: for logs and folders.
        updates: how many, at most.
        trains: the names of the method's submodules that train; all others are frozen, without gradient and in
            evaluation mode. The empty string stands for the whole network.
        losses: named parts, already weighted; their sum is minimized. It gets the batch and the phase's state.
        shared: what all forward passes of an update have in common, such as class vectors; computed once an update
            and given to ``losses`` along with the state. Gradients that reach it add up and continue from there once.
        optimizer: makes the optimizer of what trains, and says what an update sees; its ``clip_norm`` is the longest
            allowed gradient of all ``trains`` together.
        rate: factor on the learning rate by the number of the update in this phase.
        keep_optimizer: go on with the previous phase's optimizer and its moments.
        prepare: computes the phase's state, such as pseudo-labels, once at its start from the training videos and the
            previous phase's state; it is stored with the run.
        after_update: called after each update, such as for a moving average of weights.
        enough: asked every ``ask_every`` updates, in evaluation mode, without gradient; where it says so, the phase
            is over before its time. It must go by the weights and the training videos alone, so that a training that
            was stopped and goes on ends at the same update.
        ask_every: updates between these questions; 0 asks never.
        finish: called after the last update, before the weights are stored.
        review: looks back at the phase on the training videos, in evaluation mode and without gradient; what it
            returns, anything that JSON can hold, is stored with the run as ``statistics.json``.
        stream: whose random numbers it draws, for batches, dropout and what it prepares; its own by default, which are
            those of its place among the phases. So a phase that is put in before it need not change it.
    """

    name: str
    updates: int
    trains: Sequence[str]
    losses: Callable[[Batch, State], dict[str, Tensor]]
    optimizer: OptimizerConfig
    shared: Callable[[], Mapping[str, Tensor]] | None = None
    rate: Callable[[int], float] = lambda _update: 1.0
    keep_optimizer: bool = False
    prepare: Callable[[VideoSet, State], dict[str, Tensor]] | None = None
    after_update: Callable[[], None] | None = None
    enough: Callable[[VideoSet], bool] | None = None
    ask_every: int = 0
    finish: Callable[[], None] | None = None
    review: Callable[[VideoSet, State], Mapping[str, Any]] | None = None
    stream: int | str | None = None

    def drawing(self, place: int) -> int | str:
        """What tells its random numbers from those of other phases; ``place`` is its own, from 0."""
        return place if self.stream is None else self.stream

    @property
    def may_end_early(self) -> bool:
        """Whether it can have fewer updates than ``updates``."""
        return self.enough is not None and 0 < self.ask_every < self.updates


class Method(Protocol):
    """A method that the engine can train and use."""

    @property
    def module(self) -> nn.Module:
        """All networks of the method; its state dict is what a checkpoint holds."""
        ...

    def phases(self) -> Sequence[Phase]:
        """What training does, in order."""
        ...

    def localize(self, batch: Batch, branch: str | None) -> tuple[Tensor, Tensor]:
        """Scores in [0, 1]: of snippets (B, T, C), zero where the mask is false, and of videos (B, C).

        Args:
            batch: videos at full length.
            branch: which of the method's branches to use; None for its default.
        """
        ...

    @property
    def branches(self) -> Sequence[str]:
        """Names that ``localize`` takes as ``branch``; empty where there is but one way."""
        ...

    @property
    def shown_branches(self) -> Sequence[str | None]:
        """Those that a page shows by default, the default branch first."""
        ...

    def needs(self, branch: str | None) -> Sequence[str]:
        """Names of the further features, see :class:`~weaktal.engine.batch.VideoSet`, that ``branch`` looks at."""
        ...


class SingleWay:
    """What a method says that has but one way to localize, by its features alone; methods may derive from it."""

    branches: Sequence[str] = ()
    shown_branches: Sequence[str | None] = (None,)

    def needs(self, _branch: str | None) -> Sequence[str]:
        """No further features."""
        return ()


class Choice(NamedTuple):
    """What localizes where the user says nothing: the weights at the end of a phase, and a branch.

    Attributes:
        phase: counted from 0; None for the last weights.
        branch: None for the method's default.
    """

    phase: int | None = None
    branch: str | None = None


@runtime_checkable
class Choosing(Protocol):
    """A method that can tell from its phases' statistics which of their weights to use."""

    @property
    def statistics(self) -> type[BaseModel]:
        """What must stand in the statistics that the run stored, as far as they are looked at."""
        ...

    def choose(self, statistics_of: Callable[[int], Mapping[str, Any]]) -> Choice:
        """The choice.

        Args:
            statistics_of: what the phase's ``review`` returned, by its number from 0; called only where it is needed.
        """
        ...


@runtime_checkable
class Labelling(Protocol):
    """A method whose phases learn from hard pseudo-labels, which can be held against segments where these are known."""

    def hard_labels(self, state: State) -> Mapping[str, Tensor]:
        """The pseudo-labels in a phase's state by video, (T, C) int8: 1 action, 0 none, -1 uncertain."""
        ...
