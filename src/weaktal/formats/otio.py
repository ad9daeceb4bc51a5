"""OpenTimelineIO (.otio): the whole video as a clip, with a marker for each segment."""

from __future__ import annotations

from weaktal.formats.film import Film
from weaktal.formats.text import plain
from weaktal.packages import require


def as_otio(film: Film) -> str:
    """A timeline of one clip. Times are frames at the video's own rate; markers keep label, score and seconds.

    Raises:
        InputError: if OpenTimelineIO is not installed.
    """
    require("opentimelineio", what="this format")
    import opentimelineio as otio

    rate = float(film.rate or 25)

    def span(first: int, end: int) -> object:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(first, rate), otio.opentime.RationalTime(end - first, rate)
        )

    longest = max((film.frames(segment)[1] for segment in film.segments), default=1)
    whole = span(0, max(longest, round((film.duration or 0) * rate)))
    media = otio.schema.MissingReference()
    if film.file is not None:
        media = otio.schema.ExternalReference(target_url=film.file.absolute().as_uri(), available_range=whole)
    clip = otio.schema.Clip(name=plain(film.name), media_reference=media, source_range=whole)
    for segment in film.in_time:
        kept = {"label": plain(segment.label), "score": segment.score, "start": segment.start, "end": segment.end}
        clip.markers.append(
            otio.schema.Marker(
                name=plain(segment.label), marked_range=span(*film.frames(segment)), metadata={"weaktal": kept}
            )
        )
    timeline = otio.schema.Timeline(name=plain(film.name))
    track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
    track.append(clip)
    timeline.tracks.append(track)
    return str(otio.adapters.write_to_string(timeline, "otio_json")) + "\n"
