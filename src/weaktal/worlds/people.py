"""What people do who do no action: the main person between actions, onlookers, passers-by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaktal.arrays import Floats
from weaktal.worlds.action import FPS, Action, Performance, perform
from weaktal.worlds.actions import ACTIONS
from weaktal.worlds.poses import COLUMN, Gait, Key, Motion, MotionWriter, key
from weaktal.worlds.shot import Beat, Shot

_UPRIGHT = {"roll": 0.0, "lean": 0.0, "head": 0.0}


def idle_keys(
    name: str, seconds: float, rng: np.random.Generator, action: Action | None, *, free: bool, seated: bool = False
) -> list[Key | Gait]:
    """Keys of somebody who waits.

    Args:
        name: one of IDLE.
        seconds: how long.
        rng: of its details.
        action: the action whose tool the person holds, if any.
        free: whether the arms and feet may do as they like.
        seated: whether the person faces the camera and stays in place.
    """
    carry = dict(action.carry) if action is not None else {}
    if not free:
        return [Key(min(0.4, seconds / 2), tuple(carry.items()))] if carry else []
    stance: dict[str, float] = {**_UPRIGHT, "h1": 4, "k1": 4, "h2": -4, "k2": 4, "a1": 5, "e1": 12, "a2": -3, "e2": 12}
    stance.update(carry)
    start = min(0.45, seconds / 3)
    keys: list[Key | Gait] = [Key(start, tuple(stance.items()))]
    left = seconds - start - 0.4
    if left < 0.4:
        return keys
    front = seated or (action is not None and action.front)
    if name == "walk" and not front:
        keys.append(Gait("walk", left, float(rng.uniform(0.9, 1.3)), hold=tuple(carry.items())))
        return keys
    arms_free = not {"a1", "a2"} & carry.keys()
    step = left / max(1, round(left / 0.7))
    for index in range(round(left / step)):
        changes: dict[str, float] = {"lean": float(rng.normal(1, 2)), "head": float(rng.normal(0, 7))}
        if name == "stretch" and arms_free:
            up = index % 2 == 0
            changes.update(a1=168.0 if up else 60.0, a2=160.0 if up else 70.0, e1=20.0, e2=20.0)
        elif name == "look" and not front:
            changes["turn"] = float(rng.choice([1.0, 0.5, -0.6, 1.0]))
        elif arms_free:
            changes.update(a1=float(rng.normal(8, 8)), e1=float(rng.uniform(5, 90)), a2=float(rng.normal(0, 8)))
        keys.append(Key(step, tuple(changes.items())))
    if name == "look" and not front:
        keys.append(key(0.2, turn=1.0))
    return keys


def acted(shot: Shot) -> tuple[Motion, dict[int, Performance]]:
    """The person's motion over a whole shot and the performances in it, by the index of their beat."""
    rng = np.random.default_rng([shot.seed, 31])
    subject = ACTIONS.get(shot.subject)
    shows = {i: perform(ACTIONS[b.name], b.seed) for i, b in enumerate(shot.beats) if b.name in ACTIONS}
    times: list[Floats] = []
    poses: list[Floats] = []
    writer = MotionWriter(x=_start(shot, shows, subject, rng), y=subject.elevation if subject else 0.0)
    writer.add([Key(0.0, tuple({**dict(subject.carry if subject else ()), **_resting(subject, shows)}.items()))])
    clock = 0.0
    for index, beat in enumerate(shot.beats):
        if index in shows:
            motion = shows[index].motion
            times.append(clock + motion.times)
            poses.append(motion.poses)
            writer = _resume(motion.poses[-1])
        else:
            for part in _waiting(shot, beat, subject, shows, rng, after=bool(shows) and index > max(shows)):
                if isinstance(part, Gait):
                    writer.add_gait(part, part.seconds)
                else:
                    writer.add([part])
            motion = writer.motion()
            times.append(clock + motion.times)
            poses.append(motion.poses)
            writer = _resume(writer.row)
        clock += beat.frames / FPS
    return _joined(times, poses), shows


def _waiting(
    shot: Shot,
    beat: Beat,
    subject: Action | None,
    shows: dict[int, Performance],
    rng: np.random.Generator,
    *,
    after: bool,
) -> list[Key | Gait]:
    """What the person does in a beat without action; ``after`` one, what was thrown is gone."""
    if after and subject is not None:
        if subject.water or not _moves_freely(subject):
            return []
        subject = subject if subject.tool else None
    else:
        subject = _held(subject, shows)
    free = not shows or _moves_freely(subject)
    return idle_keys(beat.name, beat.frames / FPS, rng, subject, free=free, seated=shot.scene == "studio")


def _held(subject: Action | None, shows: dict[int, Performance]) -> Action | None:
    """Who does not act lets a bar lie and stands beside it."""
    return subject if subject is None or shows or _moves_freely(subject) else None


def _resting(subject: Action | None, shows: dict[int, Performance]) -> dict[str, float]:
    if subject is None or shows or _moves_freely(subject):
        return {}
    return {"a1": 6.0, "e1": 10.0, "a2": 6.0, "e2": 10.0, "h1": 5.0, "k1": 3.0, "h2": 5.0, "k2": 3.0, "y": 0.0}


