"""Folders of controls read together: what counts as one, what is paired with what, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

import pytest

from weaktal.config import load_settings
from weaktal.errors import InputError
from weaktal.files import write_json
from weaktal.methods.collab.settings import CollabConfig
from weaktal.studies.cells import interval
from weaktal.studies.deals import by_deal, deal_of, main, read_folders, report
from weaktal.studies.folder import REVISION, Request
from weaktal.studies.seeded import Data, Measured
from weaktal.studies.statistics import estimate

HALF = "engine.precision=bf16-mixed"


def write(
    folder: Path,
    dataset: str,
    maps: Mapping[str, Mapping[int, float]],
    *,
    settings: CollabConfig | None = None,
    revision: int = REVISION,
    protocol: str = "plain",
) -> None:
    """A dataset's part of what the controls write: mean mAP by reading and seed."""
    data = Data(
        dataset=Path(dataset), features="i3d", vlp_features="scene", train_subset="training", subset="test",
        protocol=protocol, tiou=(0.5,),
    )  # fmt: skip
    request = Request(
        weaktal="0", revision=revision, annotations_sha256="", data=data,
        settings=(settings or CollabConfig()).model_dump(mode="json"),
    )  # fmt: skip
    write_json(folder / dataset / "ablation.json", request.model_dump(mode="json"))
    for reading, by_seed in maps.items():
        place = (
            folder / f"{dataset}-{reading}"
            if reading.startswith("upper-bound")
            else folder / dataset / "readings" / reading
        )
        for seed, value in by_seed.items():
            measured = Measured(
                reading=reading, seed=seed, after="end", branch="cbp", settings={}, tiou=(0.5,), map=(value,),
                average_map=value, ap={}, misses=0.25, false_alarms=0.125,
            )  # fmt: skip
            write_json(place / f"seed-{seed}.json", measured.model_dump(mode="json"))


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two deals, each sparse and dense; the second folder has another seed of the first deal."""
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, "sparse-1", {"late": {0: 0.50}, "whole": {0: 0.60}, "upper-bound-pyramid": {0: 0.90}})
    write(one, "dense-1", {"late": {0: 0.40}, "whole": {0: 0.47}})
    write(one, "sparse-2", {"late": {0: 0.70}, "whole": {0: 0.72}})
    write(one, "dense-2", {"late": {0: 0.30}, "whole": {0: 0.30}})
    write(two, "sparse-1", {"late": {1: 0.54}, "whole": {1: 0.58}, "mil-1": {1: 0.10}})
    return [one, two]


def test_a_dataset_counts_with_the_mean_of_its_seeds_in_all_folders(folders: list[Path]) -> None:
    found = read_folders(folders)
    assert found.datasets == ["dense-1", "dense-2", "sparse-1", "sparse-2"]
    assert found.means("late", "mean_map")["sparse-1"] == pytest.approx(52.0)
    text = report(found)
    assert "| CBP's warm-up averaged with vanilla VLP, nothing taught (`late`) | 35.0 ± 7.1 |" in text
    assert "61.0 ± 12.7 | 0.250 ± 0.000 | 0.125 ± 0.000 | 5 |" in text
    assert "the pyramid told all segments (`upper-bound-pyramid`) |  |  |  | 90.0 | 0.250 | 0.125 | 1 |" in text


def test_datasets_of_one_deal_count_once(folders: list[Path]) -> None:
    """Differences of 7 (10 and 4) and 7 in deal 1, of 2 and 0 in deal 2: over deals, of 7 and 1."""
    found = read_folders(folders)
    pairs = found.pairs("whole", "late")
    assert {name: fmean(values) for name, values in pairs.items()} == pytest.approx(
        {"sparse-1": 7.0, "dense-1": 7.0, "sparse-2": 2.0, "dense-2": 0.0}
    )
    over = by_deal({name: fmean(values) for name, values in pairs.items()})
    assert over.n == 2
    assert over.mean == pytest.approx(4.0)
    expected = interval(estimate([7.0, 1.0]))
    assert f"| {expected} | 4 of 5 |" in report(found, [("whole", "late")])


def test_only_trainings_that_have_both_are_compared(folders: list[Path]) -> None:
    assert read_folders(folders).pairs("whole", "mil-1") == {"sparse-1": [pytest.approx(48.0)]}
    assert "`whole` to `only-f`" not in report(read_folders(folders))


def test_patterns_choose_datasets(folders: list[Path]) -> None:
    assert read_folders(folders, ["dense-*"]).datasets == ["dense-1", "dense-2"]
    with pytest.raises(InputError, match="datasets: match no dataset"):
        read_folders(folders, ["dance-*"])


@pytest.mark.parametrize(("name", "deal"), [("sparse-12", ("sparse", 12)), ("w7", ("w", 7)), ("a-1-2", ("a-1", 2))])
def test_the_deal_is_the_number_at_the_end(name: str, deal: tuple[str, int]) -> None:
    assert deal_of(name) == deal


def test_a_name_without_a_number_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "all", {"late": {0: 0.5}})
    with pytest.raises(InputError, match="'all' has no number at its end"):
        report(read_folders([tmp_path]))


def test_settings_that_differ_are_told(folders: list[Path], tmp_path: Path) -> None:
    other = load_settings(CollabConfig, None, ("optimizer.lr=0.5", "engine.tensorboard=false"))
    write(tmp_path / "three", "sparse-3", {"late": {0: 0.5}}, settings=other)
    text = report(read_folders([*folders, tmp_path / "three"]))
    assert f"the same settings: `optimizer.lr` ({CollabConfig().optimizer.lr}, 0.5)." in text
    assert "the same settings" not in report(read_folders(folders))
    write(
        tmp_path / "four",
        "sparse-4",
        {"late": {0: 0.5}},
        settings=load_settings(CollabConfig, None, (HALF,)),
        protocol="thumos14",
    )
    text = report(read_folders([*folders, tmp_path / "four"]))
    assert '`data.protocol` ("plain", "thumos14"); `engine.precision` ("32-true", "bf16-mixed").' in text


def test_versions_of_other_numbers_are_not_mixed(folders: list[Path], tmp_path: Path) -> None:
    write(tmp_path / "three", "sparse-3", {"late": {0: 0.5}}, revision=REVISION - 1)
    with pytest.raises(InputError, match=r"sparse-3: was made by a version of other numbers than .*dense-1"):
        read_folders([*folders, tmp_path / "three"])


def test_one_training_twice_is_refused(folders: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    write(folders[1], "dense-1", {"late": {0: 0.41}})
    assert main([str(folder) for folder in folders]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "two/dense-1/readings/late/seed-0.json: is in " in line
    assert "one/dense-1/readings/late/seed-0.json too; expected each training in one folder" in line


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--differences", "whole"], "--differences whole: is no difference; expected such as whole:late"),
        (
            ["--differences", "whole:lste"],
            "--differences whole:lste: 'lste' was not read in these folders; expected late",
        ),
    ],
)
def test_a_wrong_difference_is_one_line(
    words: list[str], complaint: str, folders: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*map(str, folders), *words]) == 2
    assert capsys.readouterr().err == f"weaktal: {complaint}\n"


def test_another_folder_and_a_broken_file_are_one_line(folders: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no controls"):
        read_folders([tmp_path / "absent"])
    file = folders[0] / "dense-1/readings/late/seed-0.json"
    file.write_text(json.dumps({"reading": "late"}))
    with pytest.raises(InputError, match=r"seed-0\.json"):
        read_folders(folders)


def test_the_command_prints_what_is_asked(folders: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*map(str, folders), "--datasets", "sparse-*", "--differences", "whole:late"]) == 0
    assert f"| `whole` to `late` | {interval(estimate([7.0, 2.0]))} |" in capsys.readouterr().out
