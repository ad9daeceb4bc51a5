"""Golden numbers of MMSD: weights and features come from whole numbers, so no generator has a say in them.

``python tests/methods/test_mmsd_golden.py`` prints the numbers. docs/evidence/agreement.md tells how the same case
was put to the authors' released modules.
"""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor

from weaktal.losses.mmsd_voting import confidence, votes
from weaktal.methods.mmsd import mmsd_losses
from weaktal.methods.mmsd_config import MMSDLossConfig, VotingConfig
from weaktal.models.mmsd import MMSD, mixed_scores

LENGTHS = (19, 11)
LABELS = ((1.0, 0.0, 1.0), (0.0, 1.0, 0.0))
WIDTH = 1024  # what the released code takes each modality to be
VOTING = VotingConfig(reliable=0.9, margin=0.05)

GOLDEN = {
    "snippet_logits": [
        2.52101857361,
        5.40221034507,
        -7.89102671797,
        -4.38002448515,
        -3.29126948551,
        -0.637990125884,
        6.77428509906,
        4.8974146569,
        1.01801585852,
        -4.24412635584,
        -3.48660001296,
        -0.12299581578,
    ],
    "attention": [0.999376496428, 0.844973440136, 0.0674891596536, 0.462746725494, 0.0511099286652, 0.355323009906],
    "attended": [
        0.0118091097153,
        0.985315887955,
        7.92876621501e-05,
        0.0027957146679,
        0.017350791521,
        2.96488550805e-05,
        0.967472936253,
        0.0151466233712,
        0.00201435945625,
        3.28167873089e-06,
        0.00141419406509,
        0.9965681648,
    ],
    "classwise": [
        0.0227747620566,
        0.67222430993,
        0.00755984521954,
        0.297441082794,
        0.0825200422344,
        0.00606376350915,
        0.822524598144,
        0.0888915961129,
        0.0893007067188,
        0.00337867933961,
        0.00407404178693,
        0.903246572155,
    ],
    "voted": [24, 24, 24],
    "targets": [11.4989251037, 8.99920007499, 11.99880012],
    "snippets": [0.00521381280447, 0.000835201929231, 0.105478218554],
    "videos": [0.0143831861667, 0.140977746585, 0.370789929918, 0.010107882334, 0.197076349804, 0.38757070966],
    "gradient_norms": [
        200.217885786,
        22.298706746,
        146.940584263,
        20.4459630156,
        180.370226801,
        19.642010199,
        108.935340952,
        14.7353635974,
        385.181352451,
        36.8986350518,
        85.5105737325,
        11.3737520581,
    ],
    "loss_classification": [19.6534806822, 29.0841276206],
    "loss_attention": [-0.829223241458, -0.468259281586],
    "loss_distillation": [7.33263537228, 9.46802774382],
    "loss_voting": [2.44381568291, 2.36769122272],
}


def scattered(*shape: int, start: int) -> Tensor:
    """Values in [-1, 1) that look random and come from whole numbers alone, the same everywhere; double precision."""
    prime = 2**31 - 1
    position = torch.arange(start, start + torch.Size(shape).numel())
    return (position * position % prime * 48271 % prime).reshape(shape).double() * (2.0 / prime) - 1.0


def golden_model() -> MMSD:
    model = MMSD(rgb_channels=WIDTH, flow_channels=WIDTH, classes=3, channels=16, dropout=0.0).double()
    with torch.no_grad():
        for number, parameter in enumerate(model.parameters()):
            scale = 2.0 * parameter.shape[-1] ** -0.5  # about what Xavier's bound is for the square layers
            parameter.copy_(scale * scattered(*parameter.shape, start=10_000 * (number + 1)))
    return model


def golden_batch() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features (B, T, 2 * WIDTH), mask, tags and stored labels."""
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)
    features = scattered(*mask.shape, 2 * WIDTH, start=777_777).clamp_min(0) * mask.unsqueeze(-1)
    stored = (scattered(3, *mask.shape, start=5_555) > 0).to(features.dtype)
    return features, mask, torch.tensor(LABELS, dtype=torch.float64), stored


def golden() -> dict[str, list[float]]:
    """Sums and single values of everything that the method computes."""
    model = golden_model()
    features, mask, labels, stored = golden_batch()
    scores = model(features[..., :WIDTH], features[..., WIDTH:], mask)
    losses = mmsd_losses(scores, labels, mask, stored, losses=MMSDLossConfig(), voting=VOTING)
    targets, voted = votes(
        stored, confidence(scores.snippet_logits, labels), reliable=VOTING.reliable, margin=VOTING.margin
    )
    torch.stack(list(losses.values())).sum().backward()
    snippets, videos = mixed_scores(scores, (0.2, 0.4, 0.4))
    numbers = {
        "snippet_logits": scores.snippet_logits[:, 1, 4].flatten(),
        "attention": scores.attention[:, :, 7].flatten(),
        "attended": scores.attended_logits.softmax(-1)[:, 1].flatten(),
        "classwise": scores.classwise_logits.softmax(-1)[:, 0].flatten(),
        "voted": voted[:, mask].sum(dim=1).double(),
        "targets": (targets * voted)[:, mask].sum(dim=1),
        "snippets": snippets[0, 3],
        "videos": videos.flatten(),
        "gradient_norms": torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]),
        **{f"loss_{name}": part for name, part in losses.items()},
    }
    return {name: values.tolist() for name, values in numbers.items()}


def test_numbers_are_what_they_were() -> None:
    numbers = golden()
    assert numbers.keys() == GOLDEN.keys()
    for name, values in numbers.items():
        assert values == pytest.approx(GOLDEN[name], rel=1e-9, abs=1e-12), name


if __name__ == "__main__":
    print(json.dumps(golden(), indent=4))
