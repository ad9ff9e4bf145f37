"""Plotly figures of the comparison page. One colour and one line style a model, and a table behind each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from core.display.behind import Behind, cell_key, cells, dot_key
from core.display.style import CELLS, FIRST, NEUTRAL, SECOND, line_style, marker_style
from core.display.wording import percent
from core.evaluation.comparison import Answers, Entrant
from core.evaluation.metrics import confusion
from core.evaluation.predictions import Predictions
from core.evaluation.record import Point
from core.evaluation.significance import kappa
from core.vocabulary import LABELS, SPLITS

Floats = NDArray[np.float64]
TableRow = dict[str, str | float | int]
AXIS_LETTERS = 24  # of a line of a name beside an axis: a phone needs room for the plot
LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"}
PANELS = ("Is it COVID-19?", "Which source is it from?")


@dataclass(frozen=True)
class Chart:
    """A figure, what it says in words, and its numbers.

    Attributes:
        figure: For Plotly.
        words: The same for whoever cannot see it.
        table: One row a line of the figure's table.
        behind: The images behind its marks, by what a mark holds as its `customdata`.
    """

    figure: go.Figure
    words: str
    table: tuple[TableRow, ...]
    behind: dict[str, Behind] = field(default_factory=dict)


def distinct(answers: Answers) -> list[tuple[int, Entrant]]:
    """Entrants with scores of their own: nothing is drawn twice."""
    return [(column, each) for column, each in enumerate(answers.entrants) if each.same_as is None]


def square(figure: go.Figure, x: str, y: str, height: int = 460) -> go.Figure:
    """Lays out a figure whose axes both go from 0 to 1."""
    figure.update_xaxes(title=x, range=[-0.01, 1.01], fixedrange=True)
    figure.update_yaxes(title=y, range=[-0.01, 1.02], fixedrange=True)
    return figure.update_layout(
        height=height, margin={"l": 0, "r": 8, "t": 16, "b": 0}, legend=LEGEND, dragmode=False
    )


def add_line(figure: go.Figure, x: Floats, y: Floats, entrant: Entrant, shape: str = "linear") -> None:
    """Adds a model's curve, in single precision: a thousandth of a pixel, and half as much to send."""
    figure.add_trace(
        go.Scatter(
            x=np.asarray(x, np.float32),
            y=np.asarray(y, np.float32),
            mode="lines",
            name=entrant.name,
            legendgroup=entrant.key,
            line={**line_style(entrant), "shape": shape},
            hovertemplate=f"{entrant.name}: %{{x:.2f}}, %{{y:.2f}}<extra></extra>",
        )
    )


def confusion_chart(answers: Answers, columns: int = 4) -> Chart:
    """Small multiples: counts, and shares of the true class."""
    own = distinct(answers)
    rows = -(-len(own) // columns)
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=[two_lines(each.name) for _, each in own],
        vertical_spacing=0.34 / rows,
        horizontal_spacing=0.03,
        shared_yaxes=True,
    )
    figure.update_annotations(font_size=12)
    table: list[TableRow] = []
    behind: dict[str, Behind] = {}
    for place, (column, entrant) in enumerate(own):
        counts = confusion(answers.labels, answers.scores[:, column], answers.thresholds[column])
        matrix = [
            [counts.true_positives, counts.false_negatives],
            [counts.false_positives, counts.true_negatives],
        ]
        shares = [[cell / max(sum(row), 1) for cell in row] for row in matrix]
        behind |= cells(answers, column)
        figure.add_trace(
            go.Heatmap(
                z=shares,
                x=["+", "−"],
                y=["COVID-19", "not"],
                zmin=0,
                zmax=1,
                colorscale=CELLS,
                textfont={"color": "#FFFFFF"},
                showscale=False,
                text=[
                    [f"{cell}<br>{percent(share)}" for cell, share in zip(*pair, strict=True)]
                    for pair in zip(matrix, shares, strict=True)
                ],
                texttemplate="%{text}",
                hovertemplate=f"{entrant.name}<br>%{{y}}, read as %{{x}}: %{{text}}<extra></extra>",
            ),
            place // columns + 1,
            place % columns + 1,
        )
        keys = [cell_key(entrant.key, ill, called) for ill in (True, False) for called in (True, False)]
        figure.add_trace(
            cell_marks(["+", "−"] * 2, ["COVID-19"] * 2 + ["not"] * 2, keys, size=36),
            place // columns + 1,
            place % columns + 1,
        )
        table.append(
            {
                "Model": entrant.name,
                "True positives": counts.true_positives,
                "False negatives": counts.false_negatives,
                "False positives": counts.false_positives,
                "True negatives": counts.true_negatives,
            }
        )
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    figure.update_layout(height=210 * rows, margin={"l": 0, "r": 0, "t": 40, "b": 0}, dragmode=False)
    worst = max(table, key=lambda row: int(row["False negatives"]) + int(row["False positives"]))
    words = (
        "Confusion matrices: rows say what the images show, columns what a model reads, + for COVID-19; "
        f"counts, and shares of the row. Most mistakes: {worst['Model']}, with {worst['False negatives']} "
        f"COVID-19 images missed and {worst['False positives']} others read as COVID-19."
    )
    return Chart(figure, words, tuple(table), behind)


