"""An articulated figure: where its joints are in a pose, what it wears, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Floats, Pixels
from weaktal.worlds.camera import CameraPath
from weaktal.worlds.poses import COLUMN

Color = tuple[int, int, int]
Support = Literal["feet", "all", "hands"]

JOINTS = (
    "pelvis", "chest", "head", "face", "hair", "tail",
    "shoulder1", "elbow1", "hand1", "shoulder2", "elbow2", "hand2",
    "hip1", "knee1", "ankle1", "toe1", "hip2", "knee2", "ankle2", "toe2",
)  # fmt: skip
JOINT = {name: index for index, name in enumerate(JOINTS)}

# Lengths in meters of a figure 1.75 m tall.
_TRUNK, _NECK, _UPPER_ARM, _FOREARM, _THIGH, _SHANK, _FOOT = 0.50, 0.25, 0.29, 0.28, 0.43, 0.43, 0.17
_LOWEST = {"ankle1": 0.05, "ankle2": 0.05, "toe1": 0.03, "toe2": 0.03, "knee1": 0.06, "knee2": 0.06, "pelvis": 0.12,
           "chest": 0.12, "head": 0.12}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """How a person looks: colors are RGB.

    Attributes:
        words: for captions, such as "a woman in a red shirt".
        height: 1 is 1.75 m.
        bulk: thickness of the limbs.
        hair_style: "short", "tail", "long", "cap" or "bald".
        sleeves, trousers: how far clothes reach down the upper arm and the leg, 0 to 2 (1 is the elbow or the knee).
    """

    words: str
    skin: Color
    hair: Color
    shirt: Color
    shorts: Color
    shoes: Color
    height: float = 1.0
    bulk: float = 1.0
    hair_style: str = "short"
    sleeves: float = 0.6
    trousers: float = 0.6


def joints(poses: Floats, *, height: float = 1.0, front: bool = False, support: Support = "feet") -> Floats:
    """Where the joints are: forward kinematics.

    Args:
        poses: (N, CHANNELS).
        height: scales all lengths.
        front: seen from the front: limb angles open sideways, and limbs 1 are on the left.
        support: what ``y`` speaks of: the lowest point but for the hands, the lowest of all, or the hands.

    Returns:
        (N, JOINTS, 2) meters, y up.
    """

    def channel(name: str) -> Floats:
        return poses[:, COLUMN[name]]

    def degrees(name: str) -> Floats:
        return np.radians(channel(name))

    turn = channel("turn")
    roll, trunk = degrees("roll"), degrees("roll") + degrees("lean")
    found = np.zeros((len(poses), len(JOINTS), 2))

    def put(name: str, start: str, length: float, angle: Floats, sign: Floats | float) -> None:
        """The end of a limb that points down at angle 0 and forward at 90 degrees."""
        found[:, JOINT[name], 0] = found[:, JOINT[start], 0] + np.sin(angle) * length * sign
        found[:, JOINT[name], 1] = found[:, JOINT[start], 1] - np.cos(angle) * length

    put("chest", "pelvis", -_TRUNK, -trunk, turn)
    nod = trunk + degrees("head")
    put("head", "chest", -_NECK, -nod, turn)
    facing = 0.0 if front else turn
    put("face", "head", 0.025, np.pi / 2 - nod, facing)
    put("hair", "head", -0.02, np.pi / 2 - nod, facing)
    put("hair", "hair", -0.022, -nod, turn)
    put("face", "face", 0.02 if front else 0.008, -nod, turn)
    put("tail", "head", 0.16, -nod - (0.0 if front else 0.9), facing)
    wide = 1.0 if front else 0.16 + 0.84 * (1 - np.abs(turn))
    for side, out in (("1", -1.0), ("2", 1.0)):
        sign = out if front else turn
        for name, start, half, angle in (("shoulder", "chest", 0.15, trunk), ("hip", "pelvis", 0.085, roll)):
            found[:, JOINT[name + side], 0] = found[:, JOINT[start], 0] + np.cos(angle) * half * out * wide
            found[:, JOINT[name + side], 1] = found[:, JOINT[start], 1] - np.sin(angle) * half * out * wide * turn
        lean = trunk * out if front else trunk
        arm = degrees("a" + side) - lean
        put("elbow" + side, "shoulder" + side, _UPPER_ARM, arm, sign)
        put("hand" + side, "elbow" + side, _FOREARM, arm + degrees("e" + side), sign)
        thigh = degrees("h" + side) - (roll * out if front else roll)
        shank = thigh - degrees("k" + side)
        put("knee" + side, "hip" + side, _THIGH, thigh, sign)
        put("ankle" + side, "knee" + side, _SHANK, shank, sign)
        # Feet point down in the air and lie flat on the ground.
        flat = np.radians(85 - 50 * np.clip(channel("y") / 0.3 - 0.3, 0, 1)) if support == "feet" else np.radians(80)
        put("toe" + side, "ankle" + side, _FOOT * (0.5 if front else 1.0), shank + flat, sign)
    found *= height
    return found + _place(found, poses, height, support)[:, None]


def _place(found: Floats, poses: Floats, height: float, support: Support) -> Floats:
    """The shift (N, 2) that puts figures where their poses say."""
    where = poses[:, :2]
    if support == "hands":
        return where - (found[:, JOINT["hand1"]] + found[:, JOINT["hand2"]]) / 2
    low = dict(_LOWEST)
    if support == "all":
        low.update(hand1=0.04, hand2=0.04)
    bottom = np.min([found[:, JOINT[name], 1] - reach * height for name, reach in low.items()], axis=0)
    return np.stack([where[:, 0], where[:, 1] - bottom], axis=1)


# Limbs as (from, to, radius there, radius here); meters. Far ones come first.
_FAR_ARM = (("shoulder2", "elbow2", 0.052, 0.042), ("elbow2", "hand2", 0.04, 0.032))
_NEAR_ARM = (("shoulder1", "elbow1", 0.052, 0.042), ("elbow1", "hand1", 0.04, 0.032))
_FAR_LEG = (("hip2", "knee2", 0.088, 0.062), ("knee2", "ankle2", 0.06, 0.038))
_NEAR_LEG = (("hip1", "knee1", 0.088, 0.062), ("knee1", "ankle1", 0.06, 0.038))


@dataclass(frozen=True, slots=True)
class _Part:
    """A tapered limb or a disc over all frames: ``points`` (N, 4, 2) or (N, 2), in sixteenths of a pixel."""

    color: Color
    quads: npt.NDArray[np.int32] | None
    discs: tuple[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure over N frames, ready to be drawn: see :func:`prepare`."""

    parts: tuple[_Part, ...]

    def draw(self, image: Pixels, frame: int) -> None:
        """Draws the figure of one frame onto ``image``."""
        import cv2

        line: Any = cv2.LINE_AA
        for part in self.parts:
            if part.quads is not None:
                cv2.fillConvexPoly(image, part.quads[frame], part.color, line, 4)
            for centers, radii in part.discs:
                cv2.circle(image, centers[frame].tolist(), int(radii[frame]), part.color, -1, line, 4)


