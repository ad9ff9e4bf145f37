"""Whether somebody guesses before the answers are shown, and what was guessed in this session."""

from __future__ import annotations

import streamlit as st

from core.display.glossary import term
from core.display.guess import Guessed
from core.display.link import GUESS
from pages.widgets import link

_MADE, _SWITCH = "guesses", "guess switch"  # keys of the session


def settle() -> None:
    """Takes from the address whether to guess first, and says it there."""
    link.tell(**{GUESS: "1" if link.settle(GUESS, ("0", "1"), "0") == "1" else None})


def is_on() -> bool:
    """Whether answers wait for a guess."""
    return st.session_state.get(GUESS) == "1"


def switch() -> None:
    """The switch."""
    st.session_state[_SWITCH] = is_on()
    st.toggle("Guess first", key=_SWITCH, on_change=_switch, help=term("guess_first"))


def _switch() -> None:
    st.session_state[GUESS] = "1" if st.session_state[_SWITCH] else "0"


def made() -> dict[str, Guessed]:
    """What was guessed in this session, by picture."""
    found: dict[str, Guessed] = st.session_state.setdefault(_MADE, {})
    return found


def is_due(picture: str) -> bool:
    """Whether nothing may be shown that the models say of a picture, for the guess comes first."""
    return is_on() and picture not in made()
