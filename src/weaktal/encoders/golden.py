"""``weaktal weights check``: figures that an encoder with its real weights must give.

Known are the cosines between texts of CLIP ViT-B/32, from vectors that others made with the published weights and keep
in half precision. They tell whether weights, tokenizer and text side are the published ones. Of the image side, of I3D
and of other checkpoints no figures could be had where this was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

from weaktal.devices import choose_device
from weaktal.errors import InputError, shown

if TYPE_CHECKING:
    from weaktal.encoders.weights_choice import WeightsLike

TOLERANCE = 0.005  # of a cosine: half precision keeps about three digits


@dataclass(frozen=True, slots=True)
class Golden:
    """Texts, and the cosines of each pair of them in order: first with second, first with third, ..."""

    texts: tuple[str, ...]
    cosines: tuple[float, ...]


GOLDEN: Mapping[str, Golden] = {
    "openai/clip-vit-base-patch32": Golden(
        ("a barbell", "a dumbbell", "a surfboard", "a snowboard", "a bicycle"),
        (0.8672, 0.7734, 0.7534, 0.8081, 0.7886, 0.7847, 0.8105, 0.8857, 0.7920, 0.7925),
    ),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """What a check found.

    Attributes:
        name: of the weights.
        pairs: how many cosines were compared.
        largest: the largest difference.
    """

    name: str
    pairs: int
    largest: float


def check_weights(name: str, into: WeightsLike | PathLike[str] | None = None, *, device: str = "auto") -> Compared:
    """Compares an encoder with its golden figures.

    Args:
        name: ORGANIZATION/MODEL of :data:`GOLDEN`.
        into: where its weights lie; where they are looked for by default.
        device: where it runs.

    Raises:
        InputError: if no figures of it are known, there is no such device, its weights are missing, or it gives others.
    """
    golden = GOLDEN.get(name)
    if golden is None:
        expected = f"one of {', '.join(GOLDEN)}"
        raise InputError(f"no golden figures of {shown(name)} are known", expected=expected)
    import torch

    from weaktal.encoders.catalog import build_encoder
    from weaktal.encoders.prompts import class_vectors
    from weaktal.encoders.weights_choice import WeightsChoice

    where = torch.device(choose_device(device))
    encoder = build_encoder(name, WeightsChoice.of(into), device=where).text
    if encoder is None:
        raise InputError("encodes no texts", source=name, expected="its tokenizer files beside the weights")
    vectors = class_vectors(encoder, golden.texts).cpu()
    rows, columns = torch.triu_indices(len(vectors), len(vectors), offset=1)
    found = (vectors[rows] * vectors[columns]).sum(dim=1)
    largest = float((found - torch.tensor(golden.cosines)).abs().max())
    if largest > TOLERANCE:
        problem = f"its texts have cosines that differ by up to {largest:.3f} from those of the published weights"
        raise InputError(problem, source=name, expected=f"at most {TOLERANCE}: other weights, or another tokenizer")
    return Compared(name, len(found), largest)
