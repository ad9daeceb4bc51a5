"""Golf course, football pitch and swimming pool."""

from __future__ import annotations

from weaktal.worlds.action import Action, Ball, Tool
from weaktal.worlds.poses import Gait, Key, Stance, key

_GOLF, _PITCH, _POOL = "golf course", "football pitch", "swimming pool"
_STAND = key(0.5, arms=(5, 15, 0, 15), legs=(4, 4, -4, 4), lean=0, head=0)
_ADDRESS: Stance = {"arms": (-12.0, 4.0, -14.0, 4.0), "legs": (16.0, 12.0)}

SWING = Action(
    "golf swing",
    _GOLF,
    fixture="tee",
    objects=("golf club", "golf ball"),
    front=True,
    zoom=50.0,
    level=1.15,
    tool=Tool("golf club", "hand1", 0.98, absolute=True),
    ball=Ball("golf ball", ((-9.0, (0.22, 0.05)), (1.0, (0.22, 0.05)), (2.6, (30.0, 9.0)), (2.7, None))),
    carry=(("tool", -60.0), ("a1", 15.0), ("e1", 0.0), ("a2", 8.0), ("e2", 5.0)),
    run_up=(
        key(0.0, x=0, **_ADDRESS, tool=-72),
        key(0.4, tool=-80),
        key(0.5, tool=-70, head=4),
        key(0.6, tool=-72, head=0),
    ),
    peak=(
        key(0.3, arms=(45, 5, -50, 5), tool=-190, lean=-3),
        key(0.35, arms=(95, 50, -110, 12), tool=-330, lean=-5, legs=(18, 14, 22, 26)),
        key(0.12, arms=(100, 50, -112, 12), tool=-338),
        key(0.16, arms=(30, 10, -40, 5), tool=-200, lean=0, legs=(16, 14, 18, 12)),
        key(0.09, arms=(-14, 2, 10, 2), tool=-66, lean=3),
        key(0.1, arms=(-70, 5, 60, 5), tool=40, lean=4, legs=(16, 24, 14, 6)),
        key(0.22, arms=(-120, 30, 110, 60), tool=190, lean=5, legs=(14, 34, 12, 2)),
    ),
    recovery=(
        key(0.6, arms=(-122, 34, 112, 64), tool=205, head=-4),
        key(0.6, arms=(-30, 20, 30, 20), tool=60, lean=0, legs=(8, 4)),
        key(0.5, arms=(15, 0, 8, 5), tool=-60, legs=(4, 2)),
    ),
)

PUTT = Action(
    "golf putt",
    _GOLF,
    fixture="green",
    objects=("putter", "golf ball", "flag"),
    front=True,
    zoom=46.0,
    level=1.15,
    tool=Tool("putter", "hand1", 0.82, absolute=True),
    ball=Ball("golf ball", ((-9.0, (0.2, 0.05)), (0.78, (0.2, 0.05)), (2.2, (3.0, 0.05)), (2.3, None))),
    carry=(("tool", -70.0), ("a1", 15.0), ("e1", 0.0)),
    run_up=(
        key(0.0, x=0, **_ADDRESS, lean=3, tool=-82),
        key(0.9, head=8),
        key(0.5, head=-8),
        key(0.4, head=0),
    ),
    peak=(
        key(0.42, arms=(6, 4, -34, 4), tool=-112),
        key(0.35, arms=(-14, 4, -10, 4), tool=-80),
        key(0.35, arms=(-34, 4, 8, 4), tool=-54),
    ),
    recovery=(key(0.7, head=-10), key(0.6, arms=(15, 0, 8, 5), tool=-70, legs=(4, 2), lean=0, head=0)),
)

PENALTY = Action(
    "penalty kick",
    _PITCH,
    fixture="goal",
    objects=("football", "goal", "goalkeeper"),
    ahead=1.7,
    mark=-0.75,
    zoom=36.0,
    level=1.35,
    ball=Ball("football", ((-9.0, (0.0, 0.11)), (0.36, (0.0, 0.11)), (0.78, (4.5, 1.35)), (1.15, (4.8, 0.11)))),
    run_up=(key(0.0, x=-4), key(0.5, lean=4), Gait("run", 1.3, 3.7)),
    peak=(
        key(0.16, x=-0.4, legs=(-45, 70, 40, 10), arms=(30, 40, -50, 30), lean=-6, y=0),
        key(0.12, x=-0.25, legs=(-40, 95, 15, 12), arms=(60, 30, -70, 20), lean=-4),
        key(0.1, x=-0.15, legs=(28, 20, 0, 14), arms=(10, 40, 20, 40), lean=4),
        key(0.14, x=0.0, legs=(80, 4, -12, 8), arms=(-50, 30, 60, 30), lean=-8),
        key(0.2, x=0.3, legs=(60, 20, -25, 20), arms=(-40, 30, 50, 30), lean=6, y=0.05),
    ),
    recovery=(
        key(0.25, x=0.8, legs=(25, 20, -30, 40), arms=(10, 40, 10, 40), lean=10, y=0),
        Gait("walk", 0.8, 1.4),
        key(0.4, arms=(150, 20, 150, 20), legs=(5, 5, -5, 5), lean=0),
    ),
)

