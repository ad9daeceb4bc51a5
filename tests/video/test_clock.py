"""Times of pictures where the file's own are wrong; what is right is which picture was written at which place."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from weaktal.video.clock import GAP, Clock, Timing
from weaktal.video.container import probe
from weaktal.video.decoding import ShortSide, VideoFrames, pictures_at

STEP = 8  # of write_video's gray levels
WriteVideo = Callable[..., Path]
B_FRAMES = {"bf": "3", "b-pyramid": "normal", "b_strategy": "0", "g": "10"}


def pictures(path: Path, fps: float | None = 25, threads: int = 1) -> list[int]:
    return [round(float(frame.image.mean()) / STEP) for frame in VideoFrames(path, fps=fps, threads=threads)]


def moments(path: Path) -> list[float]:
    return [frame.seconds for frame in VideoFrames(path)]


def at_25(count: int) -> list[float]:
    return pytest.approx([k / 25 for k in range(count)], abs=1e-3)  # type: ignore[return-value]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.flv", "a.mov", "a.vob", "a.h264", "a.nut"])
def test_pictures_between_others_are_all_there_and_in_order(write_video: WriteVideo, name: str, threads: int) -> None:
    path = write_video(name, stamps=range(30), options=B_FRAMES)
    assert pictures(path, threads=threads) == list(range(30))
    assert moments(path) == at_25(30)
    assert probe(path).duration == pytest.approx(1.2, abs=1e-3)


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2video", "mpeg1video"])
@pytest.mark.parametrize("name", ["a.avi", "a.mpg", "a.ts", "a.mkv"])
def test_older_codecs(write_video: WriteVideo, name: str, codec: str) -> None:
    path = write_video(name, stamps=range(30), codec=codec, coder=lambda coder: setattr(coder, "max_b_frames", 2))
    assert pictures(path, fps=None) == list(range(30))
    assert moments(path) == at_25(30)
    assert VideoFrames(path).notes == []


def copied(source: Path, target: Path, rate: int | None = None) -> Path:
    """The packets of a file in another container, with the stamps that FFmpeg gives them; ``rate`` is of ticks."""
    target = source.parent / target
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        if rate is not None:
            stream.time_base = Fraction(1, rate)
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    return target


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov", "ts", "nut"])
def test_a_copy_of_an_avi_keeps_the_order(write_video: WriteVideo, ending: str) -> None:
    avi = write_video("a.avi", stamps=range(30), options=B_FRAMES)
    path = copied(avi, avi.with_suffix(f".{ending}"))
    assert pictures(path) == list(range(30))
    assert moments(path) == at_25(30)
    assert probe(path).duration == pytest.approx(1.2, abs=1e-3)


def test_a_copy_into_an_avi_of_two_ticks_a_picture(write_video: WriteVideo) -> None:
    """H.264 may count fields, so FFmpeg's copies have twice the rate, and a place without a picture after each."""
    path = copied(write_video("a.ts", stamps=range(30), options=B_FRAMES), Path("a.avi"), rate=50)
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == 50
    assert pictures(path) == list(range(30))
    assert moments(path) == at_25(30)
    assert probe(path).fps == 25


def test_an_avi_of_variable_rate_keeps_its_gaps(write_video: WriteVideo) -> None:
    stamps = [0, 9, 10, 13, 15, 16, 18, 23, 24, 30]
    path = write_video("a.avi", stamps=stamps)
    assert moments(path) == pytest.approx([stamp / 25 for stamp in stamps], abs=1e-3)
    assert pictures(path)[:11] == [0] * 9 + [1, 2]


def test_the_last_picture_lasts_until_the_end_that_the_file_states(write_video: WriteVideo) -> None:
    """In mp4 a packet's length is the time to the next packet, which need not be the next picture."""
    path = write_video("a.mp4", stamps=[0, 9, 10, 11, 20, 21, 22, 30, 31], options=B_FRAMES)
    video = VideoFrames(path, fps=25)
    assert len(list(video)) == 32
    assert video.seconds == pytest.approx(32 / 25)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.avi"])
def test_the_length_is_that_of_the_pictures_where_sound_is_longer(write_video: WriteVideo, name: str) -> None:
    path = write_video(name, stamps=range(20), audio_seconds=4)
    video = VideoFrames(path)
    assert len(list(video)) == 20
    assert video.seconds == pytest.approx(probe(path).duration, abs=1e-3)
    assert video.seconds == pytest.approx(0.8)
    assert not video.notes


def test_pictures_that_an_avi_leaves_out_in_the_middle_leave_a_gap(write_video: WriteVideo) -> None:
    path = write_video("a.avi", stamps=[*range(20), *range(24, 30)])
    assert pictures(path) == [*range(20), 19, 19, 19, 19, *range(20, 26)]


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


WRAP = 2**33  # ticks of 1/90000 s


@pytest.mark.parametrize(
    ("ending", "codec", "first", "second"),
    [
        ("ts", "libx264", 0, 0),
        ("m2ts", "libx264", 0, 0),
        ("mpg", "mpeg2video", 0, 0),
        ("ts", "libx264", 0, 600),
        ("ts", "libx264", 600, 0),
        ("ts", "libx264", 0, WRAP / 90000 - 100),
        ("ts", "libx264", WRAP / 90000 - 100, 0),
    ],
)
def test_a_clock_that_starts_anew_or_jumps(
    write_video: WriteVideo, tmp_path: Path, ending: str, codec: str, first: float, second: float
) -> None:
    parts = []
    for name, start in (("first", first), ("second", second)):
        stamps = [round(start * 25) + k for k in range(15)]
        parts.append(write_video(f"{name}.{ending}", stamps=stamps, codec=codec, options=B_FRAMES))
    path = joined(tmp_path / f"both.{ending}", *parts)
    video = VideoFrames(path, fps=25)
    assert [round(float(frame.image.mean()) / STEP) for frame in video] == [*range(15), *range(15)]
    assert any("clock" in note for note in video.notes)
    assert video.seconds == pytest.approx(1.2)
    assert video.info.duration == pytest.approx(1.2, abs=1e-3)


