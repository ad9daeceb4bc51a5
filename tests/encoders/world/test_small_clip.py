from __future__ import annotations

import numpy as np
import pytest
import torch

from weaktal.encoders.prompts import class_vectors, prompted_vectors
from weaktal.encoders.world.small_clip import DIM, MAX_TOKENS, TOKEN_DIM, SmallClip, SmallClipEncoder
from weaktal.encoders.world.words import WordTokenizer
from weaktal.errors import InputError

WORDS = ["a", "high", "jump", "of", "person", "photo", "running", "throwing", "track", "video"]
TEXTS = ["a video of a person running", "high jump", "photo of a person throwing"]


@pytest.fixture
def encoder() -> SmallClipEncoder:
    torch.manual_seed(0)
    tokenizer = WordTokenizer(WORDS)
    model = SmallClip(vocabulary=len(tokenizer))
    for parameter in model.text.parameters():
        torch.nn.init.normal_(parameter, std=0.2)  # so that position, order and mask show
    return SmallClipEncoder(model, tokenizer, name="small")


def test_frames_of_any_size_become_unit_vectors(encoder: SmallClipEncoder) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 40, 70, 3), dtype=np.uint8)
    vectors = encoder.encode_frames(frames)
    assert vectors.shape == (3, DIM)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    assert not torch.allclose(vectors[0], vectors[1], atol=1e-3)


def test_no_learnable_vectors_equal_the_plain_class_vectors(encoder: SmallClipEncoder) -> None:
    none = torch.zeros(0, TOKEN_DIM)
    plain = class_vectors(encoder, TEXTS)
    torch.testing.assert_close(plain.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(
        prompted_vectors(encoder, encoder.embed_texts(TEXTS), none, none), plain, rtol=0, atol=1e-5
    )


def test_vectors_that_spell_words_mean_the_words(encoder: SmallClipEncoder) -> None:
    (before,) = encoder.embed_texts(["a video of a person"])
    (after,) = encoder.embed_texts(["track"])
    ours = prompted_vectors(encoder, encoder.embed_texts(["running", "high jump"]), before, after)
    texts = ["a video of a person running track", "a video of a person high jump track"]
    torch.testing.assert_close(ours, class_vectors(encoder, texts), rtol=0, atol=1e-5)


def test_gradients_reach_the_learnable_vectors_and_nothing_else(encoder: SmallClipEncoder) -> None:
    before, after = torch.randn(16, TOKEN_DIM, requires_grad=True), torch.randn(16, TOKEN_DIM, requires_grad=True)
    prompted_vectors(encoder, encoder.embed_texts(["running", "high jump"]), before, after)[:, 0].sum().backward()
    for learned in (before, after):
        assert learned.grad is not None
        assert (learned.grad.abs().sum(dim=1) > 0).all()
    assert all(parameter.grad is None for parameter in encoder.model.parameters())


def test_causal_mask_and_pooling_at_the_end_mark(encoder: SmallClipEncoder) -> None:
    """What stands behind the end mark changes nothing; what stands before it does."""
    prompts = encoder.assemble(encoder.embed_texts(["running", TEXTS[0]]))
    behind, before = prompts.embeddings.clone(), prompts.embeddings.clone()
    behind[0, prompts.end[0] + 1 :] = 9.0
    before[0, 1] += torch.linspace(-2, 2, TOKEN_DIM)
    plain = encoder.encode_text(prompts.embeddings, prompts.end)
    torch.testing.assert_close(encoder.encode_text(behind, prompts.end), plain, rtol=0, atol=1e-6)
    assert not torch.allclose(encoder.encode_text(before, prompts.end)[0], plain[0], atol=1e-2)


def test_no_token_sees_a_later_one(encoder: SmallClipEncoder) -> None:
    """Pooled at each place in turn, only places from the changed token on differ."""
    prompts = encoder.assemble(encoder.embed_texts([TEXTS[0]]))
    length = prompts.embeddings.shape[1]
    changed = prompts.embeddings.clone()
    changed[0, 4] += torch.linspace(-2, 2, TOKEN_DIM)
    places = torch.arange(length)
    one = encoder.encode_text(prompts.embeddings.expand(length, -1, -1), places)
    two = encoder.encode_text(changed.expand(length, -1, -1), places)
    differs = (one - two).abs().amax(dim=1) > 1e-5
    assert differs.tolist() == [place >= 4 for place in range(length)]


def test_word_order_matters(encoder: SmallClipEncoder) -> None:
    one, two = class_vectors(encoder, ["high jump", "jump high"])
    assert not torch.allclose(one, two, atol=1e-3)


def test_a_prompt_that_is_too_long_is_refused(encoder: SmallClipEncoder) -> None:
    longest = encoder.embed_texts(["running " * (MAX_TOKENS - 2)])
    assert encoder.assemble(longest).embeddings.shape == (1, MAX_TOKENS, TOKEN_DIM)
    with pytest.raises(InputError, match=f"has {MAX_TOKENS + 1} tokens; expected at most {MAX_TOKENS}"):
        encoder.assemble(encoder.embed_texts(["running " * (MAX_TOKENS - 1)]))


def test_a_vocabulary_of_another_size_is_refused(encoder: SmallClipEncoder) -> None:
    with pytest.raises(InputError, match="has 5 ids; expected the 13 of its weights"):
        SmallClipEncoder(encoder.model, WordTokenizer(WORDS[:2]), name="small")
