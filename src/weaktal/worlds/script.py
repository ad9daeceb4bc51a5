"""What happens when in an untrimmed video: shots, actions and their phases, from a seed and without drawing anything.

A video shows one or two targets, each a few times, in the scenes they belong to. The rest, more than half of the time,
is background: the same scene and athlete without the action, close-ups, other actions, other places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from weaktal.errors import InputError, shown
from weaktal.segments import Segment
from weaktal.worlds.action import FPS, PHASES, PhaseName, perform
from weaktal.worlds.actions import ACTIONS, OTHERS, TARGETS
from weaktal.worlds.camera import Framing
from weaktal.worlds.casting import action_shot, closer, framing_for, light_for, scene_shot
from weaktal.worlds.people import beat_of
from weaktal.worlds.scenes import ELSEWHERE
from weaktal.worlds.shot import Beat, Shot

SHORTEST, LONGEST = 20.0, 90.0  # seconds
_WAITS = ("stand", "walk", "look", "stretch", "sway")


@dataclass(frozen=True, slots=True)
class Event:
    """An action in a video.

    Attributes:
        label: one of ACTIONS.
        phases: (name, start, end) in seconds; they follow each other without gaps.
    """

    label: str
    phases: tuple[tuple[PhaseName, float, float], ...]

    @property
    def segment(self) -> Segment:
        """The whole action, from the first step of the run-up to the end of the recovery."""
        return Segment(self.phases[0][1], self.phases[-1][2], self.label)


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """A video before it is drawn.

    Attributes:
        seed: that it was planned with.
        labels: its tags, sorted.
        shots: one after the other.
        events: all actions in order of time, those that are no targets included.
    """

    seed: int
    labels: tuple[str, ...]
    shots: tuple[Shot, ...]
    events: tuple[Event, ...]

    @property
    def frames(self) -> int:
        """Length in frames of 1/25 s."""
        return sum(shot.frames for shot in self.shots)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / FPS

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The targets' actions."""
        return tuple(event.segment for event in self.events if event.label in TARGETS)

    def spans(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each shot, in seconds."""
        edges = np.cumsum([0, *(shot.frames for shot in self.shots)]) / FPS
        return tuple((float(a), float(b)) for a, b in pairwise(edges))


def plan_video(seed: int, labels: Sequence[str] | None = None) -> VideoPlan:
    """Plans a video; the same seed and labels give the same plan.

    Args:
        seed: of everything.
        labels: which targets it shows, one or two; by default the seed chooses.

    Raises:
        InputError: if a label is not a target.
    """
    rng = np.random.default_rng([seed, 3])
    chosen = tuple(labels) if labels is not None else choose_labels(rng, str(rng.choice(TARGETS)))
    for label in chosen:
        if label not in TARGETS:
            raise InputError(f"is {shown(label)}", source="labels", expected="one of " + ", ".join(TARGETS))
    if not 1 <= len(set(chosen)) == len(chosen) <= 2:
        raise InputError(f"are {shown(chosen)}", source="labels", expected="one or two different targets")
    writer = _Writer(rng, chosen)
    counts = rng.integers(2, 4, 1) if len(chosen) == 1 else rng.integers(1, 3, 2)
    queue = [label for label, count in zip(chosen, counts, strict=True) for _ in range(int(count))]
    if rng.random() < 0.5:
        queue = [queue[i] for i in rng.permutation(len(queue))]
    actions = [writer.action(label) for label in queue]
    acting = sum(beat.frames for shot in actions for beat in shot.beats if beat.name in ACTIONS) / FPS
    total = float(np.clip(acting / rng.uniform(0.25, 0.45), SHORTEST, LONGEST))
    others = [writer.other(label) for label in chosen if rng.random() < 0.35]
    spent = sum(shot.frames for shot in (*actions, *(o for o in others if o))) / FPS
    fillers = writer.fillers(total - spent)
    return _assembled(seed, chosen, rng, actions, [*fillers, *(o for o in others if o)])


def choose_labels(rng: np.random.Generator, first: str, among: Sequence[str] = TARGETS) -> tuple[str, ...]:
    """The first and perhaps a second target; where there are both, as often one of the same scene as of another."""
    if rng.random() < 0.62 or len(among) == 1:
        return (first,)
    scene = ACTIONS[first].scene
    near = [t for t in among if t != first and ACTIONS[t].scene == scene]
    away = [t for t in among if ACTIONS[t].scene != scene]
    pool = near if near and (not away or rng.random() < 0.5) else away
    return (first, str(rng.choice(pool)))


class _Writer:
    """Writes the shots of one video: a scene looks the same in all of them."""

    def __init__(self, rng: np.random.Generator, labels: tuple[str, ...]) -> None:
        self.rng = rng
        self.labels = labels
        scenes = sorted({ACTIONS[label].scene for label in labels})
        self.places = {scene: int(rng.integers(1 << 30)) for scene in scenes}
        self.lights = {scene: light_for(scene, rng) for scene in scenes}
        self.onlookers = {scene: int(rng.integers(0, 5)) for scene in scenes}
        self.athletes = [int(rng.integers(1 << 30)) for _ in range(int(rng.integers(1, 4)))]

    def _seed(self) -> int:
        return int(self.rng.integers(1 << 30))

    def _shot(self, subject: str, beats: tuple[Beat, ...]) -> Shot:
        scene = ACTIONS[subject].scene
        return replace(
            action_shot(subject, self._seed(), beats),
            place=self.places[scene],
            light=self.lights[scene],
            onlookers=self.onlookers[scene],
            person=int(self.rng.choice(self.athletes)),
        )

    def _wait(self, low: float, high: float) -> Beat:
        return Beat(str(self.rng.choice(_WAITS)), max(2, round(float(self.rng.uniform(low, high)) * FPS)))

    def action(self, label: str) -> Shot:
        """The action with some waiting before and after; now and then the camera cuts meanwhile."""
        rng = self.rng
        beat = beat_of(label, self._seed())
        before = (self._wait(0.4, 2.6),) if rng.random() < 0.8 else ()
        after = (self._wait(0.3, 2.0),) if rng.random() < 0.75 else ()
        shot = self._shot(label, (*before, beat, *after))
        if rng.random() < 0.25:
            cut = sum(b.frames for b in before) + round(beat.frames * float(rng.uniform(0.25, 0.75)))
            shot = replace(shot, cut=(cut, replace(framing_for(ACTIONS[label].zoom, rng), mirror=shot.framing.mirror)))
        return shot

    def other(self, label: str) -> Shot | None:
        """An action of the same scene that is not a target, and unlabelled."""
        scene = ACTIONS[label].scene
        pool = [name for name in OTHERS if ACTIONS[name].scene == scene]
        if not pool:
            return None
        beat = beat_of(str(self.rng.choice(pool)), self._seed())
        return self._shot(beat.name, (self._wait(0.4, 1.2), beat, self._wait(0.3, 1.0)))

    def fillers(self, seconds: float) -> list[Shot]:
        """Background of about that many seconds."""
        shots: list[Shot] = []
        left = seconds
        while left > 1.0:
            shot = self._filler(min(left, float(self.rng.uniform(1.6, 5.5))))
            shots.append(shot)
            left -= shot.frames / FPS
        return shots

    def _filler(self, seconds: float) -> Shot:
        rng = self.rng
        wait = self._wait(max(1.0, seconds), max(1.1, seconds))
        kind = rng.choice(3, p=[0.5, 0.2, 0.3])
        if kind == 2:
            return self._elsewhere(wait)
        shot = replace(self._shot(str(rng.choice(self.labels)), (wait,)), kind="context")
        return closer(shot, float(rng.uniform(68, 120))) if kind == 1 else shot

    def _elsewhere(self, wait: Beat) -> Shot:
        rng = self.rng
        shot = scene_shot(str(rng.choice(ELSEWHERE)), self._seed(), (wait,))
        if shot.scene in ("crowd", "landscape"):
            drift = Framing(zoom=float(rng.uniform(30, 60)), push=float(rng.normal(0, 0.15)), lag=0.0, shake=0.3)
            return replace(shot, framing=drift)
        return shot


def _assembled(
    seed: int, labels: tuple[str, ...], rng: np.random.Generator, actions: list[Shot], rest: list[Shot]
) -> VideoPlan:
    """Shots in the order in which they are shown, and where their actions lie."""
    shots = list(actions)
    for index in rng.permutation(len(rest)):
        shots.insert(int(rng.integers(0, len(shots) + 1)), rest[int(index)])
    events = []
    clock = 0
    for shot in shots:
        for beat in shot.beats:
            if beat.name in ACTIONS:
                edges = np.cumsum([clock, *perform(ACTIONS[beat.name], beat.seed).frames]) / FPS
                spans = [(name, a, b) for name, (a, b) in zip(PHASES, pairwise(edges), strict=True)]
                events.append(Event(beat.name, tuple((name, float(a), float(b)) for name, a, b in spans)))
            clock += beat.frames
    return VideoPlan(seed, tuple(sorted(labels)), tuple(shots), tuple(events))
