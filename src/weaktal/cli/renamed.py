"""Options that had other names once: the old ones are still taken, and said."""

from __future__ import annotations

import logging
from collections.abc import Mapping

log = logging.getLogger("weaktal")

# By verb, the old name of an option and the new one. One thing has one name in all verbs: --features is a folder below
# DATASET/features, --weights a folder of weights, --test how many test videos, --precision that of arithmetic, --look a
# look at how training goes; and --skip-broken skips what cannot be used, whether a verb does so by default or not.
RENAMED: Mapping[str, Mapping[str, str]] = {
    "ablate": {"--variant": "--own"},
    "compose": {"--features-name": "--features"},
    "doctor": {"--test": "--self-test"},
    "extract": {
        "--look": "--take",
        "--name": "--features",
        "--no-strict": "--skip-broken",
        "--strict": "--no-skip-broken",
    },
    "find": {"--precision": "--correct-share"},
    "import": {"--encoder": "--features"},
    "weights": {"--into": "--weights"},
}


def todays_names(arguments: list[str]) -> list[str]:
    """The arguments with old names of options replaced; what was replaced is logged as a warning.

    >>> todays_names(["extract", "a.mp4", "--name=clip", "--", "--name"])
    ['extract', 'a.mp4', '--features=clip', '--', '--name']
    """
    verb = next((word for word in arguments if not word.startswith("-")), None)
    old = RENAMED.get(verb or "", {})
    end = arguments.index("--") if "--" in arguments else len(arguments)
    found = []
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if place < end and name in old:
            log.warning("%s is called %s now", name, old[name])
            word = old[name] + equals + value
        found.append(word)
    return found
