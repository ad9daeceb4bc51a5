"""How features of a user's own videos are made: as those of a run were made, which its manifests tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weaktal.data.manifest import FILE, Manifest
from weaktal.devices import Precision
from weaktal.encoders.frames import Crop
from weaktal.encoders.look import Look
from weaktal.encoders.names import has_name, is_reference
from weaktal.encoders.weights import KNOWN, weights_folder
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError, arg, shown
from weaktal.extraction.folders import Target, extraction_settings
from weaktal.extraction.pipeline import Sampling
from weaktal.video.flow import METHODS

# The encoder that the user names, or several by the names of their feature folders.
EncodersLike = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Extraction:
    """How one folder of features is made.

    Attributes:
        encoder: as ``weaktal extract --encoder`` takes it.
        weights: which to take.
        sampling: where snippets lie.
        flow: method of optical flow.
        precision: of the networks.
        look: which layer and pooling of a checkpoint of the transformers library.
        fits: whether windows grow to what the encoder was made to look at.
    """

    encoder: str
    weights: WeightsChoice
    sampling: Sampling
    flow: str = "tvl1"
    precision: Precision = "fp32"
    look: Look | None = None
    fits: bool = False


def as_in_training(
    name: str, manifest: Manifest | None, weights: WeightsChoice, run: Path, named: Mapping[str, str] | None = None
) -> Extraction:
    """How to make features like those that a run was trained on.

    Args:
        name: of the run's feature folder.
        manifest: of these features, as the run kept it.
        weights: where to look for weights.
        run: its folder, for messages.
        named: the encoders that the user names, as of :func:`named_encoders`.

    Raises:
        InputError: if the run does not say how they were made, or weaktal cannot make such.
    """
    if manifest is None:
        raise InputError(
            f"does not say how its features {shown(name)} were made",
            source=run,
            expected=f"a run trained on features with a {FILE}; or localize a DATASET that has such features",
        )
    extra = manifest.model_extra or {}
    crop: Crop = "ten" if extra.get("crop") == "ten" else "center"
    precision: Precision = "bf16" if extra.get("precision") == "bf16" else "fp32"
    flow = extra.get("flow")
    sides = extra.get("geometry")
    geometry = (int(sides[0]), int(sides[1])) if isinstance(sides, list) and len(sides) == 2 else None
    seed = extra.get("random_weights")
    if type(seed) is int and 0 <= seed < 2**63:
        weights = WeightsChoice(weights.root, weights.paths, seed)
    return Extraction(
        encoder=_encoder_word(name, manifest, weights, run, named or {}),
        weights=weights,
        sampling=Sampling(
            fps=manifest.fps,
            window=manifest.window,
            stride=manifest.stride,
            crop=crop,
            geometry=geometry,
            eight_bits=extra.get("flow_bits") == 8,
        ),
        flow=flow if isinstance(flow, str) and flow in METHODS else "tvl1",
        precision=precision,
        look=_look(extra),
    )


def _look(extra: Mapping[str, object]) -> Look | None:
    """The layer, pooling and frames that a manifest names; None where it names none."""
    if not extra.keys() & {"layer", "pooling"}:
        return None
    return Look.of({key: extra[key] for key in ("layer", "pooling", "frames") if key in extra})


def named_encoders(encoders: EncodersLike | None, manifests: Mapping[str, Manifest]) -> dict[str, str]:
    """The encoders that the user names for a run's features, by the name of the feature folder.

    Args:
        encoders: by the name of the feature folder; a single one is for those features whose encoder the run calls by
            ``package.module:function``, which is not run because a file says so.
        manifests: of the features that are wanted.

    Raises:
        InputError: if the run has no features of that name, or none that a single one is for.
    """
    if encoders is None:
        return {}
    if isinstance(encoders, str):
        wanting = [name for name, manifest in manifests.items() if is_reference(manifest.encoder)]
        if not wanting:
            problem = "is for features of an encoder that is called by package.module:function"
            expected = f"to be left out, or NAME={encoders} with NAME one of {', '.join(manifests)}"
            raise InputError(problem, source=f"{arg('encoder')} {encoders}", expected=expected)
        return dict.fromkeys(wanting, encoders)
    for name in encoders:
        if name not in manifests:
            expected = f"one of {', '.join(manifests)}"
            raise InputError(f"no features {shown(name)} in this run", source=arg("encoder"), expected=expected)
    return dict(encoders)


def _encoder_word(name: str, manifest: Manifest, weights: WeightsChoice, run: Path, named: Mapping[str, str]) -> str:
    """What ``weaktal extract --encoder`` calls the encoder of a manifest."""
    encoder = manifest.encoder
    if name in named:
        return named[name]
    if has_name(encoder):
        return encoder
    if ":" in encoder:
        raise InputError(
            f"its features {shown(name)} were made by {shown(encoder)}, and no code is run because a file names it",
            source=run,
            expected=f"{arg('encoder')} {encoder}, if you trust it",
        )
    places = [weights.paths.get(encoder), weights.root, weights.root and weights.root / encoder]
    for place in (*places, weights_folder() / encoder):
        if place is not None and (place / "config.json").is_file():
            return str(place)
    if not manifest.tells_making:
        raise InputError(
            f"its features {shown(name)} were made by {shown(encoder)}, which cannot be run on videos here",
            source=run,
            expected="a run on features that weaktal extract can make; or localize a DATASET that has such features",
        )
    organization, dashes, model = encoder.partition("--")
    if dashes and encoder not in KNOWN:
        return f"{organization}/{model}"  # its weights are missing, and the catalog says from where to fetch them
    raise InputError(
        f"the checkpoint of the run's encoder {shown(encoder)} is missing",
        source=weights_folder() / encoder,
        expected=f"its folder there, {arg('weights')} {encoder}=FOLDER, or the package that offers {encoder} installed",
    )


def check_same(name: str, manifest: Manifest, target: Target, run: Path, *, named: bool = False) -> None:
    """Refuses to feed a run with features that differ from those that it was trained on in anything that both state.

    Where the user ``named`` the encoder, it may have moved to another module since, or to an entry point.

    Raises:
        InputError: naming the setting, such as the hash of the weights.
    """
    trained, made = extraction_settings(manifest), extraction_settings(target.manifest)
    # By its hash a checkpoint is known, whatever its folder is called by now.
    renamed = {"encoder"} if named or manifest.weights_sha256 is not None else set()
    for key in sorted(trained.keys() & made.keys() - renamed):
        if trained[key] != made[key]:
            raise InputError(
                f"was trained on features {shown(name)} with {key} {shown(trained[key], 80)}, "
                f"those of the videos have {shown(made[key], 80)}",
                source=run,
                expected="the same encoder and weights as in training",
            )