@dataclass(frozen=True, slots=True)
class _Layout:
    """A figure's parts as they are laid out, in sixteenths of pixels.

    Attributes:
        pixels: joints (N, JOINTS, 2).
        scale: (N,), of a meter.
        bulk: how wide the figure is.
        parts: so far.
    """

    pixels: Floats
    scale: Floats
    bulk: float
    parts: list[_Part]

    def at(self, name: str) -> Floats:
        """A joint (N, 2)."""
        joint: Floats = self.pixels[:, JOINT[name]]
        return joint

    def limb(self, start: Floats, end: Floats, r0: float, r1: float, color: Color, *, caps: str = "both") -> None:
        """Adds a limb that is ``r0`` meters wide at its start and ``r1`` at its end, which are round."""
        wide0, wide1 = self.scale * r0 * self.bulk, self.scale * r1 * self.bulk
        along = end - start
        length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
        normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / length[:, None]
        n0, n1 = normal * wide0[:, None], normal * wide1[:, None]
        quad = np.stack([start + n0, end + n1, end - n1, start - n0], axis=1)
        discs = [(end, wide1)] if caps == "end" else [(start, wide0), (end, wide1)]
        self.parts.append(_Part(color, _whole(quad), tuple((_whole(c), _whole(r)) for c, r in discs)))

    def disc(self, center: Floats, radius: float, color: Color) -> None:
        """Adds a disc of ``radius`` meters."""
        self.parts.append(_Part(color, None, ((_whole(center), _whole(self.scale * radius)),)))