@pytest.mark.parametrize("start", [WRAP - 90000 // 2, WRAP - 1000])
def test_a_clock_that_wraps(write_video: WriteVideo, start: int) -> None:
    """Of 33 bits, in the midst of the pictures."""
    stamps = [start + 3600 * k for k in range(30)]
    path = write_video("wrap.ts", stamps=stamps, time_base=Fraction(1, 90000), options=B_FRAMES)
    assert pictures(path) == list(range(30))
    assert probe(path).duration == pytest.approx(1.2, abs=1e-3)


def test_a_short_gap_in_a_broadcast_stays_and_is_noted(write_video: WriteVideo, tmp_path: Path) -> None:
    parts = [write_video(f"{start}.ts", stamps=range(start, start + 15)) for start in (0, 15 + 50)]
    video = VideoFrames(joined(tmp_path / "gap.ts", *parts), fps=25)
    assert [round(float(frame.image.mean()) / STEP) for frame in video] == [*range(14), *[14] * 51, *range(15)]
    assert GAP < 50 / 25
    assert video.notes == ["2.0 s have no picture: the one before is shown"]


@pytest.mark.parametrize("name", ["late.mkv", "late.flv", "late.ts", "late.mp4", "late.nut"])
def test_a_file_that_begins_late_is_as_long_as_its_pictures(write_video: WriteVideo, name: str) -> None:
    path = write_video(name, stamps=range(2500, 2520), options=B_FRAMES)
    video = VideoFrames(path, fps=25)
    assert [round(float(frame.image.mean()) / STEP) for frame in video] == list(range(20))
    assert (video.info.duration, video.seconds) == pytest.approx((0.8, 0.8), abs=1e-3)
    assert video.notes == []


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("live.webm", "libvpx", {"live": "1"}),
        ("live.mkv", "libx264", {"live": "1"}),
        ("live.mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        ("live.flv", "libx264", {"flvflags": "no_duration_filesize"}),
        ("live.mjpeg", "mjpeg", {}),
    ],
)
def test_a_file_without_a_length(write_video: WriteVideo, name: str, codec: str, options: dict[str, str]) -> None:
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write_video(name, codec=codec, pixel_format=pixel_format, container_options=options)
    assert probe(path).duration == pytest.approx(0.8, abs=1e-3)
    assert pictures(path) == list(range(20))


@pytest.mark.parametrize("stated", ["00:00:nan", "00:00:inf", "99999999999:0:00", "00:00:-1"])
def test_a_length_that_no_video_has_is_not_believed(write_video: WriteVideo, stated: str) -> None:
    path = write_video("video.mkv")
    content, found = path.read_bytes(), b"00:00:00.800000000"
    assert found in content
    path.write_bytes(content.replace(found, stated.ljust(len(found)).encode()))
    assert probe(path).duration == pytest.approx(0.8)


def test_a_clock_that_stands_still_has_no_say() -> None:
    """No writer of files makes such stamps, so the packets are made here."""
    timing = Timing(base=Fraction(1, 25), zero=Fraction(0), period=0.04, coded_order=False, may_jump=False)
    clock, shown = Clock(timing), []
    for number in range(20):
        stamp = 0 if number < 10 else number
        packet, frame = av.Packet(b"picture"), av.VideoFrame(16, 16)
        packet.dts = number
        packet.pts = frame.pts = stamp
        clock.packet(packet)
        shown += [seconds for seconds, _, _ in clock.picture(frame)]
    assert [*shown, *(seconds for seconds, _, _ in clock.rest())] == at_25(20)


def test_one_stamp_far_ahead_moves_no_other(write_video: WriteVideo) -> None:
    path = write_video("a.mp4", stamps=range(30), options={"bf": "0"})
    target = path.with_name("far.mp4")
    with av.open(str(path)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(packet for packet in old.demux(video=0) if packet.size):
            packet.pts = packet.dts + (2500 * packet.duration if number == 7 else 0)
            packet.stream = stream
            new.mux(packet)
    assert pictures(target, fps=None) == list(range(30))
    assert moments(target) == at_25(30)


def test_memory_holds_few_pictures_while_their_order_is_not_certain(write_video: WriteVideo) -> None:
    from weaktal.video.clock import REORDERED, _Order

    order = _Order()
    for number in range(200):  # every second packet holds no picture of its own, as where fields are coded apart
        order.enters(2 * number)
        order.enters(2 * number + 1)
        frame = av.VideoFrame(16, 16)
        frame.pts = 2 * number
        assert len(list(order.leaves(frame))) <= REORDERED + 1
        assert len(order._held) <= REORDERED
    assert not order._held, "what never helps is no longer waited for"


def test_moments_are_not_sought_by_a_clock_that_may_jump(write_video: WriteVideo) -> None:
    from weaktal.errors import InputError

    with pytest.raises(InputError, match="cannot be searched"):
        pictures_at(write_video("a.ts"), [0.1], size=ShortSide(16))
    (image,) = pictures_at(write_video("a.avi", options=B_FRAMES), [0.4], size=ShortSide(16))
    assert image.shape[0] == 16
    assert np.ptp(image) < 5
