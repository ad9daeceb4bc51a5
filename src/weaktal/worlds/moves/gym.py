"""Weightlifting and exercises in the gym."""

from __future__ import annotations

from weaktal.worlds.action import Action, Tool, repeated
from weaktal.worlds.poses import Stance, key

_GYM = "gym"
_BARBELL = Tool("barbell", "hands", 1.9, absolute=True)
_FLOOR: Stance = {"legs": (66.0, 84.0), "arms": (28.0, -14.0)}
_ERECT: Stance = {"legs": (12.0, 6.0), "arms": (26.0, -14.0)}
_RACK = (22.0, 140.0)
_SET_DOWN = (
    key(0.5, legs=(14, 10), arms=(26, -14)),
    key(0.35, **_FLOOR),
    key(0.3, legs=(62, 80), arms=(25, -8)),
)

SNATCH = Action(
    "snatch",
    _GYM,
    fixture="platform",
    objects=("barbell", "lifting platform"),
    front=True,
    zoom=46.0,
    tool=_BARBELL,
    carry=tuple(
        {"h1": 66.0, "k1": 84.0, "h2": 66.0, "k2": 84.0, "a1": 44.0, "e1": -10.0, "a2": 44.0, "e2": -10.0}.items()
    ),
    run_up=(key(0.0, legs=(66, 84), arms=(44, -10), x=0), key(0.5, legs=(62, 78)), key(0.6, legs=(68, 88), head=2)),
    peak=(
        key(0.35, legs=(40, 48), arms=(42, -10)),
        key(0.22, legs=(10, 4), arms=(44, -14), y=0),
        key(0.14, legs=(8, 0), arms=(96, -80), y=0.05),
        key(0.16, legs=(45, 60), arms=(130, -10), y=0),
        key(0.18, legs=(72, 98), arms=(146, 4)),
        key(0.5, legs=(70, 96), arms=(146, 4)),
        key(0.5, legs=(14, 8), arms=(146, 4)),
    ),
    recovery=(
        key(0.7, legs=(12, 6), arms=(146, 4)),
        key(0.3, legs=(20, 20), arms=(60, -40)),
        *_SET_DOWN,
    ),
)

CLEAN_AND_JERK = Action(
    "clean and jerk",
    _GYM,
    fixture="platform",
    objects=("barbell", "lifting platform"),
    front=True,
    zoom=46.0,
    tool=_BARBELL,
    carry=tuple(
        {"h1": 66.0, "k1": 84.0, "h2": 66.0, "k2": 84.0, "a1": 28.0, "e1": -14.0, "a2": 28.0, "e2": -14.0}.items()
    ),
    run_up=(key(0.0, **_FLOOR, x=0), key(0.5, legs=(60, 76)), key(0.5, legs=(68, 88), head=2)),
    peak=(
        key(0.35, legs=(38, 46)),
        key(0.22, **_ERECT),
        key(0.16, legs=(30, 40), arms=(70, -80)),
        key(0.2, legs=(68, 94), arms=_RACK),
        key(0.35, legs=(66, 92), arms=_RACK),
        key(0.5, legs=(12, 6), arms=_RACK),
        key(0.6, legs=(12, 8), arms=_RACK),
        key(0.2, legs=(30, 42), arms=_RACK),
        key(0.14, legs=(10, 0), arms=(110, 60), y=0.04),
        key(0.16, legs=(36, 34), arms=(160, 6), y=0),
        key(0.5, legs=(14, 6), arms=(160, 6)),
    ),
    recovery=(
        key(0.7, legs=(12, 6), arms=(160, 6)),
        key(0.3, legs=(22, 24), arms=_RACK),
        *_SET_DOWN,
    ),
)

_SQUAT_REP = (
    key(0.75, legs=(74, 98)),
    key(0.2, legs=(76, 101)),
    key(0.6, legs=(14, 8)),
    key(0.2, legs=(12, 6)),
)
SQUAT = Action(
    "barbell squat",
    _GYM,
    fixture="squat rack",
    objects=("barbell", "squat rack"),
    front=True,
    zoom=46.0,
    tool=_BARBELL,
    carry=(("a1", 50.0), ("e1", 115.0), ("a2", 50.0), ("e2", 115.0)),
    run_up=(key(0.0, legs=(10, 5), arms=(50, 115), x=0), key(0.6, legs=(14, 8)), key(0.5, legs=(12, 6))),
    peak=repeated(_SQUAT_REP, 3),
    recovery=(key(0.6, legs=(10, 6)), key(0.5, legs=(8, 4))),
)

DEADLIFT = Action(
    "deadlift",
    _GYM,
    fixture="platform",
    objects=("barbell", "lifting platform"),
    front=True,
    zoom=46.0,
    tool=_BARBELL,
    carry=tuple(
        {"h1": 60.0, "k1": 78.0, "h2": 60.0, "k2": 78.0, "a1": 28.0, "e1": -14.0, "a2": 28.0, "e2": -14.0}.items()
    ),
    run_up=(key(0.0, **_FLOOR, x=0), key(0.5, legs=(62, 80))),
    peak=repeated((key(0.9, **_ERECT), key(0.3, **_ERECT), key(0.8, **_FLOOR), key(0.2, **_FLOOR)), 2),
    recovery=(key(0.4, legs=(62, 80)), key(0.5, **_FLOOR)),
)

