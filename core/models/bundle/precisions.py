"""What a bundle records of faster arithmetic, and the rule by which a server uses it.

Float32 is the reference: every processor has it, and all of a bundle's figures are measured in it. A network
runs in bfloat16 or int8 only where that was measured beside float32 when the bundle was built, on its own
images: it must flip no decision of the validation split and leave ROC AUC there within `MAX_AUC_CHANGE`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["f32", "bf16", "int8"]
Faster = Literal["bf16", "int8"]

NAMES: dict[Precision, str] = {"f32": "float32", "bf16": "bfloat16", "int8": "int8"}
MAX_AUC_CHANGE = 0.002
CHOOSING_SPLIT = "val"

Share = Annotated[float, Field(ge=0, le=1)]
Correlation = Annotated[float, Field(ge=-1, le=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Difference(_Entry):
    """How answers to the images of one split differ from those in float32.

    Attributes:
        images: How many.
        decisions: How many decisions: one an image, or of the findings network one a finding and image.
        flips: How many of them fall otherwise.
        largest_change: Of a probability.
        auc_change: Of ROC AUC, COVID-19 against normal; None where that has no meaning.
        heat_correlation: Of the heatmaps with those in float32, the median over images; None without any.
        lowest_heat_correlation: The lowest over images.
    """

    images: int = Field(ge=1)
    decisions: int = Field(ge=1)
    flips: int = Field(ge=0)
    largest_change: Share
    auc_change: Correlation | None = None
    heat_correlation: Correlation | None = None
    lowest_heat_correlation: Correlation | None = None

    @property
    def kept(self) -> bool:
        """Whether nothing flips, and ROC AUC stays within its bound."""
        return not self.flips and abs(self.auc_change or 0.0) <= MAX_AUC_CHANGE


class PrecisionTrial(_Entry):
    """One network in a faster precision, measured beside float32.

    Attributes:
        network: A backbone's key, or "findings".
        precision: In which.
        milliseconds: For one image, on the machine that measured.
        float32_milliseconds: The same in float32.
        reference: Its answer to the bundle's reference image: a probability, or raw outputs.
        splits: Differences by split.
    """

    network: str
    precision: Faster
    milliseconds: float = Field(gt=0)
    float32_milliseconds: float = Field(gt=0)
    reference: list[float] = Field(min_length=1)
    splits: dict[str, Difference]

    @property
    def saved_ms(self) -> float:
        """How much less time an image takes than in float32."""
        return self.float32_milliseconds - self.milliseconds

    @property
    def verified(self) -> bool:
        """Whether it may serve: by the validation split alone, and only if it is faster at all."""
        return self.saved_ms > 0 and self.splits[CHOOSING_SPLIT].kept


class Combination(_Entry):
    """Networks in precisions of their own, measured together.

    Attributes:
        precisions: By network; those that are not named run in float32.
        speedup: Time of all networks in float32 divided by theirs, on the machine that measured.
        reference_probability: The ensemble's answer to the reference image.
        splits: Differences of the ensemble's decision, by split.
    """

    precisions: dict[str, Faster]
    speedup: float = Field(gt=0)
    reference_probability: Share
    splits: dict[str, Difference]


class Precisions(_Entry):
    """All that was measured of faster arithmetic.

    Attributes:
        processor: On which.
        trials: Network by network.
        combinations: Verified ones, the fastest first: for processors that have both precisions, or one.
    """

    processor: str
    trials: list[PrecisionTrial]
    combinations: list[Combination]

    def trial(self, network: str, precision: Precision) -> PrecisionTrial | None:
        """What was measured of a network in a precision, if anything."""
        found = (each for each in self.trials if (each.network, each.precision) == (network, precision))
        return next(found, None)

    def best(self, available: Collection[str]) -> Combination | None:
        """The fastest verified combination for a processor; None where float32 is left.

        Args:
            available: The precisions that it has.
        """
        fit = (each for each in self.combinations if set(each.precisions.values()) <= set(available))
        return next(fit, None)


def verified_choices(trials: Collection[PrecisionTrial], allowed: Collection[str]) -> list[dict[str, Faster]]:
    """Every choice of verified precisions among those allowed, the fastest first.

    What is not named stays in float32; to leave all of them there is no choice.
    """
    saved: list[tuple[float, dict[str, Faster]]] = [(0.0, {})]
    for trial in trials:
        if trial.verified and trial.precision in allowed:
            saved += [
                (total + trial.saved_ms, chosen | {trial.network: trial.precision})
                for total, chosen in saved
                if trial.network not in chosen
            ]
    return [chosen for _, chosen in sorted(saved, key=lambda each: -each[0]) if chosen]


def whole_speedup(trials: Collection[PrecisionTrial], chosen: Mapping[str, Faster]) -> float:
    """Time of all networks in float32, divided by their time with some in the precisions chosen."""
    exact = {trial.network: trial.float32_milliseconds for trial in trials}
    saved = sum(trial.saved_ms for trial in trials if chosen.get(trial.network) == trial.precision)
    return sum(exact.values()) / (sum(exact.values()) - saved)
