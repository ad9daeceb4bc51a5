"""Typed settings that explain themselves, YAML over their defaults, and YAML that says what each setting means.

``fields`` is what a settings class is made of, ``describing`` gives meaning, unit, range and source of every field as
data, ``loading`` lays a file and single values over defaults, ``writing`` makes YAML with comments that loads again.
"""

from weaktal.config.describing import SOURCES, Entry, described, matching
from weaktal.config.fields import Count, Few, OddSize, Settings, Size, Source, group, setting
from weaktal.config.loading import Config, flat, load_settings, parse_settings
from weaktal.config.writing import as_yaml, one_value

__all__ = [
    "SOURCES",
    "Config",
    "Count",
    "Entry",
    "Few",
    "OddSize",
    "Settings",
    "Size",
    "Source",
    "as_yaml",
    "described",
    "flat",
    "group",
    "load_settings",
    "matching",
    "one_value",
    "parse_settings",
    "setting",
]
