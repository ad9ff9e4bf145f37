"""The comparison of models to take away: CSV with all digits, and a table for LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from core.display.tables import NAMES, measured_text
from core.evaluation.comparison import Answers
from core.evaluation.measures import MEASURES, Measured
from core.export.json_csv import escape_cell

ABREAST = 3  # measures, as a page is wide


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


def measures_latex(answers: Answers, found: Mapping[str, Measured], caption: str) -> str:
    """Tables below each other for LaTeX with the package booktabs, as narrow as its article class has it.

    Three measures each, first those that depend on the operating point; intervals stand behind the figures.
    """
    measures = sorted(MEASURES, key=lambda each: each.kind)
    parts = [
        _tabular(answers, {each.name: found[each.key] for each in measures[first : first + ABREAST]})
        for first in range(0, len(measures), ABREAST)
    ]
    explained = f"{_escaped(caption)}. In brackets, 95\\,\\% intervals: bootstrap over patients."
    lines = [
        "% Needs \\usepackage{booktabs}.",
        "\\begin{table}[p]",
        "\\centering\\scriptsize\\setlength{\\tabcolsep}{4pt}",
        f"\\caption{{{explained}}}",
        "\n\\par\\bigskip\n".join(parts),
        "\\end{table}\n",
    ]
    return "\n".join(lines)


def _tabular(answers: Answers, found: Mapping[str, Measured]) -> str:
    columns = [measured_text(each) for each in found.values()]
    rows = [["Model", *map(_escaped, found)]]
    for row, entrant in enumerate(answers.entrants):
        cells = [
            f"{figures[row]} {{\\tiny ({ranges[row]})}}" if ranges[row] else figures[row]
            for figures, ranges in columns
        ]
        rows.append([_escaped(entrant.name), *map(_signed, cells)])
    heading, *body = [" & ".join(row) + " \\\\" for row in rows]
    begin = f"\\begin{{tabular}}{{l{'c' * len(columns)}}}"
    lines = [begin, "\\toprule", heading, "\\midrule", *body, "\\bottomrule", "\\end{tabular}"]
    return "\n".join(lines)


def _signed(cell: str) -> str:
    """A cell whose minus signs are no hyphens, and whose dashes are LaTeX's."""
    return re.sub(r"-[\d.]+", r"$\g<0>$", cell).replace("–", "--")


def _escaped(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
