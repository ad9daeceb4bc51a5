"""The branches of ``collab`` by name, and what the vision-language ones say of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args

from weaktal.methods.base import VLP

if TYPE_CHECKING:
    from torch import Tensor

    from weaktal.engine.batch import Batch
    from weaktal.models.outputs import SnippetOutput
    from weaktal.models.vlp import VlpBranch

# The classification-based branch, the vision-language one, their weighted mean, the vision-language features without
# prompts and temporal layers, and the weighted mean of the latter with the first: a fusion of branches of which neither
# has taught the other, if it is read after the warm-up.
BranchName = Literal["cbp", "vlp", "both", "vanilla", "late"]
BRANCHES: tuple[BranchName, ...] = get_args(BranchName)
SHOWN: tuple[BranchName, ...] = ("cbp", "vlp", "both")  # on a page
NOTED: tuple[BranchName, ...] = ("cbp", "vlp", "both", "vanilla")  # in the statistics of a phase
TOGETHER: Mapping[str, BranchName] = {"both": "vlp", "late": "vanilla"}  # what is averaged with CBP
ALONE: BranchName = "cbp"  # does without vision-language features; it localizes unless the settings choose another


def vlp_snippets(vlp: VlpBranch, batch: Batch, vectors: Tensor | None = None) -> SnippetOutput:
    """What a vision-language branch says of a batch; ``vectors``, (C, D), are its class vectors if they are known."""
    output: SnippetOutput = vlp(batch.others[VLP], batch.mask, vectors)
    return output
