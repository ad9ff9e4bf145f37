"""What the gate makes of its network's outputs: what a picture is, how it lies, whether to ask about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.gate.kinds import FLAGS, KINDS, OUTPUTS, TURNS, Kind, Turn
from core.gate.plausibility import mean_distances
from core.gate.way import Way

Reason = Literal["header", "kind", "unlike", "turned", "inverted"]
# Of what a file may say of its picture, what speaks against asking.
HEADER_CODES, CONTRADICTED = ("not_frontal", "body_part"), "view_contradiction"
Said = tuple[NDArray[np.float32], NDArray[np.float32]]  # outputs and features of a gate's network
Share = Annotated[float, Field(ge=0, le=1)]


class GateLimits(BaseModel):
    """From where on the gate refuses; a hint is said, and refuses nothing.

    All but `not_frontal`, which is fixed, were chosen on validation images.

    Attributes:
        not_frontal: Largest share of everything that is no frontal chest radiograph.
        turned: Largest share of everything but upright.
        inverted: Largest share of inverted.
        distance: Largest distance of its features from those of frontal chest radiographs.
        mirrored: Share from which left and right seem exchanged: a hint.
        missing: Share from which an apex or a base seems to be cut off: a hint.
        feature_mean: Of the frontal chest radiographs that it learnt.
        feature_precision: Inverse of their shrunken covariance.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    not_frontal: Share
    turned: Share
    inverted: Share
    distance: float = Field(gt=0)
    mirrored: Share
    missing: Share
    feature_mean: list[float]
    feature_precision: list[list[float]]

    @model_validator(mode="after")
    def _same_size(self) -> GateLimits:
        size = len(self.feature_mean)
        if [len(row) for row in self.feature_precision] != [size] * size:
            raise ValueError("feature mean and precision differ in size")
        return self


