"""Taking a mark out of the features, on the page Shortcuts."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from core.display import takeout as words
from core.service import Loaded
from core.shortcuts.cohorts import rows_measured
from core.shortcuts.experiment import Planting, gather
from core.shortcuts.features import Source
from core.shortcuts.takeout import COUNTS, Abroad, TakenOut, take_out
from pages.widgets import shortcuts
from pages.widgets.common import numbers_table, plot, refusals

_DONE, _WANTED = "taken out", "take out wanted"  # keys of the session
_KEPT = 6  # experiments of a session


def take(source: Source, planting: Planting, bundle: Loaded) -> None:
    """What is done, the button, and what came of it."""
    key = (source, planting)
    done: dict[tuple[Source, Planting], list[TakenOut]] = st.session_state.setdefault(_DONE, {})
    st.markdown(words.PLAN)
    with refusals():
        if key not in done and st.session_state.get(_WANTED) == key:
            done[key] = _learn(source, planting, bundle)
            while len(done) > _KEPT:
                del done[next(iter(done))]
        if key in done:
            _shown(done[key], source, planting)
        else:
            st.button(
                "Take it out",
                icon=":material/play_arrow:",
                on_click=_want,
                args=(key,),
            )
    st.caption(words.STAND_IN)


def _want(key: tuple[Source, Planting] | None) -> None:
    """Begins; none stops what runs."""
    st.session_state[_WANTED] = key


def _learn(source: Source, planting: Planting, bundle: Loaded) -> list[TakenOut]:
    """Has the networks see the patients here and abroad, and heads learn; a click anywhere stops it."""
    lab, place = shortcuts.lab(), st.empty()
    home, abroad = lab.home, lab.abroad
    rows = rows_measured(abroad)
    elsewhere = replace(source, plant="", cohort=abroad.key)
    with place.container():
        with st.container(horizontal=True, vertical_alignment="center"):
            bar = st.progress(0.0, "Rendering the first patients")
            st.button("Stop", icon=":material/stop:", on_click=_want, args=(None,))
        shortcuts.fill([replace(source, plant=""), source], range(len(home.labels)), bundle, bar)
        shortcuts.fill([elsewhere], rows, bundle, bar, abroad)
        others = Abroad(
            lab.features.take(elsewhere, abroad, rows), abroad.labels[rows], abroad.patients[rows]
        )
        material, drawn = gather(lab.features, source, home), st.empty()
        steps: list[TakenOut] = []
        for step in take_out(material, planting, others, shortcuts.SCHOOLING):
            steps.append(step)
            bar.progress(len(steps) / len(COUNTS), f"Head {len(steps)} of {len(COUNTS)} has learnt")
            with drawn.container():
                plot(words.takeout_figure(steps), f"taking out {len(steps)}")
    place.empty()
    return steps


def _shown(steps: list[TakenOut], source: Source, planting: Planting) -> None:
    st.markdown(f"## {words.takeout_headline(steps, planting, source.backbone)}")
    said = words.takeout_words(steps, planting)
    st.markdown(said)
    plot(words.takeout_figure(steps), "taken out", alt=said)
    numbers_table(pd.DataFrame(words.takeout_table(steps)))
