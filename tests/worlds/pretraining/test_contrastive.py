from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from weaktal.encoders.world.small_clip import PREPARATION, SmallClipEncoder
from weaktal.losses.image_text import image_text_loss
from weaktal.worlds.pretraining.contrastive import figures, tokens, train_vlp, vocabulary
from weaktal.worlds.pretraining.loop import Fit
from weaktal.worlds.pretraining.stills import Stills
from weaktal.worlds.still import Facts

COLORS = {"beach": (220, 200, 120), "gym": (60, 60, 70), "golf course": (60, 180, 60), "swimming pool": (60, 120, 220)}


def made_up(count: int, seed: int) -> Stills:
    """Scenes that differ in color alone."""
    rng = np.random.default_rng(seed)
    names = [list(COLORS)[i % len(COLORS)] for i in range(count)]
    size = PREPARATION.size
    pictures = np.stack(
        [
            np.clip(np.array(COLORS[name])[:, None, None] + rng.normal(0, 20, (3, size, size)), 0, 255).astype(np.uint8)
            for name in names
        ]
    )
    facts = tuple(
        Facts(scene=name, objects=(), person="a man in a blue shirt", people=1, event=None, light="daylight")
        for name in names
    )
    return Stills(pictures, facts)


def test_training_finds_scenes_by_words() -> None:
    stills = made_up(32, seed=0)
    tokenizer = vocabulary(stills.facts, ["a photo of"])
    fit = Fit(updates=40, batch=8, rate=2e-3, decay=0.0, seed=0)
    model, _ = train_vlp(stills, tokenizer, fit, say=lambda _line: None)
    found = figures(SmallClipEncoder(model, tokenizer, name="tiny"), made_up(100, seed=1))
    assert found["zero_shot_scene"] > 0.7  # type: ignore[operator]  # chance is 0.25


def test_loss_of_perfect_and_of_blind_towers() -> None:
    vectors = torch.eye(4)
    loss, found = image_text_loss(vectors, vectors, torch.tensor(50.0))
    assert loss.item() < 1e-6
    assert found.item() == 1
    same = F.normalize(torch.ones(4, 4), dim=1)
    loss, _ = image_text_loss(same, same, torch.tensor(50.0))
    assert loss.item() == pytest.approx(np.log(4))


def test_loss_equals_the_sum_written_out() -> None:
    generator = torch.Generator().manual_seed(0)
    images, texts = (F.normalize(torch.randn(3, 5, generator=generator), dim=1) for _ in range(2))
    similar = np.exp(3.0 * (images @ texts.T).numpy())
    expected = -np.mean(
        [
            0.5 * np.log(similar[i, i] / similar[i].sum()) + 0.5 * np.log(similar[i, i] / similar[:, i].sum())
            for i in range(3)
        ]
    )
    assert image_text_loss(images, texts, torch.tensor(3.0))[0].item() == pytest.approx(expected, abs=1e-5)


def test_tokens_carry_marks_and_padding() -> None:
    facts = made_up(4, seed=0).facts
    tokenizer = vocabulary(facts, ["high jump"])
    ids, ends = tokens(["high jump", "gym"], tokenizer)
    assert ids[:, 0].tolist() == [tokenizer.begin] * 2
    assert ends.tolist() == [3, 2]
    assert ids[1].tolist() == [tokenizer.begin, *tokenizer.ids("gym"), tokenizer.end, tokenizer.padding]
