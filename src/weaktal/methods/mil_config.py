"""Settings of ``mil``, and those parts of them that other methods share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from weaktal.config import OddSize, Settings, Size, setting
from weaktal.engine.settings import OptimizerConfig
from weaktal.methods.base import MethodConfig

if TYPE_CHECKING:
    from weaktal.models.convolution import ConvolutionBranch


class PoolingConfig(Settings):
    """From snippets to the video, and to its tags."""

    divisor: Size = setting(
        8, "The ceil(T / divisor) highest snippets make the video's score; 8 in most code of the field.", "open"
    )
    of: Literal["probabilities", "logits"] = setting("probabilities", "What is averaged over these snippets.", "paper")


_Share = Annotated[float, Field(ge=0, lt=1)]
END_BELOW = (
    "Training on the tags ends after the first epoch at whose end the loss on the training videos' tags is below this "
    "share of what their frequencies alone would cost: whoever goes on learns no more tags and calls ever more "
    "background action. 0 never ends it early."
)


class ScheduleConfig(Settings):
    """How long training lasts."""

    epochs: Size = setting(10, "Length of training; the paper has it for the warm-up.", "paper", unit="epochs")
    end_below: _Share = setting(0.0, END_BELOW, "ours")
    updates_per_epoch: Size = setting(
        100,
        "Length of an epoch. 200 videos in batches of 64 would be 4, and 40 in all leave any network untrained: an "
        "epoch must repeat its videos.",
        "open",
        unit="updates",
    )


class ConvolutionConfig(Settings):
    """The network of the baseline."""

    width: Size = setting(512, "Size of the embedding.", "ours", unit="channels")
    kernel: OddSize = setting(3, "Snippets that the convolution sees, an odd number.", "ours", unit="snippets")
    dropout: float = setting(0.5, "Share of channels that are dropped before the classifier.", "ours", ge=0, lt=1)

    def build(self, *, dim: int, classes: int) -> ConvolutionBranch:
        """The branch with fresh weights."""
        from weaktal.models.convolution import ConvolutionBranch

        return ConvolutionBranch(dim=dim, width=self.width, classes=classes, kernel=self.kernel, dropout=self.dropout)


class MilConfig(MethodConfig):
    """Settings of ``mil``."""

    model: ConvolutionConfig = ConvolutionConfig()
    pooling: PoolingConfig = PoolingConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()

    def known_branches(self) -> Sequence[str]:
        """The method has no branches to choose from."""
        return ()
