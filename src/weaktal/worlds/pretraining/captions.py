"""Captions of stills, as people write them beside pictures: short or long, in varying words, never everything.

A caption names some of what is true: the place in four of five, the event in about half of the pictures that show one,
the person, things and light less often. It never says anything untrue, and never when something happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from weaktal.worlds.still import Facts

# How often a caption speaks of what is known. Alt texts on the web name place and subject, and the sport about as often
# as not.
SAYS_SCENE, SAYS_EVENT, SAYS_PERSON, SAYS_OBJECTS, SAYS_LIGHT = 0.8, 0.5, 0.6, 0.4, 0.25

_MEDIUM = (
    "a photo of", "photo of", "a picture of", "picture of", "an image of", "a video of", "a still from a video of",
    "a view of", "a snapshot of", "", "", "",
)  # fmt: skip
_PERSON = ("a person", "an athlete", "somebody", "one person", "a player")
_NOBODY = ("nobody", "no one", "an empty place", "no people")
_GROUP = ("people", "a group of people", "some people", "several people")
_CROWD = ("with others watching", "with other people", "and others", "among other people")

_SCENES: Mapping[str, Sequence[str]] = {
    "athletics track": ("athletics track", "track", "track and field", "athletics stadium", "stadium", "athletics"),
    "basketball court": ("basketball court", "basketball", "court", "basketball hall", "indoor court"),
    "beach": ("beach", "sandy beach", "beach by the sea", "sand by the sea"),
    "football pitch": ("football pitch", "football field", "football", "soccer pitch", "pitch"),
    "golf course": ("golf course", "golf", "golf links", "green at a golf course"),
    "gym": ("gym", "fitness gym", "indoor gym", "weight room", "training hall"),
    "swimming pool": ("swimming pool", "pool", "indoor pool", "swimming hall"),
    "tennis court": ("tennis court", "tennis", "court"),
    "crowd": ("crowd", "spectators", "stands full of spectators", "audience"),
    "landscape": ("landscape", "hills", "countryside"),
    "street": ("street", "city street", "road in a city"),
    "studio": ("studio", "television studio", "news studio"),
    "title card": ("title card", "title", "screen with a title"),
}
_EVENTS: Mapping[str, Sequence[str]] = {
    "clean and jerk": ("clean and jerk", "weightlifting", "olympic lifting"),
    "golf swing": ("golf swing", "swinging a golf club", "golfing"),
    "high jump": ("high jump", "jumping over the crossbar", "a jump over the bar"),
    "javelin throw": ("javelin throw", "throwing the javelin", "javelin"),
    "jump shot": ("jump shot", "a shot at the hoop", "shooting the basketball"),
    "long jump": ("long jump", "jumping into the sand pit", "a jump into the sand"),
    "penalty kick": ("penalty kick", "kicking a penalty", "a kick at the goal"),
    "pole vault": ("pole vault", "vaulting with a pole", "vaulting over the bar"),
    "shot put": ("shot put", "putting the shot", "throwing the shot"),
    "slam dunk": ("slam dunk", "dunking the basketball", "a dunk"),
    "snatch": ("snatch", "weightlifting", "olympic lifting"),
    "springboard dive": ("springboard dive", "diving from the board", "diving"),
    "tennis forehand": ("tennis forehand", "playing a forehand", "a forehand stroke"),
    "tennis serve": ("tennis serve", "serving the ball", "a serve"),
    "volleyball spike": ("volleyball spike", "spiking the volleyball", "a spike at the net"),
}


def caption(facts: Facts, rng: np.random.Generator) -> str:
    """One of many captions that fit a still.

    Args:
        facts: what is true of it.
        rng: chooses what is said and how.
    """
    says_event = facts.event is not None and rng.random() < SAYS_EVENT
    event = _event(facts, rng) if says_event else ""
    scene = _pick(_SCENES.get(facts.scene, (facts.scene,)), rng) if rng.random() < SAYS_SCENE else ""
    objects = _objects(facts.objects, rng) if rng.random() < SAYS_OBJECTS else ""
    light = facts.light if rng.random() < SAYS_LIGHT else ""
    person = _person(facts, rng)
    if not (event or scene or objects):  # something of the picture's content is always said
        scene = _pick(_SCENES.get(facts.scene, (facts.scene,)), rng)
    if rng.random() < 0.3:  # key words, in any order
        words = [part for part in (event, scene, objects, light) if part]
        return ", ".join(words[i] for i in rng.permutation(len(words)))
    return _sentence(person, event, scene, objects, light, rng)


def _sentence(person: str, event: str, scene: str, objects: str, light: str, rng: np.random.Generator) -> str:
    parts = [_pick(_MEDIUM, rng), person]
    if event:
        parts += [_pick(("during", "doing", "at", "", "in the middle of", "performing"), rng), event]
    if scene:
        where = ("at the", "on the", "at a", "in the", "on a") if person or event else ("a", "the")
        parts += [_pick(where, rng), scene]
    if objects:
        parts += [_pick(("with", "next to", "near", "beside"), rng), objects]
    if light:
        parts += [_pick(("in", ",", "under", "with"), rng), light]
    return " ".join(part for part in parts if part)


def _event(facts: Facts, rng: np.random.Generator) -> str:
    assert facts.event is not None
    usual = facts.event
    return usual if rng.random() < 0.7 else _pick(_EVENTS.get(usual, (usual,)), rng)


def _objects(objects: Sequence[str], rng: np.random.Generator) -> str:
    if not objects:
        return ""
    count = int(rng.integers(1, min(2, len(objects)) + 1))
    chosen = [objects[i] for i in rng.permutation(len(objects))[:count]]
    return " and ".join(f"{_pick(('a', 'the', 'a', ''), rng)} {thing}".strip() for thing in chosen)


def _person(facts: Facts, rng: np.random.Generator) -> str:
    if facts.people == 0:
        return _pick(_NOBODY, rng) if rng.random() < 0.3 else ""
    if facts.person == "nobody":  # there are only people further away
        return _pick(_GROUP, rng) if rng.random() < 0.5 else ""
    if rng.random() >= SAYS_PERSON:
        return _pick(_PERSON if facts.people == 1 else (*_PERSON, *_GROUP), rng)
    others = f" {_pick(_CROWD, rng)}" if facts.people > 1 and rng.random() < 0.4 else ""
    return facts.person + others


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
