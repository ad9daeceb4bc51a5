"""The diagnosis of detections against an oracle in plain loops, and its traits by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from weaktal.cli import run
from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.results import Results
from weaktal.evaluation.ap import average_precision
from weaktal.evaluation.detections import KINDS, diagnose_detections
from weaktal.evaluation.ranking import Ranking
from weaktal.evaluation.scoring import Tables, tables_of
from weaktal.segments import Segment, by_score

CLASSES = ("jump", "run", "throw")


def random_world(seed: int) -> tuple[Annotations, Results]:
    """A few videos with several classes each; predictions near the truth, moved, mislabelled and anywhere."""
    random = np.random.default_rng(seed)
    videos, found = {}, {}
    for name in "abcde":
        duration = float(random.uniform(20, 200))
        truth = [
            Segment(*sorted(random.uniform(0, duration, 2)), str(random.choice(CLASSES)))
            for _ in range(random.integers(0, 7))
        ]
        videos[name] = Video(name, "validation", duration, tuple({s.label for s in truth}), tuple(truth))
        found[name] = by_score(
            [
                Segment(
                    *np.sort(np.clip(random.normal((s.start, s.end), s.duration / 5), 0, duration)),
                    s.label if random.random() < 0.7 else str(random.choice(CLASSES)),
                    float(random.random()),
                )
                for s in truth
                for _ in range(random.integers(0, 12))
            ]
            + [
                Segment(*sorted(random.uniform(0, duration, 2)), str(random.choice(CLASSES)), float(random.random()))
                for _ in range(3)
            ]
        )
    return Annotations(CLASSES, videos), Results(found)


def iou(a: Segment, b: Segment) -> float:
    shared = min(a.end, b.end) - max(a.start, b.start)
    return max(shared, 0.0) / (a.duration + b.duration - max(shared, 0.0))


def oracle(truth: Annotations, found: Results, threshold: float) -> tuple[dict[str, list[list[str]]], dict[str, float]]:
    """Kinds of each class's predictions by falling score, and its AP_N of the top 10 G without each kind, by loops."""
    everything = [(v.name, s) for v in truth.videos.values() for s in v.segments]
    present = [label for label in CLASSES if any(s.label == label for _, s in everything)]
    average = len(everything) / len(present)
    kinds: dict[str, list[str]] = {}
    for label in present:
        free = {id(s): s for _, s in everything if s.label == label}
        ranked = sorted(
            ((name, s) for name, segments in found.videos.items() for s in segments if s.label == label),
            key=lambda pair: -pair[1].score,
        )
        kinds[label] = []
        for name, prediction in ranked:
            mine = [s for s in truth.videos[name].segments if id(s) in free and iou(prediction, s) >= threshold]
            if mine:
                del free[id(max(mine, key=lambda s: iou(prediction, s)))]
                kinds[label].append("true_positive")
                continue
            best = max(truth.videos[name].segments, key=lambda s: iou(prediction, s), default=None)
            overlap = 0.0 if best is None else iou(prediction, best)
            if best is None or overlap < 0.1:
                kinds[label].append("background")
            elif overlap >= threshold:
                kinds[label].append("double_detection" if best.label == label else "wrong_label")
            else:
                kinds[label].append("localization" if best.label == label else "confusion")
    areas: dict[str, list[float]] = {kind: [] for kind in ("none", *KINDS[1:])}
    for label in present:
        positives = sum(s.label == label for _, s in everything)
        for without in areas:
            hits, alarms, points = 0, 0, []
            for kind in kinds[label][: 10 * positives]:
                if kind == without:
                    continue
                hits, alarms = hits + (kind == "true_positive"), alarms + (kind != "true_positive")
                recall = hits / positives
                points.append((kind == "true_positive", recall * average / (recall * average + alarms)))
            best = [max(p for _, p in points[i:]) for i in range(len(points))]
            areas[without].append(sum(b for b, (hit, _) in zip(best, points, strict=True) if hit) / positives)
    means = {kind: float(np.mean(values)) for kind, values in areas.items()}
    counted = {label: [Counter(kinds[label][: k * sum(s.label == label for _, s in everything)]) for k in range(1, 11)]
               for label in present}  # fmt: skip
    shares = {
        kind: [
            sum(counted[label][k][kind] for label in present)
            / max(1, sum(sum(counted[x][k].values()) for x in present))
            for k in range(10)
        ]
        for kind in KINDS
    }
    return shares, {kind: means[kind] - means["none"] for kind in KINDS[1:]}  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_equals_plain_loops(seed: int, threshold: float) -> None:
    truth, found = random_world(seed)
    if not any(video.segments for video in truth.videos.values()):
        pytest.skip("a world without actions")
    diagnosis = diagnose_detections(tables_of(truth, found), (threshold,), "plain")
    shares, gain = oracle(truth, found, threshold)
    for kind in KINDS:
        assert diagnosis.shares[kind] == pytest.approx(shares[kind], abs=1e-12)
    assert diagnosis.gain == pytest.approx(gain, abs=1e-12)


def tables(seed: int) -> Tables:
    return tables_of(*random_world(seed))


