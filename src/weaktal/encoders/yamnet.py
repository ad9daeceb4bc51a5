"""``yamnet``: sounds as a network trained on AudioSet hears them, out of a file for TensorFlow Lite.

YAMNet looks at 0.975 s of sound at 16 kHz; of a longer window the mean over half-overlapping pieces is taken. The file
(``yamnet.tflite``) comes from its publisher: ``--weights yamnet=FILE``.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weaktal.devices import Precision
from weaktal.encoders.checkpoint import fingerprint
from weaktal.encoders.diet import Kind, Sound
from weaktal.encoders.networks import SnippetEncoder
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError, arg, first_line
from weaktal.packages import missing

NAME = "yamnet"
RATE = 16_000
PIECE = 15_600  # samples that the network looks at
DIM = 1024


class Yamnet:
    """A network of the extraction.

    Args:
        interpreter: of TensorFlow Lite, allocated.
        output: index of the tensor that is the embedding.
    """

    kind: Kind = "sound"
    dim = DIM

    def __init__(self, interpreter: Any, output: int) -> None:
        self._interpreter, self._output = interpreter, output
        self._input = interpreter.get_input_details()[0]["index"]

    def encode(self, clips: Tensor) -> Tensor:
        """Windows of sound (B, samples), at least as long as a piece, as embeddings (B, 1024)."""
        rows = [np.mean([self._embedded(piece) for piece in pieces(clip.numpy())], axis=0) for clip in clips]
        return torch.from_numpy(np.stack(rows).astype(np.float32))

    def _embedded(self, piece: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
        shape = self._interpreter.get_input_details()[0]["shape"]
        self._interpreter.set_tensor(self._input, piece.reshape(shape))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output).reshape(-1)


def pieces(clip: np.ndarray[Any, np.dtype[np.float32]]) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """A window cut into pieces that overlap by half; what is left at its end is in a last piece of full length."""
    last = max(len(clip) - PIECE, 0)
    starts = sorted({*range(0, last + 1, PIECE // 2), last})
    return [clip[start : start + PIECE] for start in starts]


def build(*, name: str, weights: WeightsChoice, device: torch.device, precision: Precision) -> SnippetEncoder:  # noqa: ARG001
    """See :class:`weaktal.encoders.catalog.EncoderBuilder`; it runs on the CPU in single precision always.

    Raises:
        InputError: if the file or the interpreter is missing, or the file is another network.
    """
    place = weights.named(name)
    file = place / "yamnet.tflite" if place is not None and place.is_dir() else place
    if file is None or not file.is_file():
        expected = f"{arg('weights')} {NAME}=FILE, the yamnet.tflite of its publisher"
        raise InputError(f"the weights of {NAME} are missing", source=file, expected=expected)
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise missing("ai_edge_litert", source=NAME) from None
    interpreter = _opened(Interpreter, file)
    # The embedding is what the classifier at the end looks at, and no output of the published file.
    found = [each["index"] for each in interpreter.get_tensor_details() if tuple(each["shape"]) == (1, DIM)]
    taken = int(np.prod(interpreter.get_input_details()[0]["shape"]))
    if len(found) != 1 or taken != PIECE:
        expected = f"{PIECE} samples in, and one vector of {DIM} inside"
        raise InputError(f"takes {taken} numbers", source=file, expected=expected)
    return SnippetEncoder(
        name=NAME,
        networks=(Yamnet(interpreter, found[0]),),
        weights_sha256=fingerprint({"model": file}),
        provenance={
            "snippet": "the sound of the window",
            "sound_rate": RATE,
            "sound_seconds": PIECE / RATE,
            "feature": "embedding before the classifier; the mean over pieces of 0.975 s",
            "precision": "fp32",
            "weights_files": {"model": Path(file).name},
        },
        sight=Sound(RATE, PIECE / RATE),
    )


def _opened(interpreter: Any, file: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns that keeping what is inside takes memory
            opened = interpreter(model_path=str(file), num_threads=1, experimental_preserve_all_tensors=True)
            opened.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise InputError(f"cannot be opened ({first_line(error)})", source=file, expected="yamnet.tflite") from None
    return opened
