"""The branches of ``collab`` by name, and what the vision-language ones say of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from torch import Tensor

    from weaktal.engine.batch import Batch
    from weaktal.models.outputs import SnippetOutput
    from weaktal.models.vlp import VlpBranch

# The classification-based branch, the vision-language one, their weighted mean, and the vision-language features
# without prompts and temporal layers.
BranchName = Literal["cbp", "vlp", "both", "vanilla"]
BRANCHES: tuple[BranchName, ...] = get_args(BranchName)
VLP_BRANCHES: tuple[BranchName, ...] = ("vlp", "both", "vanilla")  # those that look at vision-language features


def vlp_snippets(vlp: VlpBranch, batch: Batch, vectors: Tensor | None = None) -> SnippetOutput:
    """What a vision-language branch says of a batch; ``vectors``, (C, D), are its class vectors if they are known."""
    assert batch.vlp is not None  # whoever calls opens these features for every phase and branch that needs them
    output: SnippetOutput = vlp(batch.vlp, batch.mask, vectors)
    return output
