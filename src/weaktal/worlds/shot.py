"""A shot: one take of a camera, with what the person in it does, beat by beat."""

from __future__ import annotations

from dataclasses import dataclass, field

from weaktal.worlds.camera import Framing

# What somebody does who does nothing to be found.
IDLE = ("stand", "walk", "look", "stretch", "sway")
LIGHTS = ("daylight", "evening light", "overcast light", "floodlight", "dim light")


@dataclass(frozen=True, slots=True)
class Beat:
    """Something that the person does: an action of ACTIONS or one of IDLE, for some frames.

    Attributes:
        name: what.
        frames: how long. An action takes what its performance of that seed takes.
        seed: which performance.
    """

    name: str
    frames: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Shot:
    """Everything that is seen in a take.

    Attributes:
        kind: "action", "context" (the scene without action), "close-up" (of the person, without action) or "elsewhere".
        scene, fixture: see scenes.
        place: seed of how the scene looks.
        seed: of camera, passers-by and light flicker.
        beats: what the person does, one after the other; empty if nobody is there.
        subject: the action whose tool and clothes the person has; "" for none.
        person: seed of who it is.
        framing: how the camera sees it.
        cut: a frame from which on another camera is on, and how that one sees it.
        light: one of LIGHTS.
        onlookers: people who stand around.
        passers: people who walk by.
        text: lettering.
    """

    kind: str
    scene: str
    beats: tuple[Beat, ...]
    fixture: str = ""
    place: int = 0
    seed: int = 0
    subject: str = ""
    person: int = 0
    framing: Framing = field(default_factory=Framing)
    cut: tuple[int, Framing] | None = None
    light: str = "daylight"
    onlookers: int = 0
    passers: int = 0
    text: str = ""

    @property
    def frames(self) -> int:
        """Length of the shot."""
        return sum(beat.frames for beat in self.beats)
