"""Charts whose marks open the images behind them, by a click or by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.display.comparison_charts import Chart
from pages.widgets.common import chart

CHOOSE = "Click on a mark above, or choose one here"


def marked_chart(drawn: Chart, name: str, names: Mapping[str, str], show: Callable[[str], None]) -> None:
    """A chart, and right under it what stands behind one of its marks, once somebody chose one.

    Args:
        drawn: The chart.
        name: Of its widget.
        names: Of the marks that are offered by name, by what each holds as its `customdata`.
        show: Shows what stands behind a mark.
    """
    key, state = f"behind-{name}", st.session_state

    def below() -> None:
        clicked = state.get(key)
        options = [*names]
        if clicked is not None and clicked not in names:
            if clicked in drawn.behind:
                options.append(clicked)
            else:
                del state[key]
        chosen = st.selectbox(
            "Images behind a mark",
            options,
            index=None,
            format_func=lambda mark: names.get(mark) or drawn.behind[mark].name,
            key=key,
            placeholder=CHOOSE,
        )
        if chosen is not None:
            show(chosen)

    chart(drawn, name, below, on_select=lambda: _choose(name, key), selection_mode="points")


def clicked_mark(name: str) -> Any:
    """What the mark holds that was clicked in a chart; None where none was."""
    points = st.session_state[f"chart-{name}"].selection.points
    return next((point["customdata"] for point in points if point.get("customdata")), None)


def _choose(name: str, key: str) -> None:
    """Chooses the mark that was clicked."""
    clicked = clicked_mark(name)
    if clicked is not None:
        st.session_state[key] = clicked[0] if isinstance(clicked, list) else clicked
