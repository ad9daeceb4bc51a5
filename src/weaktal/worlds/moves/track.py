"""Jumps and throws of the athletics track."""

from __future__ import annotations

from weaktal.worlds.action import Action, Ball, Tool
from weaktal.worlds.poses import Gait, Key, key

_TRACK = "athletics track"
_WALK_ON = (key(0.35, arms=(5, 15, -5, 15), legs=(5, 5, -5, 5), lean=3, roll=0, head=0), Gait("walk", 1.0, 1.1))

HIGH_JUMP = Action(
    "high jump",
    _TRACK,
    fixture="high jump mat",
    objects=("crossbar", "mat"),
    mark=-1.25,
    level=1.45,
    run_up=(Gait("run", 2.3, 4.6),),
    peak=(
        key(0.14, x=-0.95, lean=-14, legs=(38, 6, -20, 70), arms=(-35, 40, -35, 40), y=0),
        key(0.14, x=-0.7, lean=-4, legs=(-8, 2, 75, 85), arms=(140, 30, 140, 30), y=0.0),
        key(0.16, x=-0.42, turn=0.1, roll=-18, legs=(-10, 20, 60, 80), y=0.65),
        key(0.16, x=-0.15, turn=-1, roll=-62, lean=-16, legs=(0, 60, 10, 70), arms=(60, 20, 40, 20), y=1.28),
        key(0.16, x=0.18, roll=-92, lean=-32, legs=(-24, 78, -24, 82), arms=(20, 10, 20, 10), y=1.62),
        key(0.18, x=0.62, roll=-112, lean=-16, legs=(25, 60, 25, 60), y=1.42),
        key(0.2, x=1.1, roll=-112, lean=26, legs=(70, 8, 74, 8), y=0.85),
        key(0.12, x=1.35, roll=-104, lean=20, legs=(80, 10, 84, 10), arms=(60, 20, 60, 20), y=0.58),
    ),
    recovery=(
        key(0.35, roll=-95, lean=10, legs=(60, 50, 70, 50), y=0.58),
        key(0.45, roll=-20, lean=20, legs=(80, 60, 84, 70), arms=(-20, 20, 30, 20)),
        key(0.45, roll=0, lean=10, legs=(20, 30, 0, 20), arms=(10, 20, 0, 20), x=1.5),
        key(0.4, legs=(4, 4, -4, 4), lean=0),
    ),
)

POLE_VAULT = Action(
    "pole vault",
    _TRACK,
    fixture="pole vault mat",
    objects=("pole", "crossbar", "mat"),
    mark=-3.9,
    zoom=34.0,
    level=1.9,
    tool=Tool("vaulting pole", "hand2", 3.9, absolute=True),
    carry=(("a1", -25.0), ("e1", 60.0), ("a2", 35.0), ("e2", 60.0), ("tool", 55.0)),
    run_up=(Gait("run", 2.4, 5.4, hold=(("a1", -35), ("e1", 75), ("a2", 40), ("e2", 70), ("tool", 14))),),
    peak=(
        key(0.16, x=-3.5, lean=0, arms=(150, 20, 155, 20), legs=(-20, 10, 50, 70), tool=-20, y=0),
        key(0.2, x=-2.9, lean=-8, arms=(170, 5, 165, 10), legs=(-35, 15, 60, 80), tool=-35, y=0.35),
        key(0.26, x=-2.1, roll=-35, legs=(-20, 5, 10, 30), y=0.9, tool=-60),
        key(0.26, x=-1.4, roll=-95, legs=(50, 30, 60, 40), arms=(120, 10, 125, 10), y=1.5, tool=-80),
        key(0.26, x=-0.8, roll=-168, legs=(18, 10, 22, 12), arms=(60, 30, 65, 30), y=2.05, tool=-88),
        key(0.24, x=-0.3, turn=-1, roll=-222, legs=(10, 5, 14, 5), arms=(20, 10, 25, 10), y=2.75, tool=-95),
        key(0.2, x=0.15, roll=-268, legs=(70, 8, 74, 8), lean=16, arms=(60, 10, 90, 20), y=3.1, tool=-120),
        key(0.26, x=0.6, roll=-330, legs=(40, 20, 44, 20), arms=(150, 10, 150, 10), y=2.75, tool=-150),
        key(0.34, x=1.3, roll=-410, legs=(50, 20, 54, 30), lean=10, arms=(120, 10, 120, 10), y=1.5),
        key(0.22, x=1.7, roll=-455, legs=(70, 20, 74, 20), y=0.78),
    ),
    recovery=(
        key(0.4, roll=-452, legs=(50, 60, 56, 60), arms=(60, 20, 60, 20), y=0.74),
        key(0.55, roll=-380, lean=15, legs=(80, 70, 84, 70), arms=(-20, 20, 30, 20)),
        key(0.5, roll=-360, lean=8, legs=(10, 10, -4, 10), arms=(150, 20, 150, 20), x=2.0),
        key(0.5, legs=(4, 4, -4, 4), lean=0, arms=(5, 15, 0, 15)),
    ),
)