@dataclass(frozen=True)
class Verdict:
    """What the gate says of a picture.

    Attributes:
        kind: What it seems to be.
        kind_share: How sure that is, in [0, 1].
        frontal: Share of a frontal chest radiograph, in [0, 1].
        turn: How it seems to lie.
        turn_share: How sure that is.
        inverted: Share of inverted greys.
        mirrored: Share of left and right exchanged.
        apex_missing: Share of the lungs' apices cut off.
        base_missing: Share of the lungs' bases cut off.
        distance: From the frontal chest radiographs that the gate learnt; 1 is the limit.
        reasons: Why it is refused, the weightiest first; empty where it is not.
        hints: Flags that are said and refuse nothing.
        header: Codes of what the picture's file says against asking.
    """

    kind: Kind
    kind_share: float
    frontal: float
    turn: Turn
    turn_share: float
    inverted: float
    mirrored: float
    apex_missing: float
    base_missing: float
    distance: float
    reasons: tuple[Reason, ...]
    hints: tuple[str, ...]
    header: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the networks should not be asked."""
        return bool(self.reasons)

    @property
    def remedy(self) -> Way | None:
        """What would make an upright chest of it, if that is all that is wrong; else None."""
        if not self.reasons or {"header", "kind", "unlike"} & set(self.reasons):
            return None
        turned, inverted = "turned" in self.reasons, "inverted" in self.reasons
        return Way(quarters=-self.turn.quarters % 4 if turned else 0, inverted=inverted)


def judge(outputs: NDArray[np.float32], features: NDArray[np.float32], limits: GateLimits) -> Verdict:
    """What the gate says of one picture.

    Args:
        outputs: (`OUTPUTS`,), raw.
        features: (f,).
        limits: The gate's.
    """
    kinds, turns, flags = gate_shares(outputs[np.newaxis])
    said = dict(zip(FLAGS, map(float, flags[0]), strict=True))
    kind, turn = int(np.argmax(kinds[0])), int(np.argmax(turns[0]))
    distance = float(feature_distances(features[np.newaxis], limits)[0]) / limits.distance
    reasons: list[Reason] = []
    if 1 - kinds[0, 0] > limits.not_frontal:
        reasons.append("kind")
    lies = _lies(turns[0], said, limits)
    if distance > 1 and not reasons and not lies:  # a chest that lies otherwise is unlike one that stands
        reasons.append("unlike")
    missing = [flag for flag in ("apex_missing", "base_missing") if said[flag] > limits.missing]
    mirrored = ["mirrored"] if said["mirrored"] > limits.mirrored and not lies else []
    return Verdict(
        kind=KINDS[kind],
        kind_share=float(kinds[0, kind]),
        frontal=float(kinds[0, 0]),
        turn=TURNS[turn],
        turn_share=float(turns[0, turn]),
        inverted=said["inverted"],
        mirrored=said["mirrored"],
        apex_missing=said["apex_missing"],
        base_missing=said["base_missing"],
        distance=distance,
        reasons=(*reasons, *lies),
        hints=(*mirrored, *missing),
    )


def seen_both_ways(plain: Said, mirrored: Said) -> Said:
    """What the network says of pictures, steadier for having been asked about their mirror images, too.

    A mirror image is of the same kind, as inverted and as cut off. A quarter turn to the left is one to the
    right there, and the logarithm of the odds of left and right exchanged changes its sign.

    Args:
        plain: Raw outputs (n, `OUTPUTS`) and features (n, f) of pictures.
        mirrored: Those of the same with left and right exchanged.

    Returns:
        The mean of both, in the pictures' own terms.
    """
    first_turn, first_flag = len(KINDS), len(KINDS) + len(TURNS)
    order = np.arange(OUTPUTS)
    order[first_turn:first_flag] = first_turn + np.array([-turn.quarters % 4 for turn in TURNS])
    sign = np.ones(OUTPUTS, dtype=np.float32)
    sign[first_flag + FLAGS.index("mirrored")] = -1
    outputs = np.asarray((plain[0] + mirrored[0][:, order] * sign) / 2, dtype=np.float32)
    return outputs, np.asarray((plain[1] + mirrored[1]) / 2, dtype=np.float32)


def hold_against(verdict: Verdict, codes: Iterable[str]) -> Verdict:
    """The same, with what the picture's file says against it.

    Args:
        verdict: What the picture alone says.
        codes: Of the warnings from reading the file.
    """
    said = tuple(dict.fromkeys(codes))
    header = tuple(code for code in said if code in HEADER_CODES)
    if not header or CONTRADICTED in said:
        return verdict
    return replace(verdict, header=header, reasons=(*verdict.reasons, "header"))


def _lies(turns: NDArray[np.float64], said: dict[str, float], limits: GateLimits) -> list[Reason]:
    lies: list[Reason] = []
    if 1 - turns[0] > limits.turned and int(np.argmax(turns)):
        lies.append("turned")
    if said["inverted"] > limits.inverted:
        lies.append("inverted")
    return lies


def gate_shares(
    outputs: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Raw outputs as shares.

    Args:
        outputs: (n, `OUTPUTS`).

    Returns:
        Of kinds (n, kinds) and of turns (n, turns), each row of sum 1; of flags (n, flags), each in [0, 1].
    """
    raw = outputs.astype(np.float64)
    kinds, turns = len(KINDS), len(TURNS)
    flags = 1 / (1 + np.exp(-raw[:, kinds + turns :]))
    return _softmax(raw[:, :kinds]), _softmax(raw[:, kinds : kinds + turns]), flags


def _softmax(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def feature_distances(features: NDArray[np.float32], limits: GateLimits) -> NDArray[np.float64]:
    """Root mean squared Mahalanobis distances from the frontal chest radiographs that the gate learnt.

    After Lee et al. 2018, arXiv:1807.03888, which sees kinds of pictures that nobody taught it.

    Args:
        features: (n, f).
        limits: Their mean and precision.

    Returns:
        (n,).
    """
    return mean_distances(features, limits.feature_mean, limits.feature_precision)
