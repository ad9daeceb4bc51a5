"""Settings of decoding."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from weaktal.config import Settings

Share = Annotated[float, Field(ge=0, le=1)]


def _several(value: Any) -> Any:
    """One threshold may be written without brackets."""
    return [value] if isinstance(value, int | float) else value


class DecodeConfig(Settings):
    """How scores become segments.

    [paper] marks what Ju et al. 2023 state; they name the two thresholds without giving values. All else is open and
    set here. The paper's own rule is ``theta_loc=0.5 threshold_scale=raw score=max``, with a theta_loc to be chosen.
    """

    # Classes with a video score above this are localized [paper; the value is open].
    theta_cls: Share = 0.1
    # So many of the highest-scoring classes are localized whatever their score: each video shows some action.
    keep_top: Annotated[int, Field(ge=0)] = 1
    # Snippets above this form proposals [paper; the value is open]. With several thresholds the proposals of all are
    # pooled: low ones cover whole actions, high ones split neighbors.
    theta_loc: Annotated[
        tuple[Annotated[float, Field(ge=0, lt=1)], ...], Field(min_length=1), BeforeValidator(_several)
    ] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    # What theta_loc is measured by: the score as it is, or the class's highest score in the video.
    threshold_scale: Literal["raw", "video_max"] = "video_max"
    # Score of a proposal: its highest snippet [paper], or the mean inside minus the mean just outside.
    score: Literal["max", "inner_outer"] = "inner_outer"
    # How far "just outside" reaches on each side, in lengths of the proposal, rounded up to snippets.
    outer_share: Annotated[float, Field(gt=0)] = 0.25
    # Multiplies the scores of proposals by their class's video score.
    weight_by_video: bool = False
    # Shorter proposals are dropped; counted in snippets before up-sampling.
    min_snippets: Annotated[float, Field(ge=0)] = 1
    # Scores are interpolated to so many times the snippets, which lets boundaries lie between snippet edges.
    upsample: Annotated[int, Field(ge=1, le=64)] = 1
    # Non-maximum suppression within a class: soft [paper] by a Gaussian of the overlap or linear in it, hard, or none.
    nms: Literal["gaussian", "linear", "hard", "none"] = "gaussian"
    # Width of the Gaussian: a proposal that the better one covers wholly keeps exp(-1 / sigma) of its score.
    sigma: Annotated[float, Field(gt=0)] = 0.3
    # Overlap beyond which linear and hard suppression act.
    nms_overlap: Share = 0.4
    # Overlap as tIoU, or as the share of the lower-scoring proposal that is covered.
    overlap: Literal["tiou", "covered"] = "tiou"
    # Proposals at or below this score are dropped, before and during suppression. Scores only fall, so this never
    # changes what happens to those above it.
    score_floor: Annotated[float, Field(ge=0)] = 1e-3
    # At most so many segments a video, those of the highest scores.
    max_per_video: Annotated[int, Field(ge=1)] = 200
