from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from weaktal.errors import InputError
from weaktal.video.container import probe
from weaktal.video.decoding import ExactSize, ShortSide, VideoFrames
from weaktal.video.orientation import Orientation

STEP = 8  # of write_video's gray levels


def numbers(frames):
    """The numbers that the frames' pictures carry."""
    return [round(float(frame.image.mean()) / STEP) for frame in frames]


def shown_at(stamps, fps, end):
    """The oracle: for each k the last picture whose stamp (an exact fraction of a second) is not after k / fps."""
    wanted = []
    k = 0
    while Fraction(k) / fps < end:
        past = [i for i, stamp in enumerate(stamps) if stamp <= Fraction(k) / fps]
        wanted.append(past[-1] if past else 0)
        k += 1
    return wanted


@pytest.mark.parametrize("rate", [25, 30, 10])
@pytest.mark.parametrize("fps", [25, 30, 12, 60])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_each_frame_shows_the_picture_of_its_moment(write_video, rate, fps, name):
    path = write_video(name, rate=rate, time_base=Fraction(1, rate))
    frames = list(VideoFrames(path, fps=fps))
    stamps = [Fraction(i, rate) for i in range(20)]
    assert numbers(frames) == shown_at(stamps, fps, Fraction(20, rate))
    assert [frame.number for frame in frames] == list(range(len(frames)))
    assert [frame.seconds for frame in frames] == [k / fps for k in range(len(frames))]


def test_ntsc_rate_keeps_every_picture_once(write_video):
    path = write_video("ntsc.mp4", rate=30, time_base=Fraction(1001, 30000))
    assert numbers(VideoFrames(path, fps=30000 / 1001)) == list(range(20))


@pytest.mark.parametrize("fps", [25, 10, 50])
def test_variable_rate_goes_by_time_stamps(write_video, fps):
    stamps = [0, 40, 500, 510, 520, 900, 1000]
    path = write_video("vfr.mkv", stamps=stamps, time_base=Fraction(1, 1000))
    wanted = shown_at([Fraction(s, 1000) for s in stamps], fps, Fraction(26, 25))
    assert numbers(VideoFrames(path, fps=fps)) == wanted


def test_without_fps_each_picture_comes_once_at_its_own_time(write_video):
    stamps = [0, 40, 500, 510, 520, 900]
    path = write_video("vfr.mkv", stamps=stamps, time_base=Fraction(1, 1000))
    frames = list(VideoFrames(path))
    assert numbers(frames) == list(range(6))
    assert [frame.seconds for frame in frames] == pytest.approx([s / 1000 for s in stamps])


def test_late_picture_is_shown_from_zero_and_noted(write_video):
    path = write_video("late.mp4", stamps=range(10, 20), audio_seconds=1)
    video = VideoFrames(path, fps=25)
    assert numbers(video) == [0] * 10 + list(range(10))
    assert "0.40 s" in video.notes[0]
    assert video.seconds == pytest.approx(0.8)


def test_time_starts_where_the_file_does(write_video):
    # MPEG-TS starts at 1.4 s or so; players show that as 0.
    assert numbers(VideoFrames(write_video("a.ts"), fps=25)) == list(range(20))


def test_gif(write_video):
    path = write_video("a.gif", codec="gif", pixel_format="rgb8", time_base=Fraction(1, 100), stamps=[0, 10, 20, 50])
    frames = list(VideoFrames(path, fps=10))
    assert len(frames) == 6
    levels = [frame.image.mean() for frame in frames]
    assert levels[2] == levels[3] == levels[4] < levels[5]


def test_raw_stream_without_time_stamps(write_video):
    video = VideoFrames(write_video("a.h264"), fps=25)
    assert video.info.duration == pytest.approx(0.8)
    assert numbers(video) == list(range(20))


