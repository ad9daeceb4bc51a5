"""Settings of decoding."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from weaktal.config import Settings, setting

Share = Annotated[float, Field(ge=0, le=1)]


def _several(value: Any) -> Any:
    """One threshold may be written without brackets."""
    return [value] if isinstance(value, int | float) else value


class DecodeConfig(Settings):
    """How scores become segments.

    The sources speak of Ju et al. 2023, who name the two thresholds without giving values. The paper's own rule is
    ``theta_loc=0.5 threshold_scale=raw score=max``, with a theta_loc to be chosen.
    """

    theta_cls: Share = setting(
        0.1, "Classes with a video score above this are localized. Ju et al. have the rule without a value.", "open"
    )
    keep_top: Annotated[int, Field(ge=0)] = setting(
        1,
        "So many of the highest-scoring classes are localized whatever their score: each video shows some action.",
        "ours",
        unit="classes",
    )
    theta_loc: Annotated[
        tuple[Annotated[float, Field(ge=0, lt=1)], ...], Field(min_length=1), BeforeValidator(_several)
    ] = setting(
        (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        "Snippets above this form proposals. With several thresholds the proposals of all are pooled: low ones cover "
        "whole actions, high ones split neighbors. Ju et al. have one, without its value.",
        "open",
    )
    threshold_scale: Literal["raw", "video_max"] = setting(
        "video_max",
        "What theta_loc is measured by: the score as it is (raw), or the class's highest score in the video.",
        "open",
    )
    score: Literal["max", "inner_outer"] = setting(
        "inner_outer",
        "Score of a proposal: its highest snippet (max, as in Ju et al.), or the mean inside minus the mean just "
        "outside.",
        "ours",
    )
    outer_share: Annotated[float, Field(gt=0)] = setting(
        0.25,
        'How far "just outside" reaches on each side, rounded up to snippets.',
        "ours",
        unit="lengths of the proposal",
    )
    weight_by_video: bool = setting(False, "Multiply the scores of proposals by their class's video score.", "ours")
    min_snippets: Annotated[float, Field(ge=0)] = setting(
        1, "Shorter proposals are dropped; counted before up-sampling.", "ours", unit="snippets"
    )
    upsample: Annotated[int, Field(ge=1, le=64)] = setting(
        1,
        "Scores are interpolated to so many times the snippets, which lets boundaries lie between snippet edges.",
        "ours",
    )
    snap: Annotated[float, Field(ge=0, le=64)] = setting(
        0.0,
        "How far a boundary may move to the strongest change of the features, a local maximum above the video's mean. "
        "0 moves none.",
        "ours",
        unit="snippets",
    )
    least_support: Share = setting(
        0.0,
        "Proposals are dropped whose mean tIoU with those of their class that overlap them is below this share of the "
        "highest of their class in the video: what thresholds do not agree on. 0 drops none.",
        "ours",
    )
    fusion: Literal["none", "gaussian"] = setting(
        "none",
        "Before suppression, boundaries become means over the overlapping proposals, weighted by their scores and a "
        "Gaussian of the overlap.",
        "ours",
    )
    fusion_sigma: Annotated[float, Field(gt=0)] = setting(
        0.3, "Width of that Gaussian: a proposal of tIoU o has exp(-(1 - o)^2 / sigma) of its score as weight.", "ours"
    )
    fusion_overlap: Annotated[float, Field(gt=0, le=1)] = setting(
        0.5, "tIoU from which on proposals are fused.", "ours"
    )
    nms: Literal["gaussian", "linear", "hard", "none"] = setting(
        "gaussian",
        "Non-maximum suppression within a class: soft by a Gaussian of the overlap or linear in it, hard, or none. Ju "
        "et al. have soft-NMS without saying which.",
        "open",
    )
    sigma: Annotated[float, Field(gt=0)] = setting(
        0.3,
        "Width of the Gaussian: a proposal that the better one covers wholly keeps exp(-1 / sigma) of its score.",
        "open",
    )
    nms_overlap: Share = setting(0.4, "Overlap beyond which linear and hard suppression act.", "ours")
    overlap: Literal["tiou", "covered"] = setting(
        "tiou", "Overlap as tIoU, or as the share of the lower-scoring proposal that is covered.", "open"
    )
    score_floor: Annotated[float, Field(ge=0)] = setting(
        1e-3,
        "Proposals at or below this score are dropped, before and during suppression. Scores only fall, so this never "
        "changes what happens to those above it.",
        "ours",
    )
    max_per_video: Annotated[int, Field(ge=1)] = setting(
        200, "At most so many segments in a video, those of the highest scores.", "ours", unit="segments"
    )