def prepare(found: Floats, look: Look, camera: CameraPath, *, far: float = 1.0, front: bool = False) -> Drawing:
    """Lays out a figure for drawing.

    Args:
        found: joints (N, JOINTS, 2) in meters.
        look: what it wears.
        camera: over the same N frames.
        far: size of the figure, below 1 for people further away.
        front: whether it is seen from the front.
    """
    on = _Layout(camera.project(found) * 16, camera.zoom * 16 * look.height * far, look.bulk, [])
    at, limb, disc = on.at, on.limb, on.disc

    def leg(limbs: tuple[tuple[str, str, float, float], ...], side: str, shade: float) -> None:
        ankle = at("ankle" + side)
        (_, _, a, b), (_, _, c, d) = limbs
        hip, knee = at("hip" + side), at("knee" + side)
        limb(hip, knee, a, b, _shaded(look.skin, shade))
        limb(knee, ankle, c, d, _shaded(look.skin, shade), caps="end")
        limb(ankle, at("toe" + side), 0.045, 0.032, _shaded(look.shoes, shade))
        cloth = _shaded(look.shorts, shade)
        if look.trousers > 0:
            reach = min(look.trousers, 1.0)
            limb(hip, hip + (knee - hip) * reach, a + 0.012, a + (b - a) * reach + 0.014, cloth)
        if look.trousers > 1:
            reach = look.trousers - 1
            limb(knee, knee + (ankle - knee) * reach, c + 0.008, c + (d - c) * reach + 0.01, cloth)

    def arm(limbs: tuple[tuple[str, str, float, float], ...], side: str, shade: float) -> None:
        (_, _, a, b), (_, _, c, d) = limbs
        shoulder, elbow, hand = at("shoulder" + side), at("elbow" + side), at("hand" + side)
        limb(shoulder, elbow, a, b, _shaded(look.skin, shade))
        limb(elbow, hand, c, d, _shaded(look.skin, shade), caps="end")
        disc(hand, 0.046, _shaded(look.skin, shade))
        cloth = _shaded(look.shirt, shade)
        if look.sleeves > 0:
            reach = min(look.sleeves, 1.0)
            limb(shoulder, shoulder + (elbow - shoulder) * reach, a + 0.012, a + (b - a) * reach + 0.012, cloth)
        if look.sleeves > 1:
            limb(elbow, elbow + (hand - elbow) * (look.sleeves - 1), c + 0.008, d + 0.008, cloth)

    arm(_FAR_ARM, "2", 1.0 if front else 0.78)
    leg(_FAR_LEG, "2", 1.0 if front else 0.78)
    leg(_NEAR_LEG, "1", 1.0)
    _trunk(on, look, front=front)
    limb(at("chest"), at("head"), 0.055, 0.05, look.skin)
    _head(on, look)
    arm(_NEAR_ARM, "1", 1.0)
    return Drawing(tuple(on.parts))


def _trunk(on: _Layout, look: Look, *, front: bool) -> None:
    at, limb = on.at, on.limb
    pelvis, chest = at("pelvis"), at("chest")
    if front:
        for side in ("1", "2"):
            limb(at("shoulder" + side), at("hip" + side), 0.075, 0.07, look.shirt)
        limb(chest, pelvis, 0.1, 0.1, look.shirt)
        limb(at("hip1"), at("hip2"), 0.1, 0.1, look.shorts)
        return
    for side in ("2", "1"):
        limb(at("shoulder" + side), (at("hip" + side) + pelvis) / 2, 0.085, 0.085, look.shirt)
    limb(chest + (pelvis - chest) * 0.06, pelvis, 0.125, 0.112, look.shirt)
    limb(pelvis + (chest - pelvis) * 0.1, pelvis, 0.116, 0.118, look.shorts)


def _head(on: _Layout, look: Look) -> None:
    at, limb, disc = on.at, on.limb, on.disc
    if look.hair_style in ("tail", "long"):
        limb(at("hair"), at("tail"), 0.09 if look.hair_style == "long" else 0.045, 0.05, look.hair)
    if look.hair_style != "bald":
        disc(at("hair"), 0.117, look.hair)
    disc(at("face"), 0.098 if look.hair_style != "bald" else 0.115, look.skin)
    if look.hair_style == "cap":
        limb(
            at("hair"), at("hair") + (at("face") - at("hair")) * 2.6 + (at("hair") - at("head")), 0.09, 0.02, look.hair
        )


def _whole(values: Floats) -> npt.NDArray[np.int32]:
    # Far outside the frame nothing is drawn, and OpenCV overflows beyond 16 bits.
    return np.clip(np.rint(values), -30000, 60000).astype(np.int32)


def _shaded(color: Color, shade: float) -> Color:
    return (int(color[0] * shade), int(color[1] * shade), int(color[2] * shade))
