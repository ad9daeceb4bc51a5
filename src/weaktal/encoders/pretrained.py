"""Models of the transformers library out of local checkpoint folders, whole or not at all.

Never asks the network, and never runs or follows what a folder names: see :mod:`weaktal.encoders.believed`. The library
is given a configuration of believed sizes and the tensors themselves, so it opens no file of the folder but those of
the tokenizer.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from weaktal.encoders.believed import check_tokenizer_files, model_settings, model_type, tokenizer_class
from weaktal.encoders.checkpoint import read_state_dict
from weaktal.encoders.fetching import WEIGHT_FILES
from weaktal.encoders.tokens import Tokenizer
from weaktal.errors import InputError, first_line, shown

_MOST = 2 * 10**9  # random weights; larger than any such model
UNMARKED = ("videoprism",)  # types of models whose texts end without a mark


def read_config(folder: Path, kinds: tuple[str, ...]) -> Any:
    """The model configuration of a checkpoint folder, of which only sizes and numbers are believed.

    Raises:
        InputError: if there is none or it is of none of these kinds of model.
    """
    from transformers import CONFIG_MAPPING

    kind = model_type(folder)
    path = folder / "config.json"
    if kind not in kinds or kind not in CONFIG_MAPPING:
        problem = f"is a model of type {shown(kind)}"
        if kind in kinds:
            problem += ", which the installed transformers library lacks"
        raise InputError(problem, source=path, expected=" or ".join(kinds))
    family = CONFIG_MAPPING[kind]
    values = model_settings(folder, family)
    try:
        with quiet():
            return family(**values)
    except Exception as error:  # the library raises whatever it finds that numbers cannot be
        raise InputError(f"not a model configuration ({first_line(error)})", source=path) from None


def weights_file(folder: Path) -> Path:
    """The weights in a checkpoint folder.

    Raises:
        InputError: if there are none.
    """
    for name in WEIGHT_FILES:
        if (folder / name).is_file():
            return folder / name
    raise InputError("no weights", source=folder, expected=" or ".join(WEIGHT_FILES) + " beside config.json")


def family_of(config: Any) -> Any:
    """The library's class of models of this configuration, heads left out."""
    from transformers import MODEL_MAPPING

    return MODEL_MAPPING[type(config)]


def _count(config: Any, source: Path) -> int:
    """How many weights a model of this configuration has; nothing is allocated for them."""
    try:
        with torch.device("meta"), quiet():
            return sum(parameter.numel() for parameter in family_of(config)(config).parameters())
    except Exception as error:  # whatever sizes that do not go together make the library stumble over
        raise InputError(f"not a model configuration ({first_line(error)})", source=source) from None


def load_model(config: Any, path: Path, unused: Callable[[str], bool] = lambda _key: False) -> Any:
    """The model of a configuration with the weights of a file.

    Args:
        config: as :func:`read_config` gives it.
        path: the weights.
        unused: says of a key whether the model may lack it, as nothing of it is looked at.

    Raises:
        InputError: if a weight is missing or has another shape.
    """
    state = read_state_dict(path)
    count, size = _count(config, path.with_name("config.json")), path.stat().st_size
    if count > size:
        raise InputError(f"has {size:,} bytes", source=path, expected=f"the {count:,} weights of its config.json")
    family = family_of(config)
    with quiet():
        try:
            # Given the tensors, the library opens no file of the folder, where there may be adapters or other weights.
            model, report = family.from_pretrained(
                None, config=config, state_dict=state, output_loading_info=True, dtype=torch.float32,
                attn_implementation="sdpa" if getattr(family, "_supports_sdpa", False) else "eager",
            )  # fmt: skip
        except Exception as error:  # the library raises whatever the file made it stumble over
            raise InputError(f"cannot be loaded ({first_line(error)})", source=path, expected="whole weights") from None
    absent = sorted(key for key in report["missing_keys"] if not unused(key))
    absent += sorted(str(key) for key in report["mismatched_keys"])
    if absent:
        raise InputError(f"lacks {absent[0]} ({len(absent)} in all)", source=path, expected=f"a {family.__name__}")
    return model


def random_model(config: Any, seed: int, name: str) -> Any:
    """The model of a configuration with weights drawn from ``seed``.

    Raises:
        InputError: if the configuration is of no model, or of one that is absurdly large.
    """
    if (count := _count(config, Path(name))) > _MOST:
        raise InputError(f"has {count:,} weights", source=name, expected=f"at most {_MOST:,} random ones")
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        return family_of(config)(config)


def load_tokenizer(folder: Path, kind: str, vocabulary: int) -> Tokenizer:
    """The tokenizer of a checkpoint folder, checked.

    Raises:
        InputError: if there is none, or it cannot give back known words.
    """
    import transformers

    family = getattr(transformers, tokenizer_class(folder, kind))
    check_tokenizer_files(folder)
    with quiet():
        try:
            loaded = family.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:  # as above
            raise InputError(
                f"no tokenizer can be loaded ({first_line(error)})",
                source=folder,
                expected="tokenizer.json, or vocab.json and merges.txt",
            ) from None
    return Tokenizer(loaded, vocabulary=vocabulary, source=folder, marked=kind not in UNMARKED)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The library's progress bars and reports of missing keys are said in our own words."""
    from transformers.utils import logging as untyped

    logging: Any = untyped
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
