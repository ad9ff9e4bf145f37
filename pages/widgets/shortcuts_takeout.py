"""Taking a mark out of the features, on the page Shortcuts."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from core.display import takeout as words
from core.evaluation.predictions import read_predictions
from core.evaluation.sets.labelled import LabelledSet
from core.project import data_folder
from core.service import Loaded
from core.shortcuts.cohorts import Cohort, rows_measured
from core.shortcuts.elsewhere import Strangers, external_patients
from core.shortcuts.experiment import Planting, gather
from core.shortcuts.features import Source
from core.shortcuts.takeout import COUNTS, Abroad, TakenOut, take_out
from pages.widgets import shortcuts
from pages.widgets.common import bundle_folder, numbers_table, plot, refusals

_DONE, _WANTED = "taken out", "take out wanted"  # keys of the session
_OWN, _WHERE = "own patients abroad", "where abroad is"
_KEPT = 6  # experiments of a session

Key = tuple[Source, Planting, str]


def abroad(bundle: Loaded, own: tuple[str, LabelledSet] | None) -> tuple[str, Cohort]:
    """Who measures and chooses nothing: clinics never seen, the user's own set, or phantoms.

    Args:
        bundle: Whose external images are meant.
        own: The user's own set and what tells it from others.

    Returns:
        A key of `words.ABROAD`, and the patients.
    """
    found: dict[str, Cohort] = {}
    with refusals():
        if clinics := _external(bundle.version, bundle):
            found["external"] = clinics
    with refusals():
        if own:
            found["own"] = _own(*own)
    found["phantoms"] = shortcuts.lab().abroad
    chosen = next(iter(found))
    if len(found) > 1:
        if st.session_state.get(_WHERE) not in found:
            st.session_state[_WHERE] = chosen
        chosen = st.selectbox("Abroad is", list(found), format_func=words.ABROAD.__getitem__, key=_WHERE)
    return chosen, found[chosen]


@st.cache_resource(max_entries=4, show_spinner=False)
def _external(version: str, _bundle: Loaded) -> Strangers | None:
    """The same for everybody."""
    if data_folder() is None:
        return None
    predictions = read_predictions(bundle_folder(version), _bundle.models.manifest)
    return external_patients(predictions, data_folder(), version)


def _own(name: str, images: LabelledSet) -> Strangers:
    kept: Strangers | None = st.session_state.get(_OWN)
    if kept is None or kept.key != name:
        kept = st.session_state[_OWN] = Strangers(images, name)
    return kept


def take(source: Source, planting: Planting, elsewhere: tuple[str, Cohort], bundle: Loaded) -> None:
    """What is done, the button, and what came of it."""
    kind, cohort = elsewhere
    key = (source, planting, cohort.key)
    done: dict[Key, list[TakenOut]] = st.session_state.setdefault(_DONE, {})
    st.markdown(words.PLAN)
    with refusals():
        if key not in done and st.session_state.get(_WANTED) == key:
            done[key] = _learn(source, planting, cohort, bundle)
            while len(done) > _KEPT:
                del done[next(iter(done))]
        if key in done:
            _shown(done[key], source, planting)
        else:
            st.button(
                "Take it out",
                icon=":material/play_arrow:",
                type="primary",
                on_click=_want,
                args=(key,),
            )
            st.caption(shortcuts.how_long(source, shortcuts.lab().home, bundle))
    st.caption(words.abroad_words(kind, len(rows_measured(cohort))))


def _want(key: Key | None) -> None:
    """Begins; none stops what runs."""
    st.session_state[_WANTED] = key


def _learn(source: Source, planting: Planting, abroad: Cohort, bundle: Loaded) -> list[TakenOut]:
    """Has the networks see the patients here and abroad, and heads learn; a click anywhere stops it."""
    lab, place = shortcuts.lab(), st.empty()
    home = lab.home
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