LONG_JUMP = Action(
    "long jump",
    _TRACK,
    fixture="sand pit",
    objects=("sand pit",),
    mark=-0.4,
    zoom=40.0,
    run_up=(Gait("run", 2.4, 6.4),),
    peak=(
        key(0.1, x=0.0, lean=0, legs=(-15, 4, 70, 90), arms=(70, 80, -40, 70), y=0),
        key(0.16, x=0.8, legs=(-30, 30, 75, 70), arms=(140, 20, -30, 30), y=0.55),
        key(0.2, x=1.9, lean=-12, legs=(-30, 60, -10, 60), arms=(165, 15, 160, 15), y=0.95),
        key(0.2, x=2.9, lean=18, legs=(80, 30, 84, 30), arms=(120, 10, 115, 10), y=0.75),
        key(0.2, x=3.8, lean=40, legs=(95, 8, 98, 8), arms=(40, 10, 40, 10), y=0.25),
        key(0.12, x=4.25, lean=40, legs=(105, 70, 108, 72), arms=(30, 10, 30, 10), y=0),
    ),
    recovery=(
        key(0.25, x=4.6, lean=50, legs=(95, 120, 95, 125), arms=(70, 10, 70, 10)),
        key(0.5, x=5.0, lean=10, legs=(30, 40, 0, 20), arms=(10, 20, 0, 20)),
        *_WALK_ON,
    ),
)

_JAVELIN_RUN = (("a1", 150.0), ("e1", 75.0), ("tool", 8.0))
JAVELIN = Action(
    "javelin throw",
    _TRACK,
    fixture="throwing sector",
    objects=("javelin",),
    mark=-1.6,
    zoom=40.0,
    ball=Ball("javelin", ((-9.0, "hand1"), (0.82, "hand1"), (2.1, (24.0, 5.5)), (2.2, None))),
    carry=(("a1", 15.0), ("e1", 70.0), ("tool", 75.0)),
    run_up=(Gait("run", 2.0, 4.6, hold=_JAVELIN_RUN),),
    peak=(
        key(0.2, x=-1.1, lean=-8, legs=(-10, 20, 40, 30), arms=(-80, 10, 70, 30), tool=14, y=0),
        key(0.2, x=-0.5, lean=-20, legs=(45, 40, -25, 20), arms=(-95, 5, 85, 20), tool=24, y=0.05),
        key(0.2, x=0.0, lean=-22, legs=(-15, 25, 45, 4), arms=(-95, 5, 90, 20), tool=30, y=0),
        key(0.12, x=0.3, lean=2, legs=(-22, 20, 30, 4), arms=(-190, 80, 40, 40), tool=30),
        key(0.1, x=0.5, lean=20, legs=(-30, 40, 20, 4), arms=(-205, 15, 0, 60), tool=28),
        key(0.16, x=0.75, lean=38, legs=(-30, 60, 8, 10), arms=(-310, 20, -30, 50), tool=0),
    ),
    recovery=(
        key(0.25, x=1.2, lean=40, legs=(55, 40, -25, 20), arms=(-345, 30, -60, 30)),
        key(0.3, x=1.4, lean=22, legs=(30, 35, -40, 40), arms=(-360, 30, -40, 30)),
        key(0.6, x=1.5, lean=4, legs=(5, 5, -5, 8), arms=(-360, 20, 0, 20)),
    ),
)