@pytest.mark.parametrize("seed", range(20))
def test_ranking_gives_the_average_precision(seed: int) -> None:
    one = tables(seed)
    ranking = Ranking.of(one.truth, one.predictions, (0.3, 0.5, 0.7), len(one.classes))
    direct = average_precision(one.truth, one.predictions, (0.3, 0.5, 0.7), len(one.classes))
    np.testing.assert_allclose(ranking.average_precision(), direct, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_a_weight_counts_as_so_many_copies_of_a_video(seed: int) -> None:
    truth, found = random_world(seed)
    random = np.random.default_rng(seed)
    weights = random.integers(0, 4, size=len(truth.videos))
    names = [f"{name}{copy}" for name, weight in zip(truth.videos, weights, strict=True) for copy in range(weight)]
    copies = Annotations(CLASSES, {name: truth.videos[name[0]] for name in names})
    one = tables_of(truth, found)
    ranking = Ranking.of(one.truth, one.predictions, (0.3, 0.5), len(one.classes))
    weighted = ranking.average_precision(weights.astype(float))
    if not any(video.segments for video in copies.videos.values()):
        assert np.isnan(weighted).all()
        return
    other = tables_of(copies, Results({name: found.videos[name[0]] for name in names}))
    direct = average_precision(other.truth, other.predictions, (0.3, 0.5), len(other.classes))
    rows = [one.classes.index(label) for label in other.classes]
    np.testing.assert_allclose(weighted[rows], direct, atol=1e-12)


def by_hand() -> tuple[Annotations, Results]:
    """Of four actions, one is found exactly, one by half; two are missed."""
    actions = {
        "a": (100.0, [Segment(0, 30, "run"), Segment(40, 70.5, "run")]),
        "b": (200.0, [Segment(0, 190, "run"), Segment(10, 12, "jump")]),
    }
    videos = {
        name: Video(name, "validation", duration, tuple({s.label for s in found}), tuple(found))
        for name, (duration, found) in actions.items()
    }
    predictions = {
        "a": [Segment(0, 30, "run", 0.9), Segment(40, 55, "run", 0.8)],
        "b": [Segment(100, 110, "jump", 0.7)],
    }
    return Annotations(("jump", "run"), videos), Results(predictions)


def test_traits_by_hand() -> None:
    found = diagnose_detections(tables_of(*by_hand()), (0.9,), "plain")
    counts = {trait: [bucket.count for bucket in buckets.values()] for trait, buckets in found.sensitivity.items()}
    assert counts == {"length": [2, 1, 0, 0, 1], "coverage": [1, 2, 0, 0, 1], "instances": [2, 2, 0, 0]}
    assert [bucket.missed for bucket in found.sensitivity["length"].values()] == [0.5, 1.0, None, None, 1.0]
    assert found.sensitivity["length"]["S"].map == 0.0
    assert found.sensitivity["length"]["M"].map is None


def test_incomplete_and_over_complete_by_hand() -> None:
    found = diagnose_detections(tables_of(*by_hand()), (0.5,), "plain").completeness
    run_class, jump = found.classes["run"], found.classes["jump"]
    assert run_class.incomplete == pytest.approx((15.5 + 190) / (30 + 30.5 + 190))
    assert run_class.over_complete == 0.0
    assert run_class.most_missed == ("b", "a")
    assert (jump.incomplete, jump.over_complete, jump.most_added) == (1.0, 1.0, ("b",))


def test_without_predictions_all_is_missed() -> None:
    truth, _ = by_hand()
    found = diagnose_detections(tables_of(truth, Results({})), (0.5,), "plain")
    assert set(found.shares["background"]) == {0.0}
    assert set(found.slices["background"]) == {None}
    assert found.sensitivity["instances"]["S"].missed == 1.0
    assert found.completeness.over_complete is None


def test_where_no_ground_truth_can_be_used_nothing_is_matched() -> None:
    truth = Annotations(("jump",), {"a": Video("a", "validation", 10.0, ("jump",), (Segment(500.0, 3000.0, "jump"),))})
    tables = tables_of(truth, Results({"a": [Segment(0.0, 1.0, "jump", 0.9)]}), subset="validation")
    found = diagnose_detections(tables, (0.5,), "activitynet13")
    assert found.shares["true_positive"] == (0.0,) * 10
    assert {bucket.count for buckets in found.sensitivity.values() for bucket in buckets.values()} == {0}


def test_through_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, results = by_hand()
    annotations, file = tmp_path / "annotations.json", tmp_path / "results.json"
    write_annotations(annotations, truth)
    results.save(file)
    assert run(["diagnose", str(annotations), str(file), "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {kind: len(shares) for kind, shares in found["false_positives"].items()} == dict.fromkeys(KINDS, 10)
    assert sorted(found["gain"]) == sorted(KINDS[1:])
    assert found["sensitivity"]["coverage"]["XL"].keys() == {"map", "missed", "count"}
    assert run(["diagnose", str(annotations), str(file), "--per-class", "--tiou", "0.5"]) == 0
    printed = capsys.readouterr().out
    assert "most missed in" in printed
    assert "double detection" in printed


def test_several_files_have_a_row_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, results = by_hand()
    write_annotations(tmp_path / "annotations.json", truth)
    for name in ("one.json", "two.json"):
        results.save(tmp_path / name)
    words = ["evaluate", *(str(tmp_path / name) for name in ("annotations.json", "one.json", "two.json"))]
    assert run(words) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if ".json" in line]
    assert [row.split()[0] for row in rows] == words[2:]
    assert run([*words, "--json", "-"]) == 0
    several = json.loads(capsys.readouterr().out)["results"]
    assert [one["file"] for one in several] == words[2:]
    assert several[0]["map"] == several[1]["map"]