def cell_marks(x: list[str], y: list[str], keys: Sequence[Any], size: int) -> go.Scatter:
    """Marks over the cells of a heatmap, which cannot be chosen themselves.

    Args:
        x: Of each cell.
        y: Likewise.
        keys: What stands behind each.
        size: In px.
    """
    return go.Scatter(
        x=x,
        y=y,
        customdata=keys,
        mode="markers",
        marker={"symbol": "square", "size": size, "opacity": 0},
        selected={"marker": {"opacity": 0.15, "color": NEUTRAL}},
        unselected={"marker": {"opacity": 0}},
        hoverinfo="none",
        showlegend=False,
    )


def scores_chart(
    answers: Answers, predictions: Predictions, shown: str, name_of: Callable[[str], str] = str
) -> Chart:
    """The scores of one model, by class and source: a shortcut shows where sources of one class differ.

    Args:
        answers: Of the models.
        predictions: The table that was asked.
        shown: The key of the model.
        name_of: What people call a source, by its key in the table.
    """
    column = [each.key for each in answers.entrants].index(shown)
    entrant = answers.entrants[column]
    table = predictions.take(answers.rows)
    figure = go.Figure()
    rows: list[TableRow] = []
    behind: dict[str, Behind] = {}
    for label in sorted(LABELS):
        for source in sorted(set(table.source[table.label == label])):
            inside = (table.label == label) & (table.source == source)
            values = answers.scores[inside, column]
            places = np.flatnonzero(inside)
            worst_first = places[np.argsort(values if label == "covid" else -values, kind="stable")]
            behind[f"{label}:{source}"] = Behind(
                f"{name_of(source)}, {LABELS[label]}: the most wrong first",
                shown,
                tuple(worst_first.tolist()),
            )
            behind |= {
                str(place): Behind(str(table.path[place]), shown, (int(place),), False) for place in places
            }
            name = "<br>".join(wrap(f"{name_of(source)}: {LABELS[label]} ({values.size})", AXIS_LETTERS))
            figure.add_trace(
                go.Box(
                    x=values.astype(np.float32),  # three digits are shown, and every click sends them
                    name=name,
                    boxpoints="all",
                    jitter=0.5,
                    pointpos=0,
                    customdata=places.astype(str),
                    hoveron="points",
                    marker={"size": 3, "opacity": 0.5},
                    line={"color": FIRST if label == "covid" else SECOND, "width": 1.5},
                    hovertemplate="%{x:.3f}<extra></extra>",
                    showlegend=False,
                )
            )
            rows.append(
                {
                    "Source": name_of(source),
                    "Class": LABELS[label],
                    "Images": int(values.size),
                    "Median": float(np.median(values)),
                    "Read as COVID-19": float((values >= answers.thresholds[column]).mean()),
                }
            )
    figure.add_vline(x=float(answers.thresholds[column]), line={"color": NEUTRAL, "dash": "dash", "width": 1})
    figure.update_xaxes(title=f"P(COVID-19), {entrant.name}", range=[-0.02, 1.02], fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    figure.update_layout(height=90 + 70 * len(rows), margin={"l": 0, "r": 8, "t": 16, "b": 0}, dragmode=False)
    words = f"{entrant.name}, by source: inside one class all rows should look alike, or a source shows."
    read = "Read as COVID-19"
    of_class = [[row for row in rows if row["Class"] == name] for name in LABELS.values()]
    ends = [sorted(each, key=lambda row: float(row[read])) for each in of_class if each]
    apart = max(ends, key=lambda each: float(each[-1][read]) - float(each[0][read]))
    least, most = apart[0], apart[-1]
    if most[read] != least[read]:
        words += (
            f" They differ most in {most['Class']}: of {least['Images']} of {least['Source']} "
            f"{percent(float(least[read]))} are read as COVID-19, of {most['Images']} of {most['Source']} "
            f"{percent(float(most[read]))}."
        )
    return Chart(figure, words, tuple(rows), behind)


def agreement_chart(answers: Answers) -> Chart:
    """Cohen's kappa of every pair of models, and on how many images they differ."""
    own = distinct(answers)
    names = [each.name for _, each in own]
    called = answers.called
    size = len(own)
    kappas, differ = np.full((size, size), np.nan), np.zeros((size, size), dtype=int)
    table: list[TableRow] = []
    for i, (first, one) in enumerate(own):
        for j, (second, other) in enumerate(own[:i]):
            kappas[i, j] = kappa(called[:, first], called[:, second])
            differ[i, j] = int((called[:, first] != called[:, second]).sum())
            table.append(
                {"Model": one.name, "And": other.name, "Kappa": kappas[i, j], "Differ on": int(differ[i, j])}
            )
    figure = go.Figure(
        go.Heatmap(
            z=kappas[1:, :-1],
            x=names[:-1],  # in one line, which Plotly turns where there is no room
            y=[two_lines(name) for name in names[1:]],
            zmin=0,
            zmax=1,
            colorscale=CELLS,
            textfont={"color": "#FFFFFF"},
            showscale=False,  # each cell holds its number, and a phone has no room
            text=[
                [_cell(kappas[i, j], differ[i, j]) if j < i else "" for j in range(size - 1)]
                for i in range(1, size)
            ],
            texttemplate="%{text}",
            hovertemplate="%{y} and %{x}: %{text} images<extra></extra>",
            hoverongaps=False,
        )
    )
    pairs = [(one, other) for i, (_, one) in enumerate(own) for _, other in own[:i]]
    figure.add_trace(
        cell_marks(
            [other.name for _, other in pairs],
            [two_lines(one.name) for one, _ in pairs],
            [(one.key, other.key) for one, other in pairs],
            size=36,
        )
    )
    figure.update_xaxes(range=[-0.5, size - 1.5], fixedrange=True, showgrid=False)
    figure.update_yaxes(range=[size - 1.5, -0.5], fixedrange=True, showgrid=False)
    figure.update_layout(height=80 + 46 * size, margin={"l": 0, "r": 0, "t": 16, "b": 0}, dragmode=False)
    known = [row for row in table if not np.isnan(float(row["Kappa"]))]
    words = "At these thresholds every model gives one answer to all images, so there is no kappa."
    if known:
        least = min(known, key=lambda row: float(row["Kappa"]))
        words = (
            f"Agreement beyond chance (kappa above, images they differ on below). {least['Model']} and "
            f"{least['And']} agree least: {least['Kappa']:.2f}, {least['Differ on']} images."
        )
    return Chart(figure, words, tuple(table))


def _cell(agreement: float, images: int) -> str:
    return f"{'–' if np.isnan(agreement) else f'{agreement:.2f}'}<br>{images}"


def shortcut_chart(points: Sequence[Point], names: dict[str, Entrant], tells: Sequence[Point] = ()) -> Chart:
    """Every model at clinics never seen, on sources left out, with lungs covered and on known sources.

    The kinds of images stand below each other, so that their names have room on a phone, too.

    Args:
        points: (model, kind of images, ROC AUC), in the order to show.
        names: Entrants by key.
        tells: The same of telling two sources of one class apart: a panel of its own, if there are any.
    """
    kinds = list(dict.fromkeys(kind for _, kind, _ in points))
    others = list(dict.fromkeys(kind for _, kind, _ in tells))
    panels = [(title, each) for title, each in zip(PANELS, (kinds, others), strict=True) if each]
    figure = make_subplots(
        max(len(panels), 1),
        1,
        shared_xaxes=True,
        row_heights=[len(each) for _, each in panels] or None,
        vertical_spacing=0.13,
        subplot_titles=[title for title, _ in panels],
    )
    table: list[TableRow] = []
    for key, entrant in names.items():
        known = {kind: value for model, kind, value in points if model == key}
        told = {kind: value for model, kind, value in tells if model == key}
        if len(known) < 2:
            continue
        figure.add_trace(_dots(entrant, known, first=True), 1, 1)
        if told:
            figure.add_trace(_dots(entrant, told, first=False), 2, 1)
        shown = {kind: known.get(kind, float("nan")) for kind in kinds}
        shown |= {kind: told.get(kind, float("nan")) for kind in others}
        table.append({"Model": entrant.name} | shown)
    figure.add_vline(x=0.5, line={"color": NEUTRAL, "dash": "dot", "width": 1})
    low = min((value for _, _, value in (*points, *tells)), default=0.5)
    figure.update_xaxes(range=[min(0.45, low - 0.03), 1.02], fixedrange=True)
    figure.update_xaxes(title="ROC AUC (dotted: chance)", row=len(panels))
    for row, (_, each) in enumerate(panels, start=1):
        figure.update_yaxes(
            categoryarray=[two_lines(kind) for kind in each],
            range=[len(each) - 0.5, -0.5],
            fixedrange=True,
            row=row,
        )
    figure.update_annotations(x=0, xanchor="left", font_size=14)
    figure.update_layout(
        height=240 + 48 * (len(kinds) + len(others)),
        margin={"l": 0, "r": 8, "t": 28, "b": 0},
        legend=LEGEND,
        dragmode=False,
    )
    words = " ".join([*_falls(points, names), *_tells(tells)])
    return Chart(figure, words, tuple(table))


def two_lines(name: str) -> str:
    """A name with its part after the comma on a line of its own."""
    return name.replace(", ", ",<br>")


def _falls(points: Sequence[Point], names: dict[str, Entrant]) -> Iterator[str]:
    """How far the models fall from known sources to the first kind of images."""
    hardest, home = points[0][1] if points else "", SPLITS["test"].name
    there, here = ({model: area for model, each, area in points if each == kind} for kind in (hardest, home))
    both = sorted((model for model in there if model in here), key=lambda model: here[model] - there[model])
    if not both or hardest == home:
        return

    def change(model: str) -> str:
        verb = "falls" if there[model] < here[model] else "rises" if there[model] > here[model] else "stays"
        return f"{names[model].name} {verb} from {here[model]:.2f} to {there[model]:.2f}"

    most = f"From {home.lower()} to {hardest.lower()}, {change(both[-1])}"
    yield most + (f", further than any other; {change(both[0])}." if len(both) > 1 else ".")
    dearest = max(both, key=lambda model: there[model])
    if there[dearest] > there[max(both, key=lambda model: here[model])]:
        yield f"The best on {home.lower()} is not the best there, which is {names[dearest].name}."


def _tells(points: Sequence[Point]) -> Iterator[str]:
    if points:
        area, kind = max((area, kind) for _, kind, area in points)
        images = kind if kind[:2].isupper() else kind.lower()
        yield (
            f"What the backbones compute tells two sources of {images} apart with a mean ROC AUC of up to "
            f"{area:.2f}, where the disease cannot help."
        )


def _dots(entrant: Entrant, values: dict[str, float], *, first: bool) -> go.Scatter:
    splits = {split.name: key for key, split in SPLITS.items()}
    return go.Scatter(
        x=list(values.values()),
        y=[two_lines(kind) for kind in values],
        customdata=[dot_key(splits[kind], entrant.key) if kind in splits else None for kind in values],
        mode="markers",
        name=entrant.name,
        legendgroup=entrant.key,
        showlegend=first,
        marker=marker_style(entrant),
        hovertemplate=f"{entrant.name}, %{{y}}: %{{x:.3f}}<extra></extra>",
    )
