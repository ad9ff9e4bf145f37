"""The comparison of models to take away: CSV with all digits, and a table for LaTeX."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.display.tables import NAMES
from core.evaluation.comparison import Answers
from core.evaluation.measures import Measured
from core.export.json_csv import escape_cell


def measures_csv(answers: Answers, found: Mapping[str, Measured]) -> str:
    """All digits, one line a model and measure: model, measure, value, low, high, threshold."""
    rows = [
        {
            "model": escape_cell(entrant.name),
            "measure": NAMES[key],
            "value": found[key].values[column],
            "low": found[key].low[column],
            "high": found[key].high[column],
            "threshold": answers.thresholds[column],
        }
        for column, entrant in enumerate(answers.entrants)
        for key in NAMES
    ]
    return str(pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))


def measures_latex(table: pd.DataFrame, caption: str) -> str:
    """The table of `measures_table` for LaTeX with the package booktabs."""
    styled = table.map(lambda cell: cell.replace("–", "--")).style.hide(axis="index")
    plain = styled.format(escape="latex").format_index(escape="latex", axis=1)
    return str(plain.to_latex(hrules=True, caption=caption, position_float="centering"))