@pytest.mark.parametrize(
    ("rotation", "corner"), [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (-90, (0, 1))], ids=["0", "90", "180", "-90"]
)
def test_rotation_brings_the_picture_upright(write_video, rotation, corner):
    """A positive angle turns counter-clockwise: the stored top left corner goes to the bottom left."""
    picture = np.zeros((48, 64, 3), dtype=np.uint8)
    picture[:24, :32] = 255
    video = VideoFrames(write_video(rotation=rotation, stamps=[0, 1], pictures=[picture] * 2), fps=25)
    height, width = (64, 48) if rotation in (90, -90) else (48, 64)
    assert (video.info.width, video.info.height) == (width, height)
    image = next(iter(video)).image
    assert image.shape == (height, width, 3)
    bright = image[:, :, 0].reshape(2, height // 2, 2, width // 2).mean(axis=(1, 3)) > 128
    assert [tuple(place) for place in np.argwhere(bright)] == [corner]


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        (None, (47, 65, 3)),
        (ShortSide(24), (24, 33, 3)),
        (ShortSide(94), (94, 130, 3)),
        (ExactSize(width=31, height=17), (17, 31, 3)),
    ],
)
def test_sizes_of_odd_pictures(write_video, size, shape):
    path = write_video(width=65, height=47, pixel_format="yuv444p")
    frames = list(VideoFrames(path, fps=25, size=size))
    assert {frame.image.shape for frame in frames} == {shape}
    assert {frame.image.flags["C_CONTIGUOUS"] for frame in frames} == {True}
    assert numbers(frames) == list(range(20))


def test_exact_size_is_that_of_the_upright_picture(write_video):
    path = write_video(rotation=90)
    assert next(iter(VideoFrames(path, size=ExactSize(40, 20)))).image.shape == (20, 40, 3)


def test_pixels_become_square(write_video):
    path = write_video(aspect=Fraction(4, 3))
    assert (probe(path).width, probe(path).height) == (85, 48)
    assert next(iter(VideoFrames(path, size=ShortSide(24)))).image.shape == (24, 42, 3)


def test_info(write_video):
    info = probe(write_video())
    assert (info.codec, info.fps, info.frames, info.orientation) == ("h264", 25.0, 20, Orientation())
    assert info.duration == pytest.approx(0.8)


def test_iterating_again_gives_the_same(write_video):
    video = VideoFrames(write_video(), fps=25)
    assert numbers(video) == numbers(video)


@pytest.mark.parametrize("threads", [1, 2])
def test_thread_count_changes_nothing(write_video, threads):
    assert numbers(VideoFrames(write_video(), fps=25, threads=threads)) == list(range(20))


def test_truncated_file_gives_what_it_holds_and_a_note(write_video):
    path = write_video("cut.mp4", stamps=range(60), container_options={"movflags": "faststart"}, rate=25,
                       pictures=noise(60))  # fmt: skip
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    video = VideoFrames(path, fps=25)
    count = len(list(video))
    assert 10 < count < 30
    assert any("promises 2.40 s" in note for note in video.notes)
    assert video.seconds == pytest.approx(count / 25)


def test_damage_in_the_middle_keeps_the_time_and_is_noted(write_video):
    path = write_video(pictures=noise(20), options={"g": "5"})
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : third + len(content) // 6] = bytes(np.random.default_rng(1).bytes(len(content) // 6))
    path.write_bytes(content)
    video = VideoFrames(path, fps=25)
    assert len(list(video)) == 20
    assert video.notes


def noise(count):
    generator = np.random.default_rng(0)
    return [generator.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(count)]


