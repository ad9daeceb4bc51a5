"""Ball games over a net or at a hoop: basketball, tennis, beach volleyball."""

from __future__ import annotations

from weaktal.worlds.action import Action, Ball, Place, Tool
from weaktal.worlds.poses import Gait, key

_HALL, _TENNIS, _BEACH = "basketball court", "tennis court", "beach"
_RIM = (0.0, 2.75)
_STAND = key(0.5, arms=(5, 15, 0, 15), legs=(4, 4, -4, 4), lean=0, head=0)
_HOLD_BALL = (("a1", 35.0), ("e1", 75.0), ("a2", 30.0), ("e2", 80.0))


def _dribbled(start: float, stop: float, ahead: float, speed: float) -> tuple[tuple[float, Place], ...]:
    """Bounces between the hand and the floor, one every 0.6 s; ``ahead`` meters before the figure at time 0."""
    path: list[tuple[float, Place]] = []
    time = start
    while time < stop:
        path += [(time, "hand1"), (time + 0.12, "hand1"), (time + 0.34, (ahead + speed * (time + 0.34), 0.12))]
        time += 0.6
    return (*path, (stop, "hand1"))


DUNK = Action(
    "slam dunk",
    _HALL,
    fixture="hoop",
    objects=("basketball", "hoop"),
    mark=-2.1,
    zoom=40.0,
    level=1.6,
    ball=Ball(
        "basketball",
        (
            (-9.0, "hand1"),
            (0.9, "hand1"),
            (1.0, (0.0, 2.55)),
            (1.6, (0.05, 0.12)),
            (2.1, (0.3, 0.12)),
            (2.5, (0.6, 0.12)),
        ),
    ),
    carry=_HOLD_BALL,
    run_up=(Gait("run", 1.7, 4.4, hold=(("a1", 40), ("e1", 70))),),
    peak=(
        key(0.18, x=-1.6, arms=(45, 90, 40, 90), legs=(40, 10, -25, 60), lean=0, y=0),
        key(0.16, x=-1.1, arms=(70, 80, 60, 80), legs=(-12, 4, 80, 90), lean=0, y=0.02),
        key(0.22, x=-0.65, arms=(165, 30, 100, 60), legs=(-25, 50, 60, 90), lean=-10, y=0.55),
        key(0.2, x=-0.42, arms=(178, 20, 70, 40), legs=(-10, 70, 30, 80), lean=-8, y=0.86),
        key(0.16, x=-0.4, arms=(142, 5, 60, 40), legs=(20, 70, 20, 60), lean=12, y=0.86),
        key(0.2, x=-0.38, arms=(158, 10, 60, 40), legs=(10, 30, 20, 40), lean=4, y=0.6),
        key(0.24, x=-0.35, arms=(110, 30, 60, 40), legs=(10, 15, 5, 15), lean=0, y=0.02),
    ),
    recovery=(
        key(0.2, arms=(40, 40, 30, 40), legs=(50, 75, 45, 75), lean=25, y=0),
        key(0.35, arms=(20, 30, 10, 30), legs=(5, 8, -5, 8), lean=4),
        _STAND,
        Gait("walk", 0.6, 1.0),
    ),
)

JUMP_SHOT = Action(
    "jump shot",
    _HALL,
    fixture="hoop",
    objects=("basketball", "hoop"),
    ahead=2.2,
    mark=-4.4,
    zoom=34.0,
    level=1.85,
    ball=Ball(
        "basketball",
        (
            (-9.0, "hand1"),
            (0.62, "hand1"),
            (1.6, (0.0, 2.85)),
            (1.72, (0.0, 2.5)),
            (2.3, (0.1, 0.12)),
            (2.9, (0.5, 0.12)),
        ),
    ),
    carry=_HOLD_BALL,
    run_up=(
        key(0.0, x=-4.9, arms=(30, 70, 30, 70), legs=(10, 15, -10, 15), lean=5),
        key(0.5, arms=(30, 75, 30, 75), legs=(30, 45, 10, 40), lean=12),
        key(0.5, x=-4.5, arms=(40, 85, 40, 85), legs=(25, 35, 15, 30), lean=10),
    ),
    peak=(
        key(0.2, x=-4.4, arms=(45, 100, 45, 100), legs=(50, 75, 45, 75), lean=18, y=0),
        key(0.2, arms=(120, 80, 115, 80), legs=(0, 2, -2, 2), lean=0, y=0.02),
        key(0.18, arms=(150, 65, 140, 60), legs=(-5, 20, -8, 25), y=0.36),
        key(0.12, arms=(150, 8, 130, 40), legs=(-5, 12, -8, 15), y=0.42),
        key(0.2, arms=(140, -5, 110, 40), y=0.22),
        key(0.16, arms=(135, -5, 90, 40), legs=(8, 15, 4, 15), y=0.0),
    ),
    recovery=(
        key(0.2, arms=(130, 0, 60, 40), legs=(25, 40, 20, 40), lean=8),
        key(0.5, arms=(120, 5, 30, 30), legs=(4, 5, -4, 5), lean=0),
        key(0.4, arms=(10, 20, 0, 20)),
    ),
)