SHOT_PUT = Action(
    "shot put",
    _TRACK,
    fixture="throwing circle",
    objects=("shot", "throwing circle"),
    zoom=48.0,
    ball=Ball("shot", ((-9.0, "hand1"), (0.62, "hand1"), (1.7, (9.0, 0.0)), (1.8, (9.6, 0.0)))),
    carry=(("a1", 30.0), ("e1", 145.0), ("a2", 10.0)),
    run_up=(
        key(0.0, x=-1.5, turn=-1, arms=(40, 140, 60, 20), legs=(0, 5, 5, 5), lean=5),
        key(0.6, arms=(40, 140, 110, 10), legs=(0, 5, 10, 10), lean=5),
        key(0.6, lean=70, legs=(40, 50, -50, 20), arms=(40, 140, 80, 10)),
        key(0.35, lean=68, legs=(60, 85, 30, 90), arms=(40, 140, 60, 10)),
    ),
    peak=(
        key(0.24, x=-0.7, lean=55, legs=(50, 70, -50, 8), arms=(40, 140, 50, 10)),
        key(0.16, x=-0.4, turn=0.2, lean=10, legs=(40, 60, 40, 10), arms=(40, 140, 80, 30)),
        key(0.12, x=-0.2, turn=1, lean=-12, legs=(-15, 20, 25, 4), arms=(60, 120, 60, 60)),
        key(0.12, x=0.0, lean=6, legs=(-18, 6, 12, 2), arms=(132, 5, -20, 80)),
        key(0.16, x=0.1, lean=20, legs=(20, 30, -25, 20), arms=(110, 10, -50, 60), y=0.04),
    ),
    recovery=(
        key(0.25, lean=30, legs=(25, 35, -50, 30), arms=(60, 30, -60, 30), y=0),
        key(0.35, lean=12, legs=(15, 20, -30, 40), arms=(20, 30, -20, 30)),
        key(0.6, lean=2, legs=(4, 4, -4, 4), arms=(5, 15, 0, 15)),
    ),
)

_SPIN_ARMS = (-75, 5, 75, 20)
DISCUS = Action(
    "discus throw",
    _TRACK,
    fixture="throwing cage",
    objects=("discus", "cage"),
    zoom=46.0,
    ball=Ball("discus", ((-9.0, "hand1"), (1.1, "hand1"), (2.4, (22.0, 4.0)), (2.5, None))),
    carry=(("a1", 5.0), ("e1", 10.0)),
    run_up=(
        key(0.0, x=-1.2, turn=-1, arms=(5, 5, 10, 20), legs=(15, 15, -15, 10)),
        key(0.5, turn=-0.2, arms=(-90, 5, 60, 20), legs=(20, 25, -20, 15), lean=6),
        key(0.5, turn=-1, arms=(60, 30, -40, 20)),
        key(0.5, turn=-0.2, arms=(-100, 5, 70, 20), lean=12),
    ),
    peak=(
        key(0.25, x=-1.0, turn=-1, arms=_SPIN_ARMS, legs=(25, 40, -20, 30), lean=15),
        key(0.2, x=-0.7, turn=1, legs=(50, 50, -20, 20), y=0.03),
        key(0.2, x=-0.35, turn=-1, legs=(30, 45, -40, 20), y=0),
        key(0.2, x=-0.1, turn=0.3, lean=0, legs=(20, 40, 25, 8), arms=(-90, 5, 85, 20)),
        key(0.15, x=0.0, turn=1, lean=-8, legs=(-20, 10, 20, 4), arms=(-20, 5, 60, 60)),
        key(0.1, lean=6, arms=(85, 5, -10, 70), legs=(-15, 15, 15, 2)),
        key(0.2, turn=0.2, lean=14, arms=(150, 20, -50, 40), legs=(20, 20, -20, 20)),
    ),
    recovery=(
        key(0.3, turn=-0.8, lean=10, arms=(100, 30, -30, 30), legs=(20, 25, -25, 20)),
        key(0.35, turn=1, lean=6, arms=(20, 20, 0, 20), legs=(10, 10, -10, 10)),
        key(0.5, lean=0, arms=(5, 15, 0, 15), legs=(4, 4, -4, 4)),
    ),
)

