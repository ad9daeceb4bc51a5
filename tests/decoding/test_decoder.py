"""Whole videos decoded: worked by hand, and what must hold for any scores."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from weaktal.cli import run
from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.results import read_results
from weaktal.data.scores import read_scores, writing_scores
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_scores, decode_video
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid

GRID = SnippetGrid(fps=10.0, window=10, stride=10)  # one snippet is one second
SNIPPETS = np.array([[0.1, 0.0], [0.8, 0.0], [0.6, 0.7], [0.1, 0.0], [0.9, 0.1], [0.1, 0.0]], dtype=np.float32)
VIDEO = np.array([0.9, 0.05], dtype=np.float32)
PAPER = {"theta_loc": 0.5, "threshold_scale": "raw", "score": "max"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [(4, 5, "run", 0.9), (1, 3, "run", 0.8)]),
        ({"min_snippets": 2}, [(1, 3, "run", 0.8)]),
        ({"theta_cls": 0.01}, [(4, 5, "run", 0.9), (1, 3, "run", 0.8), (2, 3, "jump", 0.7)]),
        ({"theta_cls": 1.0, "keep_top": 0}, []),
        ({"theta_cls": 1.0}, [(4, 5, "run", 0.9), (1, 3, "run", 0.8)]),
        ({"max_per_video": 1}, [(4, 5, "run", 0.9)]),
        ({"score_floor": 0.85}, [(4, 5, "run", 0.9)]),
        ({"weight_by_video": True}, [(4, 5, "run", 0.81), (1, 3, "run", 0.72)]),
        # interpolated: .1 .275 .625 .75 .65 .475 .225 .3 .7 .7 .3 .1
        ({"upsample": 2}, [(1, 2.5, "run", 0.75), (4, 5, "run", 0.7)]),
        # the longer run of the lower threshold gets 0.8 as well and comes first; 0.8 * exp(-0.25 / 0.5)
        (
            {"theta_loc": (0.5, 0.7), "sigma": 0.5},
            [(4, 5, "run", 0.9), (1, 2, "run", 0.8), (1, 3, "run", 0.8 * np.exp(-0.5))],
        ),
    ],
)
def test_worked_by_hand(changes: dict[str, object], expected: list[tuple[float, float, str, float]]) -> None:
    config = DecodeConfig.model_validate({**PAPER, **changes})
    found = decode_video(SNIPPETS, VIDEO, ["run", "jump"], GRID, 6.0, config)
    assert [(s.start, s.end, s.label) for s in found] == [row[:3] for row in expected]
    assert [s.score for s in found] == pytest.approx([row[3] for row in expected], abs=1e-6)


def test_nothing_reaches_beyond_the_video() -> None:
    config = DecodeConfig.model_validate({**PAPER, "theta_loc": 0.0})
    assert decode_video(SNIPPETS[:, :1], VIDEO[:1], ["run"], GRID, 4.5, config)[0] == Segment(
        0.0, 4.5, "run", float(np.float32(0.9))
    )
    # Snippets whose cell lies wholly behind the end say nothing about the video.
    config = DecodeConfig.model_validate(PAPER)
    assert [s.end for s in decode_video(SNIPPETS[:, :1], VIDEO[:1], ["run"], GRID, 3.5, config)] == [3.0]


configs = st.builds(
    DecodeConfig,
    theta_cls=st.sampled_from([0.0, 0.3]),
    theta_loc=st.lists(st.floats(0, 0.95), min_size=1, max_size=4).map(tuple),
    threshold_scale=st.sampled_from(["raw", "video_max"]),
    score=st.sampled_from(["max", "inner_outer"]),
    nms=st.sampled_from(["gaussian", "linear", "hard", "none"]),
    upsample=st.integers(1, 4),
    min_snippets=st.sampled_from([0.0, 0.5, 2.0]),
    max_per_video=st.integers(1, 30),
    snap=st.sampled_from([0.0, 1.0, 2.5]),
    least_support=st.sampled_from([0.0, 0.5]),
    fusion=st.sampled_from(["none", "gaussian"]),
)


@given(configs, st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 20), st.floats(0.5, 60))
@example(
    # The second snippet begins where the video ends: its proposal would be the first one's again.
    DecodeConfig(theta_cls=0.0, theta_loc=(0.0, 0.5), threshold_scale="raw", score="max", min_snippets=0.0),
    0,
    2,
    1,
    0.5,
)
@settings(max_examples=150, deadline=None)
def test_what_must_hold(config: DecodeConfig, seed: int, count: int, window: int, duration: float) -> None:
    random = np.random.default_rng(seed)
    snippets, video = random.random((count, 3)).astype(np.float32), random.random(3).astype(np.float32)
    grid = SnippetGrid(fps=10.0, window=window, stride=10)
    changes = random.random(count).astype(np.float32)
    found = decode_video(snippets, video, "abc", grid, duration, config, changes=changes)
    assert len(found) <= config.max_per_video
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    if config.fusion == "none":
        assert len({(s.start, s.end, s.label) for s in found}) == len(found)
    for segment in found:
        label = "abc".index(segment.label)
        assert 0 <= segment.start < segment.end <= duration
        assert config.score_floor < segment.score <= snippets[:, label].max()
        assert video[label] > config.theta_cls or video[label] == video.max()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_suppression_keeps_classes_apart(seed: int) -> None:
    """A class is decoded the same whether or not others are there."""
    random = np.random.default_rng(seed)
    snippets = random.random((40, 2)).astype(np.float32)
    config = DecodeConfig(theta_cls=0.0, max_per_video=10_000)
    both = decode_video(snippets, np.ones(2, np.float32), "ab", GRID, 40.0, config)
    alone = decode_video(snippets[:, 1:], np.ones(1, np.float32), "b", GRID, 40.0, config)
    assert [s for s in both if s.label == "b"] == alone


def write(path: Path) -> None:
    with writing_scores(path, ["run", "jump"], GRID, {"run": "r1"}) as writer:
        writer.add("one", 6.0, SNIPPETS, VIDEO)
        writer.add("two", 5.0, SNIPPETS[:5], VIDEO[::-1])


def test_nothing_found_is_said_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with writing_scores(tmp_path / "s", ["run", "jump"], GRID, {}) as writer:
        writer.add("v", 6.0, SNIPPETS, VIDEO)
    command = ["decode", str(tmp_path / "s"), "--out", str(tmp_path / "r.json"), "--set", "keep_top=0"]
    assert run([*command, "--set", "theta_cls=0.95"]) == 0
    said = capsys.readouterr().err
    assert "no segment in any of 1 video: " in said
    assert "at most 0.9 (theta_cls is 0.95, keep_top 0)" in said
    assert run([*command, "--set", "theta_cls=0.5"]) == 0  # some are found: nothing to say
    assert "no segment" not in capsys.readouterr().err


def test_what_was_too_low_is_told_of_all_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, height in (("low", 0.5), ("high", 1.0)):
        with writing_scores(tmp_path / name, ["run", "jump"], GRID, {}) as writer:
            writer.add("v", 6.0, height * SNIPPETS, height * VIDEO)
    low, high = (read_scores(tmp_path / name) for name in ("low", "high"))
    decode_scores(low, DecodeConfig(theta_cls=0.95, keep_top=0), beside=[high])
    # Classes are chosen by the mean of 0.45 and 0.9; snippets pass a threshold in any of the files.
    assert "class scores at most 0.675" in caplog.text
    assert "a snippet's at most 0.9" in caplog.text


def test_file_and_command_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "s.safetensors")
    expected = decode_scores(read_scores(tmp_path / "s.safetensors"), DecodeConfig.model_validate(PAPER))
    settings_ = [word for key, value in PAPER.items() for word in ("--set", f"{key}={value}")]
    out = tmp_path / "r.json"
    assert run(["decode", str(tmp_path / "s.safetensors"), "--out", str(out), *settings_]) == 0
    got = read_results(out)
    assert dict(got.videos) == dict(expected.videos)
    assert got.external["run"] == "r1"
    assert got.external["decode"]["theta_loc"] == [0.5]
    assert "2 videos, 3 segments" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("setting", "match"),
    [
        ("theta_lok=0.5", "nearest is theta_loc"),
        ("theta_loc=[]", "theta_loc"),
        ("theta_loc=1.5", "theta_loc"),
        ("sigma=0", "sigma"),
        ("nms=softly", "nms"),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, match: str) -> None:
    write(tmp_path / "s.safetensors")
    out = tmp_path / "r.json"
    assert run(["decode", str(tmp_path / "s.safetensors"), "--out", str(out), "--set", setting]) == 2
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_decoding_does_not_import_torch(tmp_path: Path) -> None:
    write(tmp_path / "s.safetensors")
    code = (
        "import sys; from weaktal.cli import run; "
        f"assert run(['decode', {str(tmp_path / 's.safetensors')!r}, '--out', {str(tmp_path / 'r.json')!r}]) == 0; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (None, [(4, 5, "run", 0.9), (1, 3, "run", 0.8)]),
        ({"run", "jump"}, [(4, 5, "run", 0.9), (1, 3, "run", 0.8)]),
        ({"jump"}, [(2, 3, "jump", 0.7)]),  # the highest of those that are left, whatever its score
        ({"swim"}, []),
    ],
)
def test_classes_that_tags_rule_out(allowed: set[str] | None, expected: list[tuple[float, float, str, float]]) -> None:
    config = DecodeConfig.model_validate(PAPER)
    found = decode_video(SNIPPETS, VIDEO, ["run", "jump"], GRID, 6.0, config, allowed)
    assert [(s.start, s.end, s.label) for s in found] == [row[:3] for row in expected]


def test_decode_with_the_tags_of_a_dataset(tmp_path: Path) -> None:
    scores, out = tmp_path / "scores.safetensors", tmp_path / "results.json"
    with writing_scores(scores, ["run", "jump"], GRID, {}) as writer:
        for name in ("tagged", "untagged", "elsewhere"):
            writer.add(name, 6.0, SNIPPETS, VIDEO)
    videos = {"tagged": Video("tagged", "all", 6.0, ("jump",)), "untagged": Video("untagged", "all", 6.0, ())}
    write_annotations(tmp_path / "annotations.json", Annotations(("run", "jump"), videos))
    assert run(["decode", str(scores), "--out", str(out), "--tags", "known", "--dataset", str(tmp_path)]) == 0
    found = read_results(out)
    labels = {name: {segment.label for segment in segments} for name, segments in found.videos.items()}
    assert labels == {"tagged": {"jump"}, "untagged": {"run"}, "elsewhere": {"run"}}
    assert found.external["tags"] == "known"
    assert run(["decode", str(scores), "--out", str(out), "--tags", "known"]) == 2
    assert run(["decode", str(scores), "--out", str(out), "--dataset", str(tmp_path)]) == 2


def test_scores_of_two_branches_are_pooled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "cbp.safetensors")
    with writing_scores(tmp_path / "vlp.safetensors", ["run", "jump"], GRID, {"run": "r1"}) as writer:
        writer.add("two", 5.0, SNIPPETS[:5], VIDEO[::-1])
        writer.add("one", 6.0, SNIPPETS[[0, 4, 0, 0, 4, 0]], VIDEO)
    sources = [str(tmp_path / f"{name}.safetensors") for name in ("cbp", "vlp")]
    settings_ = [word for key, value in {**PAPER, "nms": "none"}.items() for word in ("--set", f"{key}={value}")]
    found: list[list[tuple[float, float, str, float]]] = []
    for files in (sources[:1], sources[1:], sources):
        assert run(["decode", *files, "--out", str(tmp_path / "r.json"), *settings_]) == 0
        segments = read_results(tmp_path / "r.json").videos["one"]
        found.append(sorted((s.start, s.end, s.label, s.score) for s in segments))
    assert found[2] == sorted(found[0] + found[1])  # a span that both found, twice
    assert len({row[:3] for row in found[2]}) < len(found[2])
    capsys.readouterr()
    assert run(["decode", *sources, "--out", str(tmp_path / "r.json"), "--set", "snap=1"]) == 2
    assert "'one' change" in capsys.readouterr().err
    with writing_scores(tmp_path / "less.safetensors", ["run", "jump"], GRID, {}) as writer:
        writer.add("one", 6.0, SNIPPETS, VIDEO)
    assert run(["decode", sources[0], str(tmp_path / "less.safetensors"), "--out", str(tmp_path / "r.json")]) == 2
    assert f"less.safetensors: has other videos than {sources[0]}" in capsys.readouterr().err
    with writing_scores(tmp_path / "short.safetensors", ["run", "jump"], GRID, {}) as writer:
        writer.add("two", 5.0, SNIPPETS[:5], VIDEO)
        writer.add("one", 6.0, SNIPPETS[:1], VIDEO)
    assert run(["decode", sources[0], str(tmp_path / "short.safetensors"), "--out", str(tmp_path / "r.json")]) == 2
    said = "short.safetensors: has 1 snippet of 'one'; expected 6, as in the first file"
    assert said in capsys.readouterr().err