DRIBBLING = Action(
    "dribbling",
    _HALL,
    fixture="court",
    objects=("basketball",),
    mark=-2.0,
    ball=Ball("basketball", _dribbled(-2.0, 3.6, -1.4, 1.6)),
    carry=_HOLD_BALL,
    run_up=(Gait("walk", 0.8, 1.6, hold=(("a1", 30), ("e1", 50), ("lean", 14))),),
    peak=(
        Gait("run", 1.5, 1.7, hold=(("a1", 30), ("e1", 45), ("lean", 24), ("a2", 40)), ramp=False),
        Gait("run", 1.5, 1.7, hold=(("a1", 45), ("e1", 30), ("lean", 26), ("a2", 30)), ramp=False),
    ),
    recovery=(Gait("walk", 0.7, 1.2, hold=(("a1", 30), ("e1", 60))),),
)

CHEST_PASS = Action(
    "chest pass",
    _HALL,
    fixture="court",
    objects=("basketball",),
    ball=Ball("basketball", ((-9.0, "hands"), (0.52, "hands"), (1.3, (8.0, 1.0)), (1.4, None))),
    carry=_HOLD_BALL,
    run_up=(key(0.0, x=0, arms=(30, 75, 30, 75), legs=(10, 15, -10, 15)), key(0.7, arms=(35, 85, 35, 85))),
    peak=(
        key(0.3, x=-0.05, arms=(25, 125, 20, 125), legs=(10, 20, -15, 20), lean=-4),
        key(0.2, x=0.25, arms=(80, 10, 78, 10), legs=(35, 35, -25, 10), lean=14),
        key(0.25, arms=(85, 2, 83, 2)),
    ),
    recovery=(key(0.35, x=0.2, arms=(50, 20, 45, 20), legs=(15, 20, -15, 15), lean=6), _STAND),
)

_RACKET = Tool("racket", "hand1", 0.62)
_RACKET_CARRY = (("a1", 25.0), ("e1", 60.0), ("a2", 25.0), ("e2", 55.0), ("tool", 10.0))

SERVE = Action(
    "tennis serve",
    _TENNIS,
    fixture="baseline",
    objects=("racket", "tennis ball"),
    zoom=44.0,
    level=1.55,
    tool=_RACKET,
    ball=Ball("tennis ball", ((-9.0, "hand2"), (0.3, "hand2"), (1.02, (0.42, 2.62)), (1.55, (14.0, 0.3)), (1.7, None))),
    carry=_RACKET_CARRY,
    run_up=(
        key(0.0, x=-0.1, arms=(30, 50, 35, 45), legs=(12, 8, -12, 8), lean=8, tool=10),
        key(0.5, arms=(20, 40, 20, 45), lean=12),
        key(0.5, arms=(30, 50, 35, 45), lean=6),
        key(0.4, arms=(10, 30, 20, 30), lean=10),
    ),
    peak=(
        key(0.3, arms=(-40, 10, 130, 5), lean=-6, legs=(12, 15, -12, 10)),
        key(0.35, arms=(-95, 30, 170, 4), lean=-16, head=-15, legs=(35, 55, 10, 50), tool=20),
        key(0.2, arms=(-110, 110, 150, 20), lean=-14, legs=(30, 45, 5, 40), tool=40, y=0),
        key(0.1, arms=(-150, 130, 90, 50), lean=-6, legs=(-5, 5, -15, 5), tool=60, y=0.1),
        key(0.1, arms=(-192, 8, 50, 80), lean=8, head=0, tool=10, x=0.15, y=0.22),
        key(0.12, arms=(-270, 20, 20, 90), lean=30, tool=-30, legs=(10, 20, -30, 60), x=0.35, y=0.08),
    ),
    recovery=(
        key(0.16, arms=(-330, 40, -10, 60), lean=38, tool=-40, legs=(30, 35, -50, 60), x=0.5, y=0),
        key(0.35, arms=(-350, 50, 20, 50), lean=20, legs=(30, 35, -10, 30), x=0.75, tool=0),
        key(0.5, arms=(-335, 60, 25, 55), lean=6, legs=(12, 15, -12, 15), tool=10),
    ),
)

