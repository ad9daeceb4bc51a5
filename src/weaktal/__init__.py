"""weaktal: weakly-supervised temporal action localization.

Learns from video-level tags alone (WHICH actions occur) and returns segments (WHEN they occur), scored by class::

    dataset = weaktal.Dataset("DATASET")
    run = weaktal.train(dataset, method="cbp", features="i3d", run="runs/first")
    results = run.localize(dataset)
    weaktal.evaluate(dataset, results).average_map

Every verb of the command line is a function of the same name here. Importing weaktal imports nothing else: each name is
fetched when it is first used.

Rooms from the ground up; a room imports only from those named before it:

1. ``errors``, ``devices``, ``files``, ``segments``, ``timeline``, ``progress``, ``config``: what everything speaks
2. ``formats`` (segments for other programs), ``video`` (frames, optical flow), ``models`` and ``losses`` (tensors in,
   tensors out), ``data`` (dataset folders)
3. ``decoding`` (scores to segments), ``evaluation`` (tIoU, AP), ``encoders`` (networks), ``composition`` (datasets)
4. ``extraction`` (videos to features), ``engine`` (the trainer, which knows no method)
5. ``methods``: each method reads like its paper; ``worlds``: rendered videos; ``dataset``: a dataset for Python
6. ``runs`` (train, localize), ``report`` (a page to look at), ``studies`` (many trainings), ``demonstration``,
   ``finding`` (from a folder and a spreadsheet to few segments)
7. ``cli``: one thin file a verb
"""

from __future__ import annotations

import importlib

from weaktal.version import __version__ as __version__

TYPE_CHECKING = False  # as ``typing`` has it, which takes longer to import than all of this
if TYPE_CHECKING:
    from weaktal.checkup.doctor import doctor as doctor
    from weaktal.composition.compose import compose as compose
    from weaktal.data.export import export as export
    from weaktal.data.importers.import_corrections import import_corrections as import_corrections
    from weaktal.data.importers.import_dataset import import_dataset as import_dataset
    from weaktal.data.importers.label_studio import import_label_studio as import_label_studio
    from weaktal.data.importers.tags.import_table import import_folders as import_folders
    from weaktal.data.importers.tags.import_table import import_table as import_table
    from weaktal.data.results import Results as Results
    from weaktal.dataset import Dataset as Dataset
    from weaktal.decoding.decode import decode as decode
    from weaktal.demonstration.demo import demo as demo
    from weaktal.encoders.weights import fetch_weights as fetch_weights
    from weaktal.encoders.weights import weights as weights
    from weaktal.errors import InputError as InputError
    from weaktal.errors import RunError as RunError
    from weaktal.errors import WeaktalError as WeaktalError
    from weaktal.evaluation.evaluate import evaluate as evaluate
    from weaktal.evaluation.scoring import Scores as Scores
    from weaktal.extraction.extract import extract as extract
    from weaktal.finding.final_set import finalize as finalize
    from weaktal.finding.find import find as find
    from weaktal.progress import Progress as Progress
    from weaktal.report.view import view as view
    from weaktal.runs.diagnose import diagnose as diagnose
    from weaktal.runs.localize import localize as localize
    from weaktal.runs.resume import resume as resume
    from weaktal.runs.run import Run as Run
    from weaktal.runs.run import load as load
    from weaktal.runs.settings import settings as settings
    from weaktal.runs.train import train as train
    from weaktal.runs.zero_shot import zero_shot as zero_shot
    from weaktal.segments import Segment as Segment
    from weaktal.studies.ablate import ablate as ablate
    from weaktal.studies.compare import compare as compare
    from weaktal.studies.reproduce import reproduce as reproduce
    from weaktal.studies.seeds import resume_seeds as resume_seeds
    from weaktal.studies.seeds import train_seeds as train_seeds
    from weaktal.worlds.world import world as world

# Name -> the module that holds it.
_HOMES = {
    "Dataset": "weaktal.dataset",
    "InputError": "weaktal.errors",
    "Progress": "weaktal.progress",
    "Results": "weaktal.data.results",
    "Run": "weaktal.runs.run",
    "RunError": "weaktal.errors",
    "Scores": "weaktal.evaluation.scoring",
    "Segment": "weaktal.segments",
    "WeaktalError": "weaktal.errors",
    "ablate": "weaktal.studies.ablate",
    "compare": "weaktal.studies.compare",
    "compose": "weaktal.composition.compose",
    "decode": "weaktal.decoding.decode",
    "demo": "weaktal.demonstration.demo",
    "diagnose": "weaktal.runs.diagnose",
    "doctor": "weaktal.checkup.doctor",
    "evaluate": "weaktal.evaluation.evaluate",
    "export": "weaktal.data.export",
    "extract": "weaktal.extraction.extract",
    "fetch_weights": "weaktal.encoders.weights",
    "finalize": "weaktal.finding.final_set",
    "find": "weaktal.finding.find",
    "judged": "weaktal.evaluation.judged",
    "import_dataset": "weaktal.data.importers.import_dataset",
    "import_corrections": "weaktal.data.importers.import_corrections",
    "import_folders": "weaktal.data.importers.tags.import_table",
    "import_label_studio": "weaktal.data.importers.label_studio",
    "import_table": "weaktal.data.importers.tags.import_table",
    "load": "weaktal.runs.run",
    "localize": "weaktal.runs.localize",
    "reproduce": "weaktal.studies.reproduce",
    "resume": "weaktal.runs.resume",
    "resume_seeds": "weaktal.studies.seeds",
    "settings": "weaktal.runs.settings",
    "train": "weaktal.runs.train",
    "train_seeds": "weaktal.studies.seeds",
    "view": "weaktal.report.view",
    "weights": "weaktal.encoders.weights",
    "world": "weaktal.worlds.world",
    "zero_shot": "weaktal.runs.zero_shot",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
