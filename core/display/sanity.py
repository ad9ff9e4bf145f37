"""The sanity check in words, as curves and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.display.course_charts import LEGEND, MARGIN
from core.display.style import colour_and_dash, still
from core.display.wording import listed, model_name, signed
from core.explain.belief import ALIKE
from core.explain.explainers import METHOD_BY_KEY
from core.explain.gradient_process import GRADIENT, HEAD
from core.explain.sanity import GROUPS, Depth, TogetherStep
from core.vocabulary import ENSEMBLE

ASKED = (
    "A map that shows what a network **learnt** must change when that is taken away. From the top down, one "
    "group of "
    "layers after another has its weights shuffled, and each method is asked for its map again (Adebayo et "
    "al. 2018). "
    "The network behind it runs in Keras, whose loading takes a while and 1 GB of memory, and which is "
    "ended when nobody asks for five minutes."
)
TOGETHER = (
    "Of the **ensemble**, all five are shuffled, one network after the other: the chart has each backbone's "
    "own curve and that of the ensemble's map, all five shuffled as far. The weight of each stays what it "
    "added to the answer; only its map is another. A curve has a gap where the map is the same everywhere."
)
MISLEADS = (
    "**Why it may mislead.** One radiograph and one way of shuffling: other draws give other numbers, near "
    "0 for maps "
    "that pass. A map that passes depends on the weights; whether it shows the reason is another question. "
    "The maps "
    "here, but for the gradient's, are of the last feature map, coarse and smooth, so that two of them are "
    "easily alike by chance."
)
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def method_name(key: str) -> str:
    """Of a map: its method's, or the gradient's."""
    return "Gradient of the picture" if key == GRADIENT else METHOD_BY_KEY[key].name


def depth_name(groups: int) -> str:
    """Which layers are shuffled."""
    if groups == 0:
        return "as trained"
    if groups <= len(HEAD):
        return ("output", "head")[groups - 1]
    return f"base {groups - len(HEAD)} of {GROUPS - len(HEAD)}"


def sanity_words(depths: Sequence[Depth]) -> str:
    """Which maps change and which stay, on average over all depths that left a map to compare."""
    shuffled = depths[1:]
    if not shuffled:
        return ""
    means = _means(depths)
    stay = [f"{method_name(key)} ({signed(mean)})" for key, mean in means.items() if mean >= ALIKE]
    change = [f"{method_name(key)} ({signed(mean)})" for key, mean in means.items() if mean < ALIKE]
    parts = []
    if change:
        parts.append(
            f"**With what was learnt, these maps change: {listed(change)}** (mean rank correlation with the "
            f"trained map; from {ALIKE:g} on, which fewer than 1 in 100 pairs of random maps reach, a map "
            "counts as the same)."
        )
    if stay:
        parts.append(f"Whatever the network knows, these stay much the same: {listed(stay)}.")
    if blank := [
        method_name(key)
        for key in depths[0].similarity
        if any(key not in each.similarity for each in shuffled)
    ]:
        parts.append(
            f"At some depths the map of {listed(blank)} is the same everywhere, for the shuffled network "
            "answers alike whatever it is shown: there is nothing to compare there, so it counts for nothing."
        )
    return " ".join(parts)


def sanity_figure(depths: Sequence[Depth]) -> go.Figure:
    """Similarity with the trained network's map against depth, a curve a method."""
    figure = go.Figure()
    for at, key in enumerate(depths[0].similarity):
        line = {"color": _COLOURS[at % len(_COLOURS)], "dash": _DASHES[at % len(_DASHES)], "width": 2}
        _curve(figure, depths, key, method_name(key), line)
    return _by_depth(figure)


def together_figure(step: TogetherStep, method: str) -> go.Figure:
    """The same of one method, a curve a network, and the ensemble's.

    Args:
        step: How far the check is.
        method: Key of it.
    """
    figure = go.Figure()
    for model, depths in _everybody(step).items():
        colour, dash = colour_and_dash(model)
        line = {"color": colour, "dash": dash, "width": 4 if model == ENSEMBLE else 2}
        _curve(figure, depths, method, model_name(model), line)
    return _by_depth(figure)


def _everybody(step: TogetherStep) -> dict[str, tuple[Depth, ...]]:
    """The depths of each network, and those of the ensemble's map, by key."""
    return {**step.networks, ENSEMBLE: step.together}


def _curve(figure: go.Figure, depths: Sequence[Depth], key: str, name: str, line: dict[str, Any]) -> None:
    figure.add_scatter(
        x=[depth_name(each.groups) for each in depths],
        y=[round(each.similarity[key], 3) if key in each.similarity else None for each in depths],
        name=name,
        mode="lines+markers",
        line=line,
        hovertemplate="%{x}: %{y:+.2f}<extra>%{fullData.name}</extra>",
    )


def _by_depth(figure: go.Figure) -> go.Figure:
    figure.update_xaxes(title="Shuffled down to", type="category")
    figure.update_yaxes(range=[-1.05, 1.05], title="Rank correlation with the trained map")
    return still(figure.update_layout(height=420, margin=MARGIN, legend=LEGEND))


def sanity_table(depths: Sequence[Depth]) -> list[dict[str, str]]:
    """A row a depth: the logit, and each method's similarity."""
    return [
        {
            "Shuffled down to": depth_name(each.groups),
            "Logit": "" if each.logit is None else signed(each.logit),
            **{
                method_name(key): signed(each.similarity[key]) if key in each.similarity else "empty"
                for key in depths[0].similarity
            },
        }
        for each in depths
    ]


def together_table(step: TogetherStep) -> list[dict[str, str]]:
    """A row a network and one of the ensemble's map: each method's mean similarity over all depths."""
    rows = {key: depths for key, depths in _everybody(step).items() if depths[1:]}
    means = {key: _means(depths) for key, depths in rows.items()}
    methods = dict.fromkeys(method for each in means.values() for method in each)
    return [
        {
            "Map of": model_name(key),
            **{method_name(each): signed(found[each]) if each in found else "empty" for each in methods},
        }
        for key, found in means.items()
    ]


def _means(depths: Sequence[Depth]) -> dict[str, float]:
    """Each method's mean similarity over the shuffled depths that left a map to compare."""
    left = {
        key: [each.similarity[key] for each in depths[1:] if key in each.similarity]
        for key in depths[0].similarity
    }
    return {key: sum(values) / len(values) for key, values in left.items() if values}
