"""A small 3-D network in I3D's image, for the rendered world: trained as a classifier, used before its head.

Its convolutions are split into space and time, as in S3D (Xie et al., ECCV 2018) and R(2+1)D (Tran et al., CVPR 2018).
It sees the whole frame at 64 x 112 pixels and takes a few milliseconds a clip on one CPU core; I3D takes a second.

Shapes: B clips, T = 16 frames, H x W = 64 x 112 pixels, D = 128 channels.
"""

from __future__ import annotations

from torch import Tensor, nn

WINDOW = 16  # frames a clip, as I3D's
HEIGHT, WIDTH = 64, 112  # pixels that the whole frame is squeezed to
DIM = 128
# Output channels of a block, its stride in space, its stride in time.
_BLOCKS = ((64, 2, 1), (96, 2, 2), (DIM, 1, 1))
_STEM = 32
# Motion in a picture of this size is a pixel or two a frame, of the 20 that flow is scaled by; this brings it to the
# size of RGB's values.
FLOW_GAIN = 8.0


def _unit(inputs: int, outputs: int, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> nn.Sequential:
    padding = tuple(k // 2 for k in kernel)
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False),  # type: ignore[arg-type]
        nn.BatchNorm3d(outputs),
        nn.ReLU(inplace=True),
    )


class Small3D(nn.Module):
    """The network of one stream.

    Args:
        channels: 3 for RGB, 2 for optical flow (horizontal, vertical).
        classes: of the trimmed clips that it is trained on; features do not depend on it.
        dropout: before the classifier, in training.
    """

    def __init__(self, *, channels: int, classes: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.gain = FLOW_GAIN if channels == 2 else 1.0
        layers: list[nn.Module] = [_unit(channels, _STEM, (3, 5, 5), (2, 4, 4))]  # (B, 32, T/2, H/4, W/4)
        width = _STEM
        for outputs, space, time in _BLOCKS:
            layers += [
                _unit(width, outputs, (1, 3, 3), (1, space, space)),
                _unit(outputs, outputs, (3, 1, 1), (time, 1, 1)),
            ]
            width = outputs
        self.trunk = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, clips: Tensor) -> Tensor:
        """Average-pooled activations before the classifier.

        Args:
            clips: (B, channels, T, H, W), values in [-1, 1].

        Returns:
            Features (B, D).
        """
        x: Tensor = self.trunk(clips * self.gain)  # (B, D, T/4, H/16, W/16)
        return x.mean(dim=(2, 3, 4))

    def classify(self, clips: Tensor) -> Tensor:
        """Scores of the trimmed clips' classes before the softmax, (B, classes)."""
        scores: Tensor = self.head(self.dropout(self(clips)))
        return scores


def folded(model: Small3D) -> Small3D:
    """The network in evaluation mode with its batch normalization multiplied into the convolutions; changes it."""
    model.eval().requires_grad_(False)
    for unit in model.trunk:
        assert isinstance(unit, nn.Sequential)
        convolution, normalization = unit[0], unit[1]
        if isinstance(convolution, nn.Conv3d) and isinstance(normalization, nn.BatchNorm3d):
            unit[0] = nn.utils.fusion.fuse_conv_bn_eval(convolution, normalization)
            unit[1] = nn.Identity()
    return model
