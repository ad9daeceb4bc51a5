"""Contrastive pre-training: stills and captions find each other in a batch, as in CLIP (Radford et al., ICML 2021)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.encoders.world.small_clip import MAX_TOKENS, PREPARATION, SmallClip, SmallClipEncoder
from weaktal.encoders.world.words import WordTokenizer, words_of
from weaktal.losses.image_text import image_text_loss
from weaktal.worlds.pretraining.captions import caption
from weaktal.worlds.pretraining.loop import Fit, half, train
from weaktal.worlds.pretraining.stills import Stills
from weaktal.worlds.still import Facts

LARGEST_SCALE = 100.0  # of the learned temperature's inverse, as CLIP clips it
FIT = Fit(updates=600, batch=128, rate=1.5e-3, decay=0.05, seed=0)
_SAMPLES_FOR_WORDS = 20_000


def vocabulary(facts: Sequence[Facts], more: Sequence[str], seed: int = 0) -> WordTokenizer:
    """The words of captions of the facts and of ``more`` texts, sorted."""
    rng = np.random.default_rng(seed)
    texts = [caption(facts[i % len(facts)], rng) for i in range(max(_SAMPLES_FOR_WORDS, 2 * len(facts)))]
    return WordTokenizer(sorted({word for text in (*texts, *more) for word in words_of(text)}))


def tokens(texts: Sequence[str], tokenizer: WordTokenizer) -> tuple[Tensor, Tensor]:
    """Token ids (C, L) with marks and padding, and the positions (C,) of the end marks."""
    sequences = [[tokenizer.begin, *tokenizer.ids(text)[: MAX_TOKENS - 2], tokenizer.end] for text in texts]
    length = max(len(sequence) for sequence in sequences)
    ids = torch.tensor([sequence + [tokenizer.padding] * (length - len(sequence)) for sequence in sequences])
    return ids, torch.tensor([len(sequence) - 1 for sequence in sequences])


def draw(stills: Stills, rows: Sequence[int], generator: torch.Generator) -> Tensor:
    """Pictures as the image tower sees them in training, (B, 3, S, S): cut a little, half of them mirrored."""
    size = PREPARATION.size
    pictures = PREPARATION.normalized(torch.from_numpy(stills.pictures[list(rows)]))
    padded = F.pad(pictures, (4, 4, 4, 4), mode="replicate")
    tops, lefts = torch.randint(9, (2, len(rows)), generator=generator).tolist()
    cut = torch.stack([p[:, t : t + size, x : x + size] for p, t, x in zip(padded, tops, lefts, strict=True)])
    mirrored = torch.rand(len(rows), generator=generator) < 0.5
    cut[mirrored] = cut[mirrored].flip(-1)
    contrast = torch.empty(len(rows), 3, 1, 1).uniform_(0.85, 1.15, generator=generator)
    return (cut * contrast).contiguous(memory_format=torch.channels_last)


def train_vlp(
    stills: Stills, tokenizer: WordTokenizer, fit: Fit = FIT, *, say: Callable[[str], None] = print
) -> tuple[SmallClip, list[dict[str, float]]]:
    """Both towers trained from scratch, and their log. Each time a still is seen it has another caption.

    Args:
        stills: to train on.
        tokenizer: of the captions' words.
        fit: how.
        say: gets the lines of the log.
    """
    torch.manual_seed(fit.seed)
    model = SmallClip(vocabulary=len(tokenizer))
    model.image.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    rng = np.random.default_rng(fit.seed)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        rows = torch.randperm(len(stills), generator=generator)[: fit.batch].tolist()
        ids, ends = tokens([caption(stills.facts[row], rng) for row in rows], tokenizer)
        texts = F.normalize(model.text(model.text.tokens(ids), ends), dim=-1)
        with half():
            seen = model.image(draw(stills, rows, generator))
        images = F.normalize(seen.float(), dim=-1)
        with torch.no_grad():
            model.log_scale.clamp_(max=float(np.log(LARGEST_SCALE)))
        loss, found = image_text_loss(images, texts, model.log_scale.exp())
        return {"loss": loss, "found": found, "scale": model.log_scale.detach().exp()}

    return model, train(model, loss_of, fit, say=say)


def image_vectors(encoder: SmallClipEncoder, stills: Stills, *, batch: int = 64) -> Tensor:
    """Unit vectors (N, D) of the stills."""
    parts = []
    with torch.inference_mode():
        for first in range(0, len(stills), batch):
            pictures = PREPARATION.normalized(torch.from_numpy(stills.pictures[first : first + batch]))
            parts.append(F.normalize(encoder.model.image(pictures), dim=-1))
    return torch.cat(parts)


def text_vectors(encoder: SmallClipEncoder, texts: Sequence[str]) -> Tensor:
    """Unit vectors (C, D) of texts."""
    with torch.inference_mode():
        prompts = encoder.assemble(encoder.embed_texts(texts))
        return encoder.encode_text(prompts.embeddings, prompts.end)


def figures(encoder: SmallClipEncoder, stills: Stills, seed: int = 0) -> dict[str, float | dict[str, float]]:
    """How well held-out stills find their captions, their scenes and their events.

    Retrieval is among 100 stills with a caption each, mean over both ways and over all such groups. Zero-shot: "a
    photo of X" for every scene that the stills hold, and "a photo of a person X" for every event, of stills that show
    one.
    """
    rng = np.random.default_rng(seed)
    images = image_vectors(encoder, stills)
    captions = text_vectors(encoder, [caption(fact, rng) for fact in stills.facts])
    groups = [slice(first, first + 100) for first in range(0, len(stills) - 99, 100)]
    ranks = torch.cat([_ranks(images[g] @ captions[g].T) for g in groups])
    result: dict[str, float | dict[str, float]] = {
        "retrieval_at_1_of_100": float((ranks < 1).float().mean()),
        "retrieval_at_5_of_100": float((ranks < 5).float().mean()),
    }
    for what, template in (("scene", "a photo of {}"), ("event", "a photo of a person {}")):
        truth = [getattr(fact, what) for fact in stills.facts]
        names = sorted({name for name in truth if name is not None})
        if not names:
            continue
        nearest = (images @ text_vectors(encoder, [template.replace("{}", name) for name in names]).T).argmax(dim=1)
        hits = [(name, names[k] == name) for name, k in zip(truth, nearest.tolist(), strict=True) if name is not None]
        result[f"zero_shot_{what}"] = float(np.mean([hit for _, hit in hits]))
        result[f"zero_shot_{what}_by_class"] = {
            name: float(np.mean([hit for of, hit in hits if of == name])) for name in names
        }
    return result


def _ranks(cosines: Tensor) -> Tensor:
    """How many others fit better than the own one, for rows and for columns: (2 n,)."""
    own = cosines.diagonal()
    return torch.cat([(cosines > own[:, None]).sum(dim=1), (cosines > own[None]).sum(dim=0)])