def _moves_freely(action: Action | None) -> bool:
    if action is None:
        return True
    bar = action.tool is not None and action.tool.hand == "hands"
    return not bar and action.support != "hands" and action.elevation >= 0


def _start(shot: Shot, shows: dict[int, Performance], subject: Action | None, rng: np.random.Generator) -> float:
    """Where the person begins: so that a walk ends where the first action starts."""
    if not shows:
        usual = subject.mark if subject else 0.0
        edge = -0.5 if shot.scene == "swimming pool" else 0.6
        return usual + float(rng.uniform(-2.5, edge))
    first = min(shows)
    x = float(shows[first].motion.poses[0, COLUMN["x"]])
    walked = sum(max(0.0, b.frames / FPS - 0.85) for b in shot.beats[:first] if b.name == "walk")
    return x - 1.1 * walked if _moves_freely(subject) and not (subject and subject.front) else x


def _resume(row: Floats) -> MotionWriter:
    writer = MotionWriter()
    writer.add([Key(0.0, tuple(zip(COLUMN, row.tolist(), strict=True)))])
    return writer


def _joined(times: Sequence[Floats], poses: Sequence[Floats]) -> Motion:
    """One motion of several; full turns between them are dropped."""
    rows: list[Floats] = []
    moments: list[Floats] = []
    shift = np.zeros(poses[0].shape[1])
    turning = [COLUMN[c] for c in ("roll", "a1", "a2", "tool")]
    for when, what in zip(times, poses, strict=True):
        moved = what + shift
        if rows:
            gap = rows[-1][-1, turning] - moved[0, turning]
            shift = shift.copy()
            shift[turning] += np.round(gap / 360) * 360
            moved = what + shift
            keep = when > moments[-1][-1] + 1e-6
            when, moved = when[keep], moved[keep]
        if len(when):
            rows.append(moved)
            moments.append(when)
    return Motion(np.concatenate(moments), np.concatenate(rows))


def passer_by(rng: np.random.Generator, frames: int, center: float) -> Floats:
    """Poses (N, CHANNELS) of somebody who walks or jogs through the picture."""
    forward = 1.0 if rng.random() < 0.5 else -1.0
    kind, speed = (
        ("walk", float(rng.uniform(0.9, 1.5))) if rng.random() < 0.75 else ("run", float(rng.uniform(2.4, 3.4)))
    )
    seconds = frames / FPS + 0.1
    start = center - forward * (speed * seconds / 2 + float(rng.uniform(-3, 3)))
    writer = MotionWriter(x=start, turn=forward)
    writer.add([Key(0.0, ())])
    gait = Gait("walk" if kind == "walk" else "run", seconds, speed, ramp=False)
    writer.add_gait(gait, seconds, float(rng.uniform(0, 6)))
    return writer.motion().at(np.arange(frames) / FPS)


def goalkeeper(kicks: Sequence[float], frames: int, rng: np.random.Generator) -> Floats:
    """Poses (N, CHANNELS) of a goalkeeper at x = 0, seen from the front, who dives after each kick (seconds)."""
    writer = MotionWriter()
    ready = key(0.4, arms=(60, 20), legs=(30, 40), roll=0, y=0, x=0)
    writer.add([key(0.0, arms=(60, 20), legs=(30, 40))])
    for kick in kicks:
        while writer.now < kick - 0.9:
            writer.add([key(0.35, legs=(24, 32), x=float(rng.normal(0, 0.15))), ready])
        side = float(rng.choice([-1.0, 1.0]))
        writer.add(
            [
                key(max(0.05, kick + 0.05 - writer.now), legs=(45, 60)),
                key(0.22, roll=45 * side, arms=(150, 5), legs=(20, 20), x=0.5 * side, y=0.25),
                key(0.22, roll=82 * side, x=1.0 * side, y=0.3),
                key(0.2, roll=90 * side, x=1.2 * side, y=0.0),
                key(0.7, roll=88 * side),
                key(0.8, roll=0, arms=(10, 10), legs=(6, 4)),
            ]
        )
    while writer.now < frames / FPS:
        writer.add([key(0.35, legs=(24, 32), x=float(rng.normal(0, 0.15))), ready])
    return writer.motion().at(np.arange(frames) / FPS)


def onlooker(rng: np.random.Generator) -> Floats:
    """One pose (1, CHANNELS) of somebody who stands and watches."""
    writer = MotionWriter(turn=float(rng.choice([-1.0, 1.0, 0.7, -0.7])))
    arms = [(5, 15, -5, 15), (20, 110, 15, 110), (35, 100, -20, 60), (-20, 80, -20, 80)][rng.integers(4)]
    writer.add([key(0.0, arms=arms, lean=float(rng.normal(0, 3)), legs=(float(rng.uniform(2, 10)), 4, -6, 4))])
    return writer.motion().poses


def beat_of(name: str, seed: int) -> Beat:
    """A beat that is a whole performance of an action."""
    return Beat(name, sum(perform(ACTIONS[name], seed).frames), seed)
