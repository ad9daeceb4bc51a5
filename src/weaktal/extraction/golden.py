"""``weaktal weights check``: figures that an encoder with its real weights must give.

Cosines between texts of CLIP ViT-B/32, from vectors that others made with the published weights and keep in half
precision, tell whether weights, tokenizer and text side are the published ones. Features of a public video, made by
video_features (MIT licence) with the published weights, tell the same of the image side and of I3D's RGB stream; the
video itself is not part of weaktal. Of I3D's flow stream that program's features are of another optical flow, so they
tell nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from weaktal.devices import choose_device
from weaktal.errors import InputError, arg, shown
from weaktal.files import sha256

if TYPE_CHECKING:
    from torch import Tensor

    from weaktal.encoders.networks import SnippetEncoder
    from weaktal.encoders.weights_choice import WeightsChoice, WeightsLike

TOLERANCE = 0.005  # of a cosine between texts: half precision keeps about three digits
# Of a cosine with the features of the other program, whose frames are scaled and rounded by other libraries. No real
# weights were available to measure how much that takes; unrelated weights are far below.
ALIKE = 0.9
VECTORS = Path(__file__).with_name("golden.safetensors")  # rows by the name of the weights; scripts/golden_features.py


@dataclass(frozen=True, slots=True)
class GoldenTexts:
    """Texts, and the cosines of each pair of them in order: first with second, first with third, ..."""

    texts: tuple[str, ...]
    cosines: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GoldenVideo:
    """Snippets of a video whose features are known.

    Attributes:
        name: of the file.
        source: where it is published.
        sha256: of the file.
        fps, window, stride: of the snippets; see :class:`weaktal.timeline.SnippetGrid`.
        rows: which snippets are in :data:`VECTORS`.
    """

    name: str
    source: str
    sha256: str
    fps: float
    window: int
    stride: int
    rows: tuple[int, ...]


def _clean_and_jerk(fps: float, window: int, rows: tuple[int, ...]) -> GoldenVideo:
    return GoldenVideo(
        name="v_GGSY1Qvo990.mp4",
        source="https://github.com/v-iashin/video_features/tree/master/sample",
        sha256="e186821a0b8b5b45bc944a97403e2ed86c1300d7382d601b223e1afdf62fc6fb",
        fps=fps,
        window=window,
        stride=window,
        rows=rows,
    )


TEXTS: Mapping[str, GoldenTexts] = {
    "openai/clip-vit-base-patch32": GoldenTexts(
        ("a barbell", "a dumbbell", "a surfboard", "a snowboard", "a bicycle"),
        (0.8672, 0.7734, 0.7534, 0.8081, 0.7886, 0.7847, 0.8105, 0.8857, 0.7920, 0.7925),
    ),
}
VIDEOS: Mapping[str, GoldenVideo] = {
    "i3d-rgb": _clean_and_jerk(fps=19.62, window=64, rows=(0, 1, 2, 3, 4)),  # the file's own rate
    "openai/clip-vit-base-patch32": _clean_and_jerk(fps=5.0, window=1, rows=(0, 15, 30, 45, 60, 75)),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """What a check found.

    Attributes:
        name: of the weights.
        pairs: how many cosines between texts were compared.
        largest: the largest difference.
        snippets: how many snippets of a video were compared.
        least: the smallest cosine of one with what it should be.
    """

    name: str
    pairs: int
    largest: float
    snippets: int
    least: float


def check_weights(
    name: str,
    into: WeightsLike | PathLike[str] | None = None,
    *,
    video: str | PathLike[str] | None = None,
    device: str = "auto",
) -> Compared:
    """Compares an encoder with its golden figures.

    Args:
        name: one of :data:`TEXTS` or :data:`VIDEOS`.
        into: where its weights lie; where they are looked for by default.
        video: the file that :data:`VIDEOS` names, for what is seen; without it only texts are compared.
        device: where it runs.

    Raises:
        InputError: if no figures of it are known, the video is another or missing, there is no such device, its
            weights are missing, or it gives others.
    """
    texts, golden = TEXTS.get(name), VIDEOS.get(name)
    if texts is None and golden is None:
        expected = f"one of {', '.join(sorted({*TEXTS, *VIDEOS}))}"
        raise InputError(f"no golden figures of {shown(name)} are known", expected=expected)
    if golden is not None and (video is not None or texts is None):
        _check_video(golden, video)
    import torch

    from weaktal.encoders.catalog import build_encoder
    from weaktal.encoders.weights_choice import WeightsChoice

    where = torch.device(choose_device(device))
    weights: WeightsChoice = WeightsChoice.of(into)
    encoder = build_encoder(name, weights, device=where)
    largest = 0.0 if texts is None else _texts_differ(name, encoder, texts)
    least = 1.0 if golden is None or video is None else _least_cosine(name, encoder, golden, Path(video))
    return Compared(
        name,
        pairs=0 if texts is None else len(texts.cosines),
        largest=largest,
        snippets=0 if golden is None or video is None else len(golden.rows),
        least=least,
    )


def _check_video(golden: GoldenVideo, video: str | PathLike[str] | None) -> None:
    """Refuses any other file than the one whose features are known."""
    expected = f"{golden.name} of {golden.source}"
    if video is None:
        raise InputError("is needed to compare what is seen", source=arg("video"), expected=expected)
    if not Path(video).is_file():
        raise InputError("no such file", source=Path(video), expected=expected)
    if sha256(Path(video)) != golden.sha256:
        raise InputError("is another file", source=Path(video), expected=f"{expected}, with SHA-256 {golden.sha256}")


def _texts_differ(name: str, encoder: SnippetEncoder, golden: GoldenTexts) -> float:
    """The largest difference of a cosine between texts.

    Raises:
        InputError: if it is too large, or the encoder reads no texts.
    """
    import torch

    from weaktal.encoders.prompts import class_vectors

    if encoder.text is None:
        raise InputError("encodes no texts", source=name, expected="its tokenizer files beside the weights")
    vectors = class_vectors(encoder.text, golden.texts).cpu()  # (N, D)
    rows, columns = torch.triu_indices(len(vectors), len(vectors), offset=1)
    found = (vectors[rows] * vectors[columns]).sum(dim=1)
    largest = float((found - torch.tensor(golden.cosines)).abs().max())
    if largest > TOLERANCE:
        problem = f"its texts have cosines that differ by up to {largest:.3f} from those of the published weights"
        raise InputError(problem, source=name, expected=f"at most {TOLERANCE}: other weights, or another tokenizer")
    return largest


def _least_cosine(name: str, encoder: SnippetEncoder, golden: GoldenVideo, video: Path) -> float:
    """The smallest cosine of a snippet's features with what they should be.

    Raises:
        InputError: if it is too small.
    """
    import torch

    from weaktal.extraction.pipeline import Failed, Job, Pipeline, Sampling

    sampling = Sampling(fps=golden.fps, window=golden.window, stride=golden.stride)
    done = next(iter(Pipeline([encoder], sampling).run([Job(video, (0,))])))
    if isinstance(done, Failed):
        raise done.error
    found = torch.from_numpy(done.features[0][list(golden.rows)])  # (N, D)
    known = _vectors(name)
    if found.shape != known.shape:
        problem = f"gives features of {found.shape[1]} columns"
        raise InputError(problem, source=name, expected=f"{known.shape[1]}: other weights")
    least = float(torch.cosine_similarity(found, known).min())
    if least < ALIKE:
        problem = f"its features of {golden.name} have cosines down to {least:.3f} with those of the published weights"
        raise InputError(problem, source=name, expected=f"at least {ALIKE}: other weights")
    return least


def _vectors(name: str) -> Tensor:
    """Known features of some weights, (N, D)."""
    from safetensors.torch import load_file

    return load_file(VECTORS)[name].float()
