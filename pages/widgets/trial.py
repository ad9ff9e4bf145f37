"""A head that learnt a shortcut, on trial on the page Analyse: in this session alone, until it is stopped."""

from __future__ import annotations

import streamlit as st

from core.display import shortcuts as words
from core.service import Loaded
from core.shortcuts.trial import Trial
from core.trial import tried as with_trial
from pages.widgets import link

_TRIAL = "head on trial"  # key of the session


def on_trial() -> Trial | None:
    """The head that this session tries."""
    found: Trial | None = st.session_state.get(_TRIAL)
    return found


def begin(trial: Trial) -> None:
    """From now on this session tries a head; another one that it tried is stopped."""
    st.session_state[_TRIAL] = trial


def stop() -> None:
    """The usual head answers again."""
    st.session_state.pop(_TRIAL, None)


def tried(bundle: Loaded | None) -> Loaded | None:
    """The bundle with the head on trial, under a line that says so and stops it; or as it is.

    Args:
        bundle: That was chosen.
    """
    trial = on_trial()
    if trial is None or bundle is None:
        return bundle
    mine = trial.base == bundle.version
    with st.container(key="trial", horizontal=True, vertical_alignment="center"):
        st.warning(words.on_trial(trial, mine=mine), icon=":material/experiment:", width="stretch")
        st.button("Stop the trial", icon=":material/stop_circle:", on_click=stop, key="stop the trial")
    return with_trial(bundle, trial) if mine else bundle


def offer(trial: Trial) -> None:
    """The button that puts a head on trial and opens Analyse, or that stops it."""
    current = on_trial()
    if current and current.version == trial.version:
        st.button("Stop the trial on Analyse", icon=":material/stop_circle:", on_click=stop)
    elif st.button("Try it on Analyse", icon=":material/experiment:", type="primary"):
        begin(trial)
        link.follow("analyse", {})