HEADER = Action(
    "header",
    _PITCH,
    fixture="goal",
    objects=("football", "goal"),
    ahead=1.4,
    mark=-0.9,
    zoom=36.0,
    level=1.5,
    ball=Ball("football", ((-1.0, (-6.0, 0.8)), (0.58, (0.12, 2.2)), (1.0, (4.4, 0.8)), (1.5, (4.8, 0.11)))),
    run_up=(key(0.0, x=-3.5), Gait("run", 1.2, 3.0)),
    peak=(
        key(0.16, x=-0.55, legs=(50, 70, 10, 60), arms=(-50, 30, -50, 30), lean=15, y=0),
        key(0.16, x=-0.35, legs=(-8, 5, 20, 50), arms=(70, 50, 60, 50), lean=-6, y=0.03),
        key(0.18, x=-0.15, legs=(-20, 60, -10, 70), arms=(60, 60, 50, 60), lean=-18, y=0.48),
        key(0.12, x=0.0, legs=(20, 30, 25, 40), arms=(-20, 60, -10, 60), lean=26, head=10, y=0.48),
        key(0.28, x=0.3, legs=(15, 20, 5, 20), arms=(20, 50, 20, 50), lean=10, head=0, y=0),
    ),
    recovery=(key(0.25, x=0.5, legs=(40, 60, 35, 60), lean=20), Gait("walk", 0.7, 1.2), _STAND),
)

THROW_IN = Action(
    "throw-in",
    _PITCH,
    fixture="touchline",
    objects=("football",),
    ball=Ball("football", ((-9.0, "hands"), (0.5, "hands"), (1.7, (11.0, 0.2)), (1.8, None))),
    carry=(("a1", 25.0), ("e1", 60.0), ("a2", 25.0), ("e2", 60.0)),
    run_up=(
        key(0.0, x=-1.0, arms=(30, 70), legs=(4, 4, -4, 4)),
        key(0.6, arms=(150, 50)),
        Gait("walk", 0.6, 1.5, hold=(("a1", 165), ("e1", 60), ("a2", 165), ("e2", 60))),
    ),
    peak=(
        key(0.25, x=-0.1, arms=(190, 85), lean=-20, legs=(30, 8, -20, 30), y=0),
        key(0.14, x=0.05, arms=(195, 60), lean=-14, legs=(28, 8, -25, 30)),
        key(0.12, x=0.1, arms=(140, 10), lean=10, legs=(25, 10, -30, 30)),
        key(0.16, x=0.2, arms=(80, 5), lean=28, legs=(25, 15, -40, 30)),
    ),
    recovery=(key(0.35, arms=(30, 20), lean=15, legs=(10, 15, -10, 25)), _STAND),
)

_TAP = (
    key(0.22, legs=(45, 12, -4, 10), arms=(20, 30, -20, 30)),
    key(0.22, legs=(5, 8, -3, 8), arms=(10, 30, 0, 30)),
    key(0.22, legs=(-3, 8, 45, 12), arms=(-20, 30, 20, 30)),
    key(0.22, legs=(-3, 8, 5, 8), arms=(0, 30, 10, 30)),
)
KEEPY_UPPY = Action(
    "football juggling",
    _PITCH,
    fixture="touchline",
    objects=("football",),
    zoom=46.0,
    ball=Ball(
        "football",
        ((-9.0, "hands"), (-0.3, "hands"), *((0.22 + 0.44 * n, "toe1" if n % 2 == 0 else "toe2") for n in range(8))),
    ),
    carry=(("a1", 25.0), ("e1", 60.0), ("a2", 25.0), ("e2", 60.0)),
    run_up=(key(0.0, x=0, arms=(30, 70), legs=(4, 4, -4, 4)), key(0.6, arms=(35, 60)), key(0.3, arms=(20, 30))),
    peak=(*_TAP, *_TAP, *_TAP, *_TAP),
    recovery=(key(0.5, arms=(5, 15, 0, 15), legs=(4, 4, -4, 4)), key(0.4, lean=2)),
)

