"""The images behind a mark of a chart: which they are, what the mark stands for, and their table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.evaluation.comparison import Answers
from core.evaluation.metrics import calibration_bin_of
from core.evaluation.mistakes import find_mistakes, surest_first
from core.evaluation.predictions import Predictions
from core.vocabulary import ENSEMBLE, LABELS, SPLITS

MAX_ROWS = 50  # of a table on screen: with more of them a click would send more than a rerun may
BINS = 10
# What became of an image, by whether it is COVID-19 and whether it was read as such.
CELLS = {
    (True, True): "COVID-19, found",
    (True, False): "COVID-19, missed",
    (False, True): "not COVID-19, read as COVID-19",
    (False, False): "not COVID-19, read as not",
}


@dataclass(frozen=True)
class Behind:
    """The images behind a mark.

    Attributes:
        name: What the mark stands for, for people.
        model: Key of the model whose mark it is.
        places: Of the images among those of the answers, the most telling first.
        listed: Whether the mark is offered by name, too; single images, of which there are hundreds, are not.
    """

    name: str
    model: str
    places: tuple[int, ...]
    listed: bool = True


def cell_key(model: str, ill: bool, called: bool) -> str:
    """Of a cell in a model's confusion matrix."""
    return f"{model}:{'ill' if ill else 'not'}:{'+' if called else '-'}"


def cells(answers: Answers, column: int) -> Iterator[tuple[str, Behind]]:
    """The four cells of a model's confusion matrix, the surest first in each."""
    entrant, ill, called = answers.entrants[column], answers.labels == 1, answers.called[:, column]
    for (truth, read), words in CELLS.items():
        inside = (ill == truth) & (called == read)
        key = cell_key(entrant.key, truth, read)
        yield key, Behind(f"{entrant.name}: {words}", entrant.key, surest_first(answers, column, inside))


def bins(answers: Answers, column: int) -> Iterator[tuple[str, Behind]]:
    """The bins of a model's reliability in the order of its curve, the lowest probability first in each."""
    entrant, scores = answers.entrants[column], answers.scores[:, column]
    bin_of = calibration_bin_of(scores, BINS)
    for index in np.unique(bin_of):
        places = np.flatnonzero(bin_of == index)
        places = places[np.argsort(scores[places], kind="stable")]
        name = f"{entrant.name}, says {index / BINS:.1f} to {(index + 1) / BINS:.1f}"
        yield f"{entrant.key}:{index}", Behind(name, entrant.key, tuple(places.tolist()))


def mistakes(answers: Answers, model: str, where: str = "at its threshold") -> Behind:
    """What a model decides wrongly, the surest first."""
    name = next(each.name for each in answers.entrants if each.key == model)
    return Behind(f"{name}: wrong {where}", model, find_mistakes(answers, model))


def disagreements(answers: Answers, first: str, second: str) -> Behind:
    """What two models, given by key, decide differently, in the order of the table."""
    keys = [each.key for each in answers.entrants]
    one, other = keys.index(first), keys.index(second)
    places = np.flatnonzero(answers.called[:, one] != answers.called[:, other])
    name = f"{answers.entrants[one].name} and {answers.entrants[other].name} differ"
    return Behind(name, first, tuple(places.tolist()))


def dot_key(split: str, model: str) -> str:
    """Of a dot in the story's picture."""
    return f"{split}:{model}"


def dot_names(splits: Sequence[str], models: dict[str, str]) -> dict[str, tuple[str, str, str]]:
    """What stands behind the dots of the story's picture: split, key of the model and name, by `dot_key`.

    Args:
        splits: Those of which there are answers image by image.
        models: Names by key.
    """
    return {
        dot_key(split, model): (split, model, f"{SPLITS[split].name}, {name}: wrong at its threshold")
        for split in splits
        for model, name in models.items()
    }


def images_table(
    predictions: Predictions,
    answers: Answers,
    places: Sequence[int],
    models: Sequence[str] = (),
    name_of: Callable[[str], str] = str,
) -> pd.DataFrame:
    """Images with their truth and each network's probability.

    Args:
        predictions: The table that was asked.
        answers: Of its models.
        places: Of the images among those of the answers.
        models: Keys of more models than the networks and the ensemble.
        name_of: What people call a source, by its key in the table.
    """
    chosen = list(places)
    table = predictions.take(answers.rows[chosen])
    told = {
        each.name: answers.scores[chosen, column]
        for column, each in enumerate(answers.entrants)
        if each.kind == "backbone" or each.key in (ENSEMBLE, *models)
    }
    truth = [LABELS[label] for label in table.label]
    sources = [name_of(str(source)) for source in table.source]
    return pd.DataFrame({"Image": table.path, "Source": sources, "Class": truth} | told)