HAMMER = Action(
    "hammer throw",
    _TRACK,
    fixture="throwing cage",
    objects=("hammer", "cage"),
    zoom=42.0,
    ball=Ball("hammer", ((-9.0, "hands"), (1.75, "hands"), (2.9, (20.0, 6.0)), (3.0, None))),
    carry=(("a1", 5.0), ("e1", 5.0), ("tool", -90.0)),
    run_up=(
        key(0.0, x=-0.5, turn=-1, arms=(40, 5, 40, 5), legs=(20, 25, -20, 15), tool=-60, lean=15),
        key(0.35, arms=(110, 10, 110, 10), tool=60, lean=0),
        key(0.3, arms=(160, 60, 160, 60), tool=150),
        key(0.35, arms=(60, 10, 60, 10), tool=290, lean=10),
        key(0.35, arms=(150, 60, 150, 60), tool=450, lean=0),
    ),
    peak=(
        key(0.22, turn=-1, arms=(85, 2, 85, 2), tool=550, lean=-14, legs=(25, 40, -5, 30)),
        key(0.22, turn=1, tool=700, x=-0.35),
        key(0.2, turn=-1, tool=900, x=-0.2),
        key(0.2, turn=1, tool=1090, x=-0.05),
        key(0.19, turn=-1, tool=1260, x=0.1),
        key(0.19, turn=1, tool=1450, x=0.2),
        key(0.18, turn=-1, tool=1610, x=0.3),
        key(0.2, turn=0.6, arms=(110, 2, 110, 2), tool=1770, lean=-14, legs=(10, 10, -10, 8)),
        key(0.15, turn=1, arms=(145, 4, 145, 4), tool=1845, lean=-18, legs=(2, 2, -6, 4)),
        key(0.2, arms=(165, 10, 165, 10), lean=-10),
    ),
    recovery=(
        key(0.35, turn=0.2, arms=(100, 20, 100, 20), lean=4, legs=(20, 20, -20, 20)),
        key(0.4, turn=1, arms=(20, 20, 0, 20), legs=(8, 8, -8, 8)),
        key(0.5, lean=0, arms=(5, 15, 0, 15), legs=(4, 4, -4, 4)),
    ),
)

_OVER = (
    key(0.16, legs=(-20, 8, 85, 50), lean=25, arms=(80, 40, -50, 60), y=0.15),
    key(0.16, legs=(20, 110, 82, 8), lean=32, arms=(30, 60, 60, 40), y=0.55),
    key(0.16, legs=(70, 100, 20, 8), lean=20, arms=(-40, 70, 50, 70), y=0.2),
)


def _hurdle(x: float) -> tuple[Key, ...]:
    return tuple(Key(k.after, (*k.changes, ("x", x + dx))) for k, dx in zip(_OVER, (-0.75, 0.1, 0.95), strict=True))


HURDLES = Action(
    "hurdles",
    _TRACK,
    fixture="hurdles",
    objects=("hurdles",),
    mark=-1.6,
    run_up=(Gait("run", 1.6, 5.5),),
    peak=(*_hurdle(0.0), Gait("run", 0.85, 5.3, ramp=False), *_hurdle(7.0)),
    recovery=(Gait("run", 1.2, 5.2, ramp=False), key(0.4, arms=(5, 15, 0, 15), legs=(8, 5, -8, 8), lean=4)),
)

SPRINT_START = Action(
    "sprint start",
    _TRACK,
    fixture="lanes",
    objects=("starting blocks", "lanes"),
    zoom=46.0,
    level=1.1,
    run_up=(
        key(0.0, x=-0.2, roll=50, lean=42, legs=(95, 105, 55, 95), arms=(92, 0, 94, 0), head=-20),
        key(0.8, head=-10),
        key(0.5, roll=62, lean=50, legs=(98, 62, 64, 52), arms=(108, 0, 110, 0)),
        key(0.5, head=-12),
    ),
    peak=(
        key(0.18, x=0.4, roll=20, lean=35, legs=(-20, 8, 85, 100), arms=(60, 70, -70, 60)),
        key(0.2, x=1.2, roll=8, lean=36, legs=(75, 95, -30, 8), arms=(-70, 60, 60, 70)),
        Gait("run", 1.0, 5.8, hold=(("lean", 24.0),), ramp=False),
    ),
    recovery=(Gait("run", 1.0, 6.2, ramp=False),),
)

MOVES = (HIGH_JUMP, POLE_VAULT, LONG_JUMP, JAVELIN, SHOT_PUT, DISCUS, HAMMER, HURDLES, SPRINT_START)
