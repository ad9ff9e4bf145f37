"""A head that learnt a shortcut, to take along from the page Shortcuts: on trial, as a bundle, as figures."""

from __future__ import annotations

import io
import time
from functools import partial

import streamlit as st

from core.display import shortcuts as words
from core.evaluation.predictions import Predictions
from core.export.planted_bundle import ask_measured, bundle_zip, tabulate
from core.models.inference import RawOutputs
from core.progress import time_left
from core.service import Loaded
from core.shortcuts.cohorts import Cohort, rows_measured
from core.shortcuts.experiment import Outcome
from core.shortcuts.features import Source
from core.shortcuts.trial import Trial, planted_manifest, try_head, with_trial
from pages.widgets import trial as trials
from pages.widgets.common import bundle_folder, refusals, service

_SAVED, _WANTED = "planted bundle", "planted bundle wanted"  # keys of the session


def take_along(outcome: Outcome, source: Source, cohort: Cohort, bundle: Loaded) -> None:
    """The head on trial, the whole bundle with it, and the figures as CSV.

    Args:
        outcome: Of the experiment.
        source: Which backbone, and which mark.
        cohort: Whose radiographs.
        bundle: As it ships.
    """
    st.markdown("## Take it along")
    trial = try_head(bundle.version, source.backbone, outcome, cohort)
    fits = bundle.models.manifest.pooling == "average"
    with st.container(horizontal=True, key="take-along"):
        if fits:
            trials.offer(trial)
            with refusals():
                _bundle(trial, outcome, cohort, bundle)
        st.download_button(
            "CSV, a row a figure",
            words.to_csv(outcome, source.backbone),
            "thoraxlens-shortcut.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
    if fits:
        st.caption(words.TRIAL)


def _bundle(trial: Trial, outcome: Outcome, cohort: Cohort, bundle: Loaded) -> None:
    """The button that begins it; what is measured first, with a stop; then the download."""
    saved: tuple[str, Predictions] | None = st.session_state.get(_SAVED)
    if saved is None or saved[0] != trial.version:
        if st.session_state.get(_WANTED) != trial.version:
            st.button(
                "Save as a bundle", icon=":material/inventory_2:", on_click=_want, args=(trial.version,)
            )
            return
        saved = st.session_state[_SAVED] = trial.version, _measured(trial, cohort, bundle)
    st.download_button(
        "Download the bundle (ZIP)",
        partial(_made, bundle, trial, outcome, saved[1]),
        f"{planted_manifest(bundle.models.manifest, trial).name}.zip",
        "application/zip",
        on_click="ignore",
        icon=":material/download:",
    )


def _want(version: str | None) -> None:
    """Begins to measure for a bundle; none stops it."""
    st.session_state[_WANTED] = version


def _measured(trial: Trial, cohort: Cohort, bundle: Loaded) -> Predictions:
    """What all models say of those who measure; a click anywhere stops it."""
    models, total, start = with_trial(bundle.models, trial), len(rows_measured(cohort)), time.monotonic()
    place, answers = st.empty(), list[RawOutputs]()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, words.saving(total), width=360)
        st.button("Stop", icon=":material/stop:", on_click=_want, args=(None,), key="stop saving")
        asked = ask_measured(models, trial, cohort)
        while len(answers) < total:
            answers.append(service().in_turn(partial(next, asked)))
            left = time_left(len(answers), total, time.monotonic() - start)
            bar.progress(len(answers) / total, f"{words.saving(total)}: {len(answers)}{left}")
    place.empty()
    return tabulate(models, cohort, answers)


def _made(bundle: Loaded, trial: Trial, outcome: Outcome, predictions: Predictions) -> io.BytesIO:
    """The ZIP, made once somebody clicks."""
    folder = bundle_folder(trial.base)
    return service().in_turn(partial(bundle_zip, folder, bundle.models, trial, outcome, predictions))
