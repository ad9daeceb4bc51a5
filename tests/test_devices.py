from __future__ import annotations

import pytest
import torch

from weaktal.devices import check_device, choose_device, choose_devices, habits
from weaktal.errors import InputError


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda", "cuda:11", "mps"])
def test_what_is_called_a_device(name: str) -> None:
    check_device(name)
    check_device(f"{name},{name}", several=True)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cuda:0,cuda:1", "all", "", "CUDA", "auto:1"])
def test_what_is_not(name: str) -> None:
    with pytest.raises(InputError, match="is not a device"):
        check_device(name)


@pytest.mark.parametrize("name", ["cpu,gpu", "cpu,", ",cpu", "all,cpu"])
def test_what_is_no_list_of_devices(name: str) -> None:
    with pytest.raises(InputError, match=r"is not a device; expected auto, .* or all"):
        choose_devices(name)


def test_which_is_meant() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_devices("cpu,cpu") == ("cpu", "cpu")
    assert choose_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


def test_one_that_is_not_there_is_said_in_one_line() -> None:
    with pytest.raises(InputError, match=r"engine\.device meta: cannot be used \(.*\); expected cpu or auto"):
        choose_device("meta", "engine.device meta")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match=r"device cuda:1: cannot be used"):
            choose_device("cuda:1")
        with pytest.raises(InputError, match="device all: there is no GPU"):
            choose_devices("all")
    if not torch.backends.mps.is_available():
        with pytest.raises(
            InputError, match=r"device mps: cannot be used \(this PyTorch has no Apple GPU here\); expected cpu or auto"
        ):
            choose_device("mps")


def test_what_a_cpu_does_well() -> None:
    found = habits("cpu")
    assert (found.channels_last, found.compiles, found.batch) == (True, False, 1)
    assert found.told("fp32", 4) == "CPU, fp32, channels last, 4 at once"
    assert found.told("bf16", 1, compiled=True) == "CPU, bf16, channels last, 1 at once, compiled"
