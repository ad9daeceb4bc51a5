"""ELAN's annotation format (.eaf, version 3.0): a tier for each label, its segments as annotations in milliseconds."""

from __future__ import annotations

import datetime
import mimetypes
from collections import defaultdict
from xml.etree import ElementTree

from weaktal.formats.film import Film
from weaktal.formats.text import plain
from weaktal.segments import Segment

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def as_eaf(film: Film) -> str:
    """An annotation document that is linked with the video.

    Annotations of a tier must not overlap: where segments of a label do, it has several tiers. The text of an
    annotation is the score.
    """
    ElementTree.register_namespace("xsi", _INSTANCE)
    document = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "weaktal",
            "DATE": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            f"{{{_INSTANCE}}}noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    header = ElementTree.SubElement(document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    if film.file is not None:
        kind = mimetypes.guess_type(film.file.name)[0] or "video/*"
        address = film.file.absolute().as_uri()
        ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", {"MEDIA_URL": address, "MIME_TYPE": kind})
    order = ElementTree.SubElement(document, "TIME_ORDER")
    tiers = _tiers(film)
    moments = sorted(
        {moment for segments in tiers.values() for segment in segments for moment in _thousandths(segment)}
    )
    slots = {moment: f"ts{number}" for number, moment in enumerate(moments, start=1)}
    for moment, slot in slots.items():
        ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(moment)})
    number = 0
    for tier, segments in tiers.items():
        parent = ElementTree.SubElement(document, "TIER", {"LINGUISTIC_TYPE_REF": "segments", "TIER_ID": tier})
        for segment in segments:
            number += 1
            start, end = (slots[moment] for moment in _thousandths(segment))
            inner = ElementTree.SubElement(
                ElementTree.SubElement(parent, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                {"ANNOTATION_ID": f"a{number}", "TIME_SLOT_REF1": start, "TIME_SLOT_REF2": end},
            )
            ElementTree.SubElement(inner, "ANNOTATION_VALUE").text = f"{segment.score:.3f}"
    kind_of_tier = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": "segments", "TIME_ALIGNABLE": "true"}
    ElementTree.SubElement(document, "LINGUISTIC_TYPE", kind_of_tier)
    ElementTree.indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(document, encoding="unicode") + "\n"


def _thousandths(segment: Segment) -> tuple[int, int]:
    start = round(segment.start * 1000)
    return start, max(round(segment.end * 1000), start + 1)


def _tiers(film: Film) -> dict[str, list[Segment]]:
    """Segments by tier: each takes the first tier of its label that is free by then."""
    tiers: dict[str, list[list[Segment]]] = defaultdict(list)
    for segment in film.in_time:
        rows = tiers[plain(segment.label)]
        free = next((row for row in rows if _thousandths(row[-1])[1] <= _thousandths(segment)[0]), None)
        if free is None:
            rows.append([segment])
        else:
            free.append(segment)
    named: dict[str, list[Segment]] = {}
    for label, rows in sorted(tiers.items()):
        for number, row in enumerate(rows, start=1):
            name = label if number == 1 else f"{label} [{number}]"
            while name in named:
                name += "'"
            named[name] = row
    return named
