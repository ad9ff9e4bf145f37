"""Charts whose marks open the images behind them, by a click or by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from core.display.comparison_charts import Chart
from pages.widgets.common import chart

CLICK = "A click on a mark shows the images behind it; so does its name here."


def marked_chart(drawn: Chart, name: str, names: Mapping[str, str], show: Callable[[str], None]) -> None:
    """A chart, and below it what stands behind one of its marks, once somebody chose one.

    Args:
        drawn: The chart.
        name: Of its widget.
        names: Of its marks, by what each holds as its `customdata`; those that are offered by name.
        show: Shows what stands behind a mark.
    """
    key, state = f"behind-{name}", st.session_state
    chart(drawn, name, on_select=partial(_choose, name, key), selection_mode="points")
    chosen = state.get(key)
    if chosen is not None and chosen not in names and chosen not in drawn.behind:
        state.pop(key)
    options = list(names)
    if (chosen := state.get(key)) is not None and chosen not in names:
        options.append(chosen)
    said = st.selectbox(
        "The images behind a mark",
        options,
        index=None,
        format_func=lambda mark: names.get(mark) or drawn.behind[mark].name,
        key=key,
        placeholder=CLICK,
    )
    if said is not None:
        show(said)


def _choose(name: str, key: str) -> None:
    """Chooses the mark that was clicked."""
    points = st.session_state[f"chart-{name}"].selection.points
    clicked = next((point["customdata"] for point in points if point.get("customdata")), None)
    if clicked is not None:
        st.session_state[key] = clicked[0] if isinstance(clicked, list) else clicked
