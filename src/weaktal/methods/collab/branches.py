"""The branches of ``collab`` by name, and what the vision-language ones say of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from weaktal.methods.base import VLP

if TYPE_CHECKING:
    from torch import Tensor

    from weaktal.engine.batch import Batch
    from weaktal.models.outputs import SnippetOutput
    from weaktal.models.vlp import VlpBranch

# The classification-based branch, the vision-language one, their weighted mean, and the vision-language features
# without prompts and temporal layers.
BranchName = Literal["cbp", "vlp", "both", "vanilla"]
BRANCHES: tuple[BranchName, ...] = get_args(BranchName)
SHOWN: tuple[BranchName, ...] = ("cbp", "vlp", "both")  # on a page
ALONE: BranchName = "cbp"  # does without vision-language features; it localizes unless the settings choose another


def vlp_snippets(vlp: VlpBranch, batch: Batch, vectors: Tensor | None = None) -> SnippetOutput:
    """What a vision-language branch says of a batch; ``vectors``, (C, D), are its class vectors if they are known."""
    output: SnippetOutput = vlp(batch.others[VLP], batch.mask, vectors)
    return output
