"""Method ``collab``, the distillation-collaboration of Ju et al. (CVPR 2023), a room that reads like its paper.

``settings`` says what can be set and what the paper states, ``side`` is the classification-based branch, ``either`` the
same where its network is picked in the warm-up, ``vlp`` the vision-language branch; ``branches`` names what can
localize, ``labels`` makes pseudo-labels, ``turns`` is the paper's alternation of steps and ``online`` both branches at
once; ``statistics`` looks back at a phase without any segment, and ``selection`` picks by that which weights and which
branch localize.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weaktal.methods.base import Inputs
from weaktal.methods.collab.settings import CollabConfig

if TYPE_CHECKING:
    from torch import nn

    from weaktal.methods.collab.turns import Collaboration

__all__ = ["CONFIG", "CollabConfig", "build"]

CONFIG = CollabConfig


def build(config: CollabConfig, inputs: Inputs) -> Collaboration:
    """Both branches with fresh weights.

    Raises:
        InputError: if the features do not suit the classification-based side, there are no vision-language features, or
            no class vectors for them.
    """
    # Late, so that the settings can be looked at without torch.
    from weaktal.methods.collab.either import EitherSide
    from weaktal.methods.collab.online import OnlineCollaboration
    from weaktal.methods.collab.side import build_side
    from weaktal.methods.collab.turns import Collaboration
    from weaktal.methods.collab.vlp import build_vlp

    # Drawn first, so that a seed gives it the weights that it has when it trains alone.
    cbp = build_side(config, inputs)

    def fresh_cbp() -> nn.Module:
        side = build_side(config, inputs)
        if isinstance(cbp, EitherSide) and isinstance(side, EitherSide):
            side.take(cbp.taken)
        return side.module

    kind = OnlineCollaboration if config.schedule.kind == "online" else Collaboration
    return kind(cbp, build_vlp(config.vlp, inputs), fresh_cbp, config)
