"""YAMNet as an encoder: how a window is cut, and the embedding of the published file where that and its runtime are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.encoders.yamnet import PIECE, RATE, build, pieces
from weaktal.errors import InputError

CPU = torch.device("cpu")


def test_pieces_overlap_by_half_and_reach_the_end() -> None:
    clip = np.arange(2 * PIECE + 100, dtype=np.float32)
    found = pieces(clip)
    assert [int(piece[0]) for piece in found] == [0, PIECE // 2, PIECE, PIECE + 100]
    assert {len(piece) for piece in found} == {PIECE}
    assert [len(piece) for piece in pieces(clip[:PIECE])] == [PIECE]


def test_without_the_file_one_line_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the weights of yamnet are missing; expected .*yamnet=FILE"):
        build(name="yamnet", weights=WeightsChoice(paths={"yamnet": tmp_path}), device=CPU, precision="fp32")


def test_a_window_is_the_mean_of_the_embeddings_of_its_pieces(shared_data: Path) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="needs the extra pretrained")
    file = shared_data / "yamnet" / "yamnet.tflite"
    if not file.is_file():
        pytest.skip("needs yamnet.tflite")
    choice = WeightsChoice(paths={"yamnet": file})
    (network,) = build(name="yamnet", weights=choice, device=CPU, precision="fp32").networks
    clips = np.random.default_rng(0).normal(size=(2, PIECE + RATE), scale=0.1).astype(np.float32)

    plain = interpreter.Interpreter(str(file), num_threads=1, experimental_preserve_all_tensors=True)
    plain.allocate_tensors()
    (place,) = (t["index"] for t in plain.get_tensor_details() if t["name"].endswith("global_average_pooling2d/Mean"))
    wanted = []
    for clip in clips:
        rows = []
        for piece in pieces(clip):
            plain.set_tensor(plain.get_input_details()[0]["index"], piece[None])
            plain.invoke()
            rows.append(plain.get_tensor(place)[0])
        wanted.append(np.mean(rows, axis=0))
    np.testing.assert_allclose(network.encode(torch.from_numpy(clips)).numpy(), wanted, rtol=1e-5, atol=1e-6)
