"""What the page Compare computes and draws is kept: the same question computes nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from core.evaluation.comparison import Question
from core.evaluation.record import TrackRecord
from core.vocabulary import OWN

SHARED, OF_A_SESSION = 256, 64  # results, of which a chart with 500 images takes 60 KB

Result = TypeVar("Result")


def kept(
    make: Callable[[], Result],
    name: str,
    record: TrackRecord,
    question: Question | None = None,
    *choices: object,
) -> Result:
    """What `make` returns, from memory where it was made before.

    What concerns somebody's own images goes with their session; the rest is shared.

    Args:
        make: Computes it; nobody changes what it returns.
        name: Of what it computes.
        record: The bundle's, on which it depends.
        question: On which it depends; None where it concerns the bundle alone.
        choices: On which it depends besides, told apart by how they are written.
    """
    own = question is not None and question.split == OWN
    result: Result = (_of_session if own else _shared)(repr((name, record.version, question, choices)), make)
    return result


@st.cache_resource(max_entries=SHARED, show_spinner=False)
def _shared(key: str, _make: Callable[[], Any]) -> Any:
    return _make()


@st.cache_resource(max_entries=OF_A_SESSION, show_spinner=False, scope="session")
def _of_session(key: str, _make: Callable[[], Any]) -> Any:
    return _make()
