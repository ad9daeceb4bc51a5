"""A shot made ready to be drawn frame by frame: see :class:`Stage`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from weaktal.arrays import Floats, Pixels
from weaktal.worlds.action import FPS, Action, Performance, Place
from weaktal.worlds.actions import ACTIONS
from weaktal.worlds.backdrop import BOTTOM, DENSITY, LEFT, RIGHT, TOP, Backdrop
from weaktal.worlds.camera import CameraPath, follow
from weaktal.worlds.figure import JOINT, Drawing, joints, prepare
from weaktal.worlds.flight import ball_points, headings, tool_points
from weaktal.worlds.light import Light, light_of
from weaktal.worlds.looks import random_look
from weaktal.worlds.overlay import darken, desk, letter
from weaktal.worlds.people import acted, goalkeeper, onlooker, passer_by
from weaktal.worlds.poses import COLUMN
from weaktal.worlds.props import LONG, draw_prop
from weaktal.worlds.scenes import ELSEWHERE, paint
from weaktal.worlds.shot import Shot

_CLOTHES = {"golf course": "golf", "street": "street", "studio": "street", "crowd": "street", "landscape": "street"}


@dataclass
class Stage:
    """A shot over N frames.

    Attributes:
        shot: what is shown.
        size: (width, height), pixels.
    """

    shot: Shot
    size: tuple[int, int] = (320, 180)
    people: str = field(init=False, default="nobody")

    def __post_init__(self) -> None:
        shot = self.shot
        frames = shot.frames
        self.action = ACTIONS.get(shot.subject)
        rng = np.random.default_rng([shot.seed, 41])
        self._props: list[tuple[str, Floats]] = []
        self._passers: list[Drawing] = []
        self._actor: Drawing | None = None
        self._water = bool(self.action and self.action.water)
        target = np.zeros((frames, 2))
        target[:, 1] = 1.6
        if shot.kind != "elsewhere" or shot.scene in ("street", "studio"):
            self._act(frames)
            target = self._target
        floor = _FLOOR.get(shot.kind, -1.2)
        self.camera = follow(target, shot.framing, self.size, rng, floor)
        if shot.cut is not None:
            start, framing = shot.cut
            other = follow(target[start:], framing, self.size, rng, floor)
            self.camera = self.camera.cut_to(other, start)
        self.backdrop = dressed(shot.scene, shot.fixture, shot.place, shot.onlookers)
        self.light: Light = light_of(shot.light, shot.seed, frames, self.size)
        self._lay_out(frames, rng)

    def _act(self, frames: int) -> None:
        """Bakes the main person, tool and ball."""
        shot, action = self.shot, self.action
        self.look = random_look(np.random.default_rng([shot.person, 5]), _clothes(shot.scene, action))
        self.people = self.look.words
        motion, shows = acted(shot)
        self._times = np.arange(frames) / FPS
        self._poses = motion.at(self._times)
        self._front = bool(action and action.front) or shot.scene == "studio"
        support = action.support if action and shows else "feet"
        self._found = joints(self._poses, height=self.look.height, front=self._front, support=support)
        pelvis = self._found[:, JOINT["pelvis"]]
        level = action.level if action else 1.2
        if shot.kind == "close-up":
            self._target = self._found[:, JOINT["chest"]] + np.array([0.0, 0.1])
        else:
            high = np.maximum(pelvis[:, 1] - 1.3, 0.0) * (0.25 if action and action.zoom < 36 else 0.5)
            ahead = action.ahead if action else 0.0
            self._target = np.stack([pelvis[:, 0] + ahead, level + high], axis=1)
        starts = np.cumsum([0, *(beat.frames for beat in shot.beats)]) / FPS
        self._kicks = [float(starts[index]) + show.time(0.36) for index, show in shows.items()]
        if action is not None:
            self._hold(action, shows)

    def _hold(self, action: Action, shows: dict[int, Performance]) -> None:
        if action.tool is not None:
            points = tool_points(action.tool, self._poses, self._found)
            if action.tool.hand == "hands" and not shows:
                half = action.tool.length / 2
                points[:] = np.array([[-half, 0.225], [half, 0.225]])
            if action.tool.kind == "vaulting pole":
                points = self._vaulting(points, shows)
            self._props.append((action.tool.kind, points))
            if action.tool.kind == "gloves":
                second = self._found[:, [JOINT["hand2"]]]
                self._props.append((action.tool.kind, second))
        if action.ball is not None:
            self._props += self._balls(action, shows)
        if action.water or action.fixture == "sand pit":
            self._props += self._splashes(action, shows)

    def _vaulting(self, points: Floats, shows: dict[int, Performance]) -> Floats:
        """A pole stands in its box while somebody hangs on it, and then falls back."""
        for index, show in shows.items():
            start = sum(b.frames for b in self.shot.beats[:index]) / FPS
            planted = (self._times >= start + show.time(0.1)) & (self._times <= start + show.time(1.5))
            points[planted, 1] = (-1.15, 0.0)
            after = self._times > start + show.time(1.5)
            if after.any():
                gone = np.clip((self._times[after] - start - show.time(1.5)) / 0.9, 0, 1)
                angle = np.radians(88) + gone**2 * np.radians(84)
                points[after, 1] = (-1.15, 0.0)
                points[after, 0] = np.stack([-1.15 + 3.9 * np.cos(angle), 3.9 * np.sin(angle)], axis=1)
        return points

    def _balls(self, action: Action, shows: dict[int, Performance]) -> list[tuple[str, Floats]]:
        ball = action.ball
        assert ball is not None
        path: list[tuple[float, Place]] = []
        if not shows and isinstance(ball.path[0][1], str):
            path = [(0.0, ball.path[0][1])]
        elif not shows:
            rest = ball.path[0][1] if ball.path[0][0] < -5 else None
            path = [(0.0, rest)]
        for index, show in shows.items():
            start = sum(b.frames for b in self.shot.beats[:index]) / FPS
            path += [(start + show.time(t), place) for t, place in ball.path]
        points = ball_points(ball, _rising(path), self._times, self._found)
        if ball.kind not in LONG:
            return [(ball.kind, points[:, None])]
        angle = np.radians(self._poses[:, COLUMN["tool"]])  # as it is held
        if ball.kind == "javelin":
            free = np.hypot(*(points - self._found[:, JOINT["hand1"]]).T) > 0.12
            angle = headings(points, angle, free)
        along = np.stack([np.cos(angle), np.sin(angle)], axis=1) * LONG[ball.kind]
        share = 0.45 if ball.kind == "javelin" else 0.0
        return [(ball.kind, np.stack([points - along * share, points + along * (1 - share)], axis=1))]

    def _splashes(self, action: Action, shows: dict[int, Performance]) -> list[tuple[str, Floats]]:
        """Drops that fly up where the figure meets water or sand."""
        chest = self._found[:, JOINT["chest"], 1] if action.water else self._found[:, JOINT["pelvis"], 1]
        level = 0.0 if action.water else 0.42
        speed = np.diff(chest, prepend=chest[:1])
        hits = np.flatnonzero((chest[1:] < level) & (chest[:-1] >= level) & (speed[1:] < -0.02)) + 1
        found = []
        for hit in hits[:1] if shows else ():
            rng = np.random.default_rng([self.shot.seed, int(hit)])
            velocity = np.stack([rng.normal(0.2, 0.9, 26), rng.uniform(1.0, 4.6, 26)], axis=1)
            since = np.clip((np.arange(len(chest)) - hit) / FPS, 0, None)[:, None, None]
            origin = np.array([self._found[hit, JOINT["chest"], 0], 0.0])
            points = origin + velocity * since - np.array([0.0, 4.9]) * since**2
            points[: hit + 1] = np.nan
            points[hit + 26 :] = np.nan
            found.append(("spray", points))
        return found

    def _lay_out(self, frames: int, rng: np.random.Generator) -> None:
        """Turns everything to pixels."""
        shot, camera = self.shot, self.camera
        self._pixels = [(kind, camera.project(points)) for kind, points in self._props]
        if self.people != "nobody":
            self._actor = prepare(self._found, self.look, camera, front=self._front)
            ground = self._found[:, JOINT["pelvis"]].copy()
            self._lift = np.maximum(self._poses[:, COLUMN["y"]], 0.0)
            ground[:, 1] = self.action.elevation if self.action and 0 < self.action.elevation < 2.3 else 0.0
            self._shadow = camera.project(ground)
        self._surface = camera.project(np.zeros((frames, 2)))[:, 1]
        self._near: list[Drawing] = []
        if self.action and "goalkeeper" in self.action.objects:
            who = np.random.default_rng([shot.person, 9])
            look = random_look(who, "warm")
            found = joints(goalkeeper(self._kicks, frames, who), height=look.height, front=True)
            self._passers.append(prepare(found + np.array([4.0, 0.15]), look, camera, front=True))
        center = float(camera.center[:, 0].mean())
        for _ in range(shot.passers):
            who = np.random.default_rng(int(rng.integers(1 << 30)))
            depth = float(who.uniform(0.35, 0.75)) if who.random() < 0.8 else -0.7
            depth = 0.5 if self._water else depth
            far = 1 - 0.22 * depth
            poses = passer_by(who, frames, center)
            look = random_look(who, _clothes(shot.scene, self.action, other=True))
            found = joints(poses, height=look.height) * far
            found[..., 0] += poses[:, :1] * (1 - far)
            found[..., 1] += depth
            (self._passers if depth > 0 else self._near).append(prepare(found, look, camera, far=far))

    def frame(self, index: int) -> Pixels:
        """Frame ``index`` of the shot: (height, width, 3) RGB."""
        image = self.backdrop.view(self.camera, index)
        scale = float(self.camera.zoom[index])
        for passer in self._passers:
            passer.draw(image, index)
        clean = image.copy() if self._water else image
        if self._actor is not None:
            if not self._water:
                darken(image, self._shadow[index], scale, float(self._lift[index]))
            behind = [p for p in self._pixels if p[0] in ("vaulting pole",)]
            for kind, points in behind:
                draw_prop(image, kind, points[index], scale)
            self._actor.draw(image, index)
            for kind, points in self._pixels:
                if kind not in ("vaulting pole", "spray"):
                    draw_prop(image, kind, points[index], scale)
        if self._water:
            row = int(np.clip(self._surface[index], 0, self.size[1]))
            image[row:] = clean[row:]
        for kind, points in self._pixels:
            if kind == "spray":
                draw_prop(image, kind, points[index], scale)
        for passer in self._near:
            passer.draw(image, index)
        if self.shot.scene == "studio":
            desk(image, self.camera, index)
        if self.shot.text:
            letter(image, self.shot.text, index)
        return self.light.shine(image, index)


_FLOOR = {"close-up": -0.2, "elsewhere": BOTTOM}


def _clothes(scene: str, action: Action | None, *, other: bool = False) -> str:
    if scene in _CLOTHES:
        return _CLOTHES[scene]
    if scene == "swimming pool" or (action and action.clothes == "swim"):
        return "swim"
    return "warm" if other else "sports"


def _rising(path: list[tuple[float, Place]]) -> list[tuple[float, Place]]:
    kept: list[tuple[float, Place]] = []
    for time, place in path:
        moment = max(time, kept[-1][0] + 1e-3) if kept else time
        kept.append((moment, place))
    return kept


@lru_cache(maxsize=8)
def dressed(scene: str, fixture: str, place: int, onlookers: int) -> Backdrop:
    """A painted scene with people who stand in it."""
    backdrop = paint(scene, fixture, place)
    if not onlookers or scene in ELSEWHERE:
        return backdrop
    image = backdrop.image.copy()
    rng = np.random.default_rng([place, 61])
    center = np.array([[(LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2]])
    camera = CameraPath(center, np.array([float(DENSITY)]), False, (image.shape[1], image.shape[0]))
    people = []
    for _ in range(onlookers):
        depth = float(rng.uniform(0.4, 0.95))
        people.append((depth, float(rng.uniform(-8.0, 9.0)), int(rng.integers(1 << 30))))
    for depth, x, seed in sorted(people, reverse=True):
        who = np.random.default_rng(seed)
        look = random_look(who, "swim" if scene == "swimming pool" else "warm" if who.random() < 0.6 else "sports")
        far = 1 - 0.22 * depth
        if scene == "swimming pool":
            x, depth = -abs(x) - 0.6, min(depth, 0.75)
        front = bool(who.random() < 0.4)
        found = joints(onlooker(who), height=look.height, front=front) * far + np.array([x, depth])
        prepare(found, look, camera, far=far, front=front).draw(image, 0)
    return Backdrop(image)