FOREHAND = Action(
    "tennis forehand",
    _TENNIS,
    fixture="baseline",
    objects=("racket", "tennis ball"),
    zoom=44.0,
    tool=_RACKET,
    ball=Ball(
        "tennis ball", ((-0.5, (11.0, 1.6)), (0.15, (2.3, 0.05)), (0.5, (0.75, 0.95)), (1.2, (14.0, 1.0)), (1.3, None))
    ),
    carry=_RACKET_CARRY,
    run_up=(
        key(0.0, x=-0.9, arms=(30, 60, 30, 55), legs=(25, 35, -5, 35), lean=15),
        key(0.3, y=0.06, legs=(20, 30, -10, 30)),
        key(0.25, x=-0.6, y=0, arms=(-20, 50, 50, 40), turn=0.4, legs=(40, 40, -20, 20)),
        key(0.3, x=-0.3, arms=(-70, 40, 80, 20), turn=0.2, legs=(-10, 30, 30, 40)),
    ),
    peak=(
        key(0.2, x=-0.2, arms=(-95, 30, 85, 15), turn=0.5, legs=(-25, 30, 40, 40), tool=40, lean=-4),
        key(0.18, x=0.0, arms=(-60, 15, 60, 40), turn=0.9, legs=(-30, 20, 35, 45), tool=-20, lean=8),
        key(0.12, arms=(50, 5, 0, 60), turn=1, legs=(-25, 15, 30, 35), tool=5, lean=6),
        key(0.16, arms=(130, 60, 60, 80), legs=(-10, 20, 25, 25), tool=40, lean=4, x=0.1),
        key(0.16, arms=(140, 120, 80, 90), tool=60, lean=2),
    ),
    recovery=(
        key(0.3, arms=(90, 100, 60, 70), legs=(15, 25, -5, 25), tool=20),
        key(0.4, x=-0.1, arms=(30, 60, 30, 55), legs=(20, 28, -10, 25), lean=12, tool=10),
    ),
)

BACKHAND = Action(
    "tennis backhand",
    _TENNIS,
    fixture="baseline",
    objects=("racket", "tennis ball"),
    zoom=44.0,
    tool=_RACKET,
    ball=Ball(
        "tennis ball", ((-0.5, (11.0, 1.6)), (0.15, (2.2, 0.05)), (0.5, (0.8, 0.9)), (1.2, (14.0, 1.1)), (1.3, None))
    ),
    carry=_RACKET_CARRY,
    run_up=(
        key(0.0, x=-0.9, arms=(30, 60, 30, 55), legs=(25, 35, -5, 35), lean=15),
        key(0.3, y=0.06, legs=(20, 30, -10, 30)),
        key(0.25, x=-0.5, y=0, arms=(40, 100, 50, 90), turn=-0.2, legs=(40, 40, -20, 20)),
        key(0.3, x=-0.25, arms=(60, 70, 60, 60), turn=-0.6, legs=(20, 30, 40, 40), tool=30),
    ),
    peak=(
        key(0.2, x=-0.2, arms=(70, 30, 70, 40), turn=-0.9, lean=10, tool=20),
        key(0.18, x=0.0, arms=(30, 20, 30, 30), turn=0.1, legs=(35, 45, -25, 20), tool=-20, lean=12),
        key(0.12, x=0.1, arms=(55, 5, -20, 30), turn=0.9, tool=5, lean=8),
        key(0.16, arms=(125, 10, -60, 30), turn=1, tool=20, lean=0, legs=(30, 35, -25, 20)),
        key(0.16, arms=(150, 30, -50, 30), tool=30),
    ),
    recovery=(
        key(0.3, arms=(80, 60, 20, 50), legs=(20, 25, -10, 25), tool=10),
        key(0.4, arms=(30, 60, 30, 55), legs=(20, 28, -10, 25), lean=12),
    ),
)