def write_bytes(tmp_path, content):
    path = tmp_path / "file.mp4"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda tmp: tmp / "none.mp4", "no such file"),
        (lambda tmp: tmp, "is a folder"),
        (lambda tmp: write_bytes(tmp, b""), "is empty"),
        (lambda tmp: write_bytes(tmp, np.random.default_rng(0).bytes(5000)), "cannot be opened"),
        (lambda tmp: write_bytes(tmp, b"<html><title>Log in"), r"cannot be opened \(it is a web page\)"),
        (lambda tmp: write_bytes(tmp, b"version https://git-lfs.github.com/spec/v1\n"), "a pointer of Git LFS"),
    ],
)
def test_bad_files_are_named(tmp_path, make, message):
    path = make(tmp_path)
    with pytest.raises(InputError, match=message) as raised:
        VideoFrames(path)
    assert str(path) in raised.value.line()


def test_text_is_not_a_video(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("FFmpeg would show this on a terminal\n" * 50)
    with pytest.raises(InputError, match="not a video"):
        probe(path)


@pytest.mark.parametrize(
    ("width", "height", "message"),
    [(16384, 8192, "no picture can be decoded"), (8192, 16, "one side at most 64 times the other")],
)
def test_pictures_of_absurd_shape_are_refused_before_they_are_decoded(width, height, message, tmp_path):
    path = tmp_path / "bomb.gif"
    colors = b"\x00\x00\x00\xff\xff\xff"
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + colors
    picture = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"
    path.write_bytes(b"GIF89a" + screen + picture)
    with pytest.raises(InputError, match=message):
        probe(path)


def test_square_pixels_count(write_video):
    with pytest.raises(InputError, match="one side at most 64 times the other"):
        probe(write_video("wide.mp4", width=512, height=16, aspect=Fraction(15, 2)))


def test_too_many_streams_are_refused(tmp_path):
    path = tmp_path / "streams.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=25) for _ in range(120)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
            stream.codec_context.thread_count = 1
        for stream in streams:
            container.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
            container.mux(stream.encode())
    with pytest.raises(InputError, match="holds 120 streams; expected at most 100"):
        probe(path)


@pytest.mark.parametrize("content", ["ffconcat version 1.0\nfile a.mp4\n", "#EXTM3U\n#EXTINF:1,\na.mp4\n"])
def test_lists_are_never_followed(content, write_video, tmp_path):
    write_video("a.mp4")
    (tmp_path / "list.mp4").write_text(content)
    with pytest.raises(InputError, match=r"is not a video|cannot be opened"):
        probe(tmp_path / "list.mp4")


def test_playlist_does_not_lead_elsewhere(write_video, tmp_path):
    target = write_video("a.ts")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError):
        probe(playlist)


def test_audio_only_is_said(tmp_path):
    import av

    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(InputError, match="no video stream, only audio"):
        probe(path)


def test_moov_cut_off_is_said(write_video):
    path = write_video()
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="cannot be opened"):
        VideoFrames(path)


def test_file_name_with_a_colon(write_video):
    assert numbers(VideoFrames(write_video("http:a.mp4"), fps=25)) == list(range(20))


@pytest.mark.parametrize("arguments", [{"fps": 0}, {"fps": float("nan")}, {"size": ShortSide(0)}])
def test_impossible_arguments(write_video, arguments):
    with pytest.raises(ValueError, match="positive"):
        VideoFrames(write_video(), **arguments)


def test_real_videos(shared_data):
    for path in sorted((shared_data / "videos").glob("*.mp4")):
        video = VideoFrames(path, fps=5, size=ShortSide(64))
        frames = list(video)
        assert video.notes == []
        assert len(frames) == pytest.approx(5 * video.info.duration, abs=1)


def test_scaled_colors_stay(write_video):
    """Scaling and the way to RGB shift no channel: within 3 levels of the color that was coded."""
    color = np.array([200, 60, 120], np.uint8)
    path = write_video(stamps=[0, 1], pictures=[np.broadcast_to(color, (48, 64, 3)).copy()] * 2)
    for size in (None, ShortSide(24), ShortSide(31), ExactSize(33, 17)):
        image = next(iter(VideoFrames(path, size=size))).image
        assert np.abs(image.reshape(-1, 3).mean(axis=0) - color).max() < 3
