"""What the tables and charts of Compare come to, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.display.wording import listed
from core.evaluation.comparison import Answers
from core.evaluation.measures import MEASURE_BY_KEY, Measured


def base_rates(answers: Answers) -> str:
    """How many images always the same answer would get wrong, and which models do no better than that."""
    images, ill = answers.labels.size, int(answers.labels.sum())
    simple = min(ill, images - ill)
    beaten = [
        each.name
        for column, each in enumerate(answers.entrants)
        if each.same_as is None and (answers.called[:, column] != answers.labels).sum() >= simple
    ]
    said = (
        f"Always answering COVID-19 would be wrong on {images - ill} of these {images} images, never "
        f"answering it on {ill}."
    )
    if simple == 0:
        return f"{said} They are all of one class."
    if not beaten:
        return f"{said} Every model does better."
    return f"{said} No better than the better of the two: {'; '.join(beaten)}."


def missing_intervals(found: Mapping[str, Measured]) -> str:
    """Which measures lack an interval though they have a value, and why; empty where none does.

    Args:
        found: By key, of `MEASURES`.
    """
    without = [
        MEASURE_BY_KEY[key]
        for key, each in found.items()
        if (np.isnan(each.low) & ~np.isnan(each.values)).any()
    ]
    rising = [each.name for each in without if each.rises_when_drawn]
    same = [each.name for each in without if not each.rises_when_drawn]
    said = []
    if same:
        said.append(
            f"Some figures of {listed(same)} have no interval: each draw of patients gives the same, as it "
            "does where a model makes no mistake, so these images cannot say how sure they are."
        )
    if rising:
        said.append(
            f"{listed(rising)} has no interval: drawing images again only adds to it, so draws would all lie "
            "too high."
        )
    return " ".join(said)