SPIKE = Action(
    "volleyball spike",
    _BEACH,
    fixture="volleyball net",
    objects=("volleyball", "net"),
    ahead=0.5,
    mark=-1.7,
    zoom=38.0,
    level=1.6,
    ball=Ball("volleyball", ((-0.9, (-5.5, 1.3)), (0.73, (-0.4, 2.78)), (1.15, (4.6, 0.1)), (2.0, (7.5, 0.1)))),
    run_up=(
        key(0.0, x=-4.3, arms=(20, 40, 10, 40), legs=(20, 25, -15, 20), lean=10),
        key(0.5, arms=(30, 40, 20, 40)),
        Gait("run", 0.95, 3.0),
    ),
    peak=(
        key(0.16, x=-1.2, arms=(-70, 10, -70, 10), legs=(45, 50, 10, 60), lean=25, y=0),
        key(0.16, x=-0.95, arms=(60, 20, 70, 10), legs=(15, 30, 5, 30), lean=5),
        key(0.16, x=-0.82, arms=(120, 90, 160, 10), legs=(-10, 20, -15, 30), lean=-14, y=0.4),
        key(0.16, x=-0.72, arms=(200, 85, 150, 10), legs=(-25, 70, -30, 80), lean=-20, y=0.66),
        key(0.1, x=-0.66, arms=(165, 5, 60, 30), legs=(0, 40, -5, 45), lean=4, y=0.68),
        key(0.14, x=-0.6, arms=(70, 20, 20, 40), legs=(25, 25, 20, 30), lean=24, y=0.5),
        key(0.24, x=-0.5, arms=(20, 30, 20, 40), legs=(15, 20, 5, 20), lean=10, y=0),
    ),
    recovery=(
        key(0.2, arms=(10, 40, 20, 50), legs=(50, 75, 45, 75), lean=25),
        key(0.4, x=-0.7, arms=(20, 40, 10, 40), legs=(10, 15, -10, 15), lean=6),
        _STAND,
    ),
)

DIG = Action(
    "volleyball dig",
    _BEACH,
    fixture="volleyball net",
    objects=("volleyball", "net"),
    mark=-3.0,
    zoom=40.0,
    level=1.4,
    ball=Ball(
        "volleyball", ((-0.5, (3.0, 2.9)), (0.36, (-2.45, 0.75)), (1.6, (0.5, 2.6)), (2.0, (2.5, 1.4)), (2.1, None))
    ),
    run_up=(
        key(0.0, x=-3.2, arms=(40, 40, 35, 40), legs=(30, 40, -5, 40), lean=20),
        key(0.6, y=0.0, legs=(35, 45, 0, 45)),
    ),
    peak=(
        key(0.25, x=-3.0, arms=(50, 5, 50, 5), legs=(70, 95, 30, 90), lean=35),
        key(0.14, x=-2.95, arms=(62, 2, 62, 2), legs=(72, 98, 30, 92), lean=32),
        key(0.22, arms=(95, 2, 95, 2), legs=(40, 50, 10, 45), lean=18),
    ),
    recovery=(key(0.35, arms=(50, 20, 45, 20), legs=(20, 25, -10, 25), lean=12), _STAND),
)

CARTWHEEL = Action(
    "cartwheel",
    _BEACH,
    fixture="sand",
    support="all",
    front=True,
    run_up=(
        key(0.0, x=-1.8, arms=(8, 5), legs=(3, 0)),
        key(0.5, arms=(165, 0)),
        key(0.3, legs=(10, 0, 30, 10)),
    ),
    peak=(
        key(0.3, x=-1.2, roll=45, legs=(50, 0, 40, 20), arms=(165, 0)),
        key(0.25, x=-0.5, roll=110, legs=(55, 0, 55, 0), arms=(168, 0)),
        key(0.22, x=0.0, roll=180, legs=(58, 0), arms=(168, 0)),
        key(0.25, x=0.5, roll=250, legs=(55, 0)),
        key(0.25, x=1.2, roll=315, legs=(40, 20, 50, 0)),
        key(0.25, x=1.6, roll=360, legs=(15, 0, 12, 0)),
    ),
    recovery=(key(0.35, arms=(150, 5), legs=(5, 0)), key(0.5, arms=(8, 8), legs=(3, 0))),
)

MOVES = (DUNK, JUMP_SHOT, DRIBBLING, CHEST_PASS, SERVE, FOREHAND, BACKHAND, SPIKE, DIG, CARTWHEEL)
