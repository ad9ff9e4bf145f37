"""The third answer: "cannot tell", where a picture is like both classes or like neither, at an error rate.

Split conformal prediction, class by class (Vovk et al. 2005, Algorithmic Learning in a Random World, section
4.5; Angelopoulos & Bates 2023, arXiv:2107.07511, section 2): of COVID-19 images like those that calibrated
it, at most the error rate get a set without COVID-19, and of normal ones without normal. A set of one class
is an answer. At a low rate the classes overlap, and a picture can be like both; at a high one each is narrow,
and a picture can be like neither. What comes from elsewhere is promised nothing. Serving needs two numbers.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Answer = Literal["covid", "normal", "both", "neither"]  # the last two are "cannot tell"
ERROR_RATES = (0.05, 0.1, 0.2)  # that the user can choose from
USUAL_ERROR_RATE = 0.1


class ThirdAnswer(BaseModel):
    """When one model may answer, at one error rate.

    Attributes:
        error_rate: Of each class, among images like those that calibrated it, at most.
        covid_from: From this P(COVID-19) on, COVID-19 is plausible.
        normal_to: Up to this P(COVID-19), normal is plausible.
        covid_images: COVID-19 images that calibrated it; with too few, COVID-19 is always plausible.
        normal_images: Normal ones likewise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    error_rate: float = Field(gt=0, lt=1)
    covid_from: float = Field(ge=0, le=1)
    normal_to: float = Field(ge=0, le=1)
    covid_images: int = Field(ge=0)
    normal_images: int = Field(ge=0)

    def answer(self, probability: float) -> Answer:
        """What the model says, given its P(COVID-19)."""
        covid, normal = probability >= self.covid_from, probability <= self.normal_to
        if covid == normal:
            return "both" if covid else "neither"
        return "covid" if covid else "normal"

    def judge(self, probabilities: NDArray[np.floating]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """What the model says of many images.

        Args:
            probabilities: (n,), P(COVID-19).

        Returns:
            (n,) twice: whether COVID-19 is plausible, and whether the model is silent.
        """
        covid, normal = probabilities >= self.covid_from, probabilities <= self.normal_to
        return np.asarray(covid), np.asarray(covid == normal)


def rate_key(error_rate: float) -> str:
    """An error rate in per cent, as files name it."""
    return f"{100 * error_rate:g}"


def calibrates(group: str) -> bool:
    """Whether a patient of the test split calibrates third answers, or measures them: a hash decides."""
    return hashlib.sha256(group.encode()).digest()[1] % 2 == 0
