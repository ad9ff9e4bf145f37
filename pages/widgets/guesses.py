"""Whether somebody guesses before the answers are shown, and what was guessed in this session."""

from __future__ import annotations

import streamlit as st

from core.display.glossary import term
from core.display.guess import Guessed
from core.display.link import GUESS
from pages.widgets import link

_MADE = "guesses"  # key of the session


def settle() -> None:
    """Takes from the address whether to guess first, and says it there."""
    link.is_on(GUESS)


def is_on() -> bool:
    """Whether answers wait for a guess."""
    return st.session_state.get(GUESS) == "1"


def switch() -> None:
    """The switch."""
    link.switch(GUESS, "Guess first", term("guess_first"))


def made() -> dict[str, Guessed]:
    """What was guessed in this session, by picture."""
    found: dict[str, Guessed] = st.session_state.setdefault(_MADE, {})
    return found


def is_due(picture: str) -> bool:
    """Whether nothing may be shown that the models say of a picture, for the guess comes first."""
    return is_on() and picture not in made()