_PRESS_UP = (
    key(0.5, roll=83, arms=(58, -78), y=0),
    key(0.12, roll=84),
    key(0.45, roll=68, arms=(72, 2)),
    key(0.1, roll=68),
)
PUSH_UP = Action(
    "push-up",
    _GYM,
    fixture="exercise mat",
    objects=("exercise mat",),
    support="all",
    zoom=52.0,
    level=0.95,
    run_up=(
        key(0.0, x=0, roll=0, legs=(5, 5), arms=(5, 10)),
        key(0.5, roll=35, legs=(95, 110), lean=40, arms=(60, 5)),
        key(0.5, roll=68, lean=0, legs=(0, 0), arms=(72, 2), head=-10),
    ),
    peak=repeated(_PRESS_UP, 4),
    recovery=(
        key(0.5, roll=35, legs=(95, 110), lean=40, arms=(60, 5)),
        key(0.6, roll=0, lean=0, legs=(5, 5), arms=(5, 10), head=0),
    ),
)

_CHIN = (
    key(0.6, arms=(62, 100), legs=(4, 25)),
    key(0.15, arms=(58, 108)),
    key(0.55, arms=(164, 6), legs=(3, 15)),
    key(0.15, arms=(164, 6)),
)
PULL_UP = Action(
    "pull-up",
    _GYM,
    fixture="pull-up bar",
    objects=("pull-up bar",),
    front=True,
    support="hands",
    zoom=44.0,
    level=1.5,
    carry=(("a1", 164.0), ("e1", 6.0), ("a2", 164.0), ("e2", 6.0), ("y", 2.35), ("k1", 15.0), ("k2", 15.0)),
    run_up=(key(0.0, x=0, arms=(164, 6), y=2.35, legs=(3, 15)), key(0.7, legs=(4, 20))),
    peak=repeated(_CHIN, 3),
    recovery=(key(0.6, legs=(3, 10)), key(0.4, legs=(3, 15))),
)

JUMPING_JACKS = Action(
    "jumping jacks",
    _GYM,
    fixture="exercise mat",
    objects=("exercise mat",),
    front=True,
    run_up=(key(0.0, x=0, arms=(6, 5), legs=(2, 0)), key(0.4, legs=(5, 6))),
    peak=repeated(
        (
            key(0.14, arms=(80, 8), legs=(14, 0), y=0.09),
            key(0.14, arms=(168, 4), legs=(24, 2), y=0),
            key(0.05, legs=(25, 4)),
            key(0.14, arms=(80, 8), legs=(14, 0), y=0.09),
            key(0.14, arms=(8, 4), legs=(3, 2), y=0),
            key(0.05, legs=(4, 4)),
        ),
        5,
    ),
    recovery=(key(0.4, arms=(6, 8), legs=(3, 0)), key(0.5, legs=(3, 0))),
)

_GUARD = (60, 110, 55, 115)
BOXING = Action(
    "punching bag",
    _GYM,
    fixture="punching bag",
    objects=("punching bag", "boxing gloves"),
    mark=-0.75,
    tool=Tool("gloves", "hand1", 0.1),
    carry=(("a1", 30.0), ("e1", 100.0), ("a2", 30.0), ("e2", 100.0)),
    run_up=(
        key(0.0, x=-0.95, arms=_GUARD, legs=(20, 20, -20, 15), lean=8),
        key(0.3, y=0.03),
        key(0.3, x=-0.85, y=0),
    ),
    peak=repeated(
        (
            key(0.14, arms=(88, 4, 50, 115), lean=14, x=-0.72, legs=(28, 25, -28, 12)),
            key(0.16, arms=_GUARD, lean=8, x=-0.8, legs=(20, 20, -20, 15)),
            key(0.14, arms=(50, 120, 92, 2), lean=18, x=-0.7, legs=(25, 25, -32, 15)),
            key(0.2, arms=_GUARD, lean=8, x=-0.8, legs=(20, 20, -20, 15)),
            key(0.16, arms=(40, 85, 60, 110), lean=16, legs=(30, 40, -10, 35)),
            key(0.14, arms=(100, 70, 60, 110), lean=2, legs=(18, 15, -20, 15)),
            key(0.2, arms=_GUARD, lean=8),
        ),
        3,
    ),
    recovery=(key(0.4, arms=(50, 90, 45, 95), x=-0.95), key(0.5, arms=(10, 30, 5, 30), legs=(5, 5, -5, 5), lean=0)),
)

MOVES = (SNATCH, CLEAN_AND_JERK, SQUAT, DEADLIFT, PUSH_UP, PULL_UP, JUMPING_JACKS, BOXING)