DIVE = Action(
    "springboard dive",
    _POOL,
    fixture="diving board",
    objects=("diving board", "water"),
    ahead=0.4,
    clothes="swim",
    water=True,
    zoom=30.0,
    level=2.2,
    mark=-1.1,
    carry=(("y", 2.2),),
    run_up=(
        Gait("walk", 1.3, 1.0, hold=(("y", 2.2),)),
        key(0.22, x=-0.75, arms=(60, 10, 60, 10), legs=(5, 5, 70, 80), y=2.2),
        key(0.25, x=-0.35, arms=(165, 5), legs=(2, 5, 60, 80), y=2.6),
        key(0.22, x=-0.1, arms=(60, 10), legs=(10, 12, 8, 12), y=2.14),
    ),
    peak=(
        key(0.16, x=-0.05, arms=(-20, 10), legs=(35, 50), lean=15, y=2.02),
        key(0.18, x=0.0, arms=(170, 5), legs=(0, 0), lean=0, y=2.3),
        key(0.22, x=0.25, roll=40, arms=(150, 5), legs=(15, 0), y=3.1),
        key(0.2, x=0.5, roll=150, lean=70, arms=(70, 5), legs=(40, 0), y=3.3),
        key(0.2, x=0.75, roll=300, lean=75, legs=(45, 0), y=3.0),
        key(0.2, x=1.0, roll=440, lean=60, legs=(40, 0), y=2.3),
        key(0.2, x=1.2, roll=520, lean=10, arms=(172, 0), legs=(4, 0), y=1.1),
        key(0.14, x=1.35, roll=536, lean=0, arms=(178, 0), legs=(0, 0), y=-0.2),
        key(0.24, x=1.45, roll=545, y=-2.6),
    ),
    recovery=(
        key(0.5, x=1.9, roll=560, y=-3.4),
        key(0.4, x=2.3, roll=720, arms=(40, 20), legs=(20, 20), y=-3.0),
        key(0.6, x=2.4, y=-1.45, arms=(70, 20), legs=(20, 30)),
        key(0.5, y=-1.4, arms=(60, 40)),
    ),
)

CANNONBALL = Action(
    "cannonball",
    _POOL,
    fixture="pool edge",
    objects=("pool", "water"),
    clothes="swim",
    water=True,
    mark=-0.7,
    zoom=38.0,
    level=1.2,
    carry=(("y", 0.25),),
    run_up=(Gait("run", 1.1, 3.2, hold=(("y", 0.25),)),),
    peak=(
        key(0.14, x=-0.3, legs=(40, 60, 20, 60), arms=(-40, 20), lean=15, y=0.25),
        key(0.14, x=0.05, legs=(-5, 5), arms=(140, 20), lean=0, y=0.4),
        key(0.2, x=0.6, legs=(110, 130), arms=(60, 40), lean=40, y=1.15),
        key(0.22, x=1.15, legs=(118, 135), lean=45, roll=-15, y=1.0),
        key(0.2, x=1.6, roll=-25, y=-0.1),
        key(0.16, x=1.8, y=-1.5),
    ),
    recovery=(
        key(0.5, x=2.0, roll=0, lean=0, legs=(30, 40), arms=(60, 30), y=-2.6),
        key(0.6, y=-1.4, arms=(80, 20)),
        key(0.5, y=-1.45),
    ),
)

_STROKE = (
    key(0.28, arms=(178, 0, 90, 0), legs=(8, 5, -10, 15)),
    key(0.28, arms=(90, 10, -20, 0), legs=(-10, 15, 8, 5)),
    key(0.28, arms=(-20, 10, -110, 50), legs=(8, 5, -10, 15)),
    key(0.28, arms=(-110, 50, -182, 0), legs=(-10, 15, 8, 5)),
)


def _crawl(cycles: int) -> tuple[Key, ...]:
    """Arms go round backwards, so their angles fall by 360 degrees a cycle."""
    keys = []
    for index in range(4 * cycles):
        turns, moved = divmod(index, 4)
        item = _STROKE[moved]
        changes = tuple((c, v - 360.0 * turns if c in ("a1", "a2") else v) for c, v in item.changes)
        keys.append(Key(item.after, (*changes, ("x", -2.0 + 0.42 * (index + 1)))))
    return tuple(keys)


CRAWL = Action(
    "front crawl",
    _POOL,
    fixture="swimming lanes",
    objects=("pool", "lane ropes", "water"),
    clothes="swim",
    water=True,
    zoom=40.0,
    level=0.8,
    carry=(("y", -1.35), ("a1", 60.0), ("a2", 60.0)),
    run_up=(
        key(0.0, x=-2.4, y=-1.35, arms=(60, 30)),
        key(0.5, arms=(80, 20)),
        key(0.4, x=-2.1, y=-0.26, roll=86, arms=(175, 0), legs=(0, 5)),
    ),
    peak=_crawl(4),
    recovery=(
        key(0.5, x=5.0, roll=30, y=-1.0, legs=(30, 40), lean=0),
        key(0.6, x=5.1, roll=0, y=-1.35, arms=(-1380, 30)),
    ),
)

MOVES = (SWING, PUTT, PENALTY, HEADER, THROW_IN, KEEPY_UPPY, DIVE, CANNONBALL, CRAWL)
