"""All files in hand in one table, which fills beside the page, and as files to take along."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.batch.columns import BatchRow, columns
from core.batch.formats import FORMATS, Format, table_bytes
from core.batch.rows import at_threshold, whole_row
from core.batch.shown import WAITING, progress_words, summary_words
from core.display.glossary import term
from core.display.guess import TABLE_WAITS
from core.filling import Filling, Pace, Row, Wanted, show_row
from core.service import Loaded
from core.tray import LOST
from pages.components.worklist.worklist import picture_address, worklist
from pages.widgets import guesses, thresholds
from pages.widgets.common import service
from pages.widgets.in_hand import choose, insist, picture_of, reading_of, source_of, tray

FEWEST = 2  # files, of which there is a table
ASK_ALL = "ask all in hand"  # key of the switch
OFFERED = (".csv", ".parquet", ".xlsx")


def table(bundle: Loaded) -> None:
    """The table, where there are several files in hand.

    Args:
        bundle: Whom to ask.
    """
    if len(tray().held) < FEWEST:
        return
    _ends_with_the_session(_filling())
    with st.container(key="many-files"):
        _table(bundle)


def _filling() -> Filling:
    """The session's own."""
    found: Filling = st.session_state.setdefault("filling", Filling(service()))
    return found


@st.cache_resource(scope="session", show_spinner=False, on_release=Filling.end)
def _ends_with_the_session(_filling: Filling) -> Filling:
    """What Streamlit lets go of when nobody is connected to the session any more."""
    return _filling


def _want(bundle: Loaded) -> None:
    wanted = [
        Wanted(key, held.file, reading_of(source_of(key))) for key, held in tray().held.items() if held.file
    ]
    _filling().want(wanted, bundle, ask_all=st.session_state.get(ASK_ALL, False))


@st.fragment
def _table(bundle: Loaded) -> None:
    """The table as it is now."""
    _want(bundle)
    pace, rows = _filling().pace(), _rows()
    shown = _shown(rows, bundle)
    with st.container(horizontal=True, vertical_alignment="center", key="many"):
        _progress(pace, shown)
        st.toggle(
            "Ask about refused ones all the same",
            key=ASK_ALL,
            persist_state="session",
            help=term("insist"),
            width="content",
        )
        _downloads(bundle, rows, waits=any(row.get("hidden") for row in shown))
    if opened := worklist(shown, tray().chosen, bundle.models.manifest.rows, running=pace.running):
        _open(opened)


def _rows() -> dict[str, Row | None]:
    """Of each file in hand, by key; None where it is still to be read."""
    found, mine = _filling().rows(), tray()
    refused = {
        key: Row({"status": "unreadable", "error": held.refusal or LOST})
        for key, held in mine.held.items()
        if held.file is None
    }
    return {key: refused.get(key, found.get(key)) for key in mine.held}


def _shown(rows: dict[str, Row | None], bundle: Loaded) -> list[dict[str, Any]]:
    """Rows as the table shows them."""
    mine, threshold, hidden = tray(), thresholds.one_for_all(), _to_be_guessed(rows)
    return [
        {
            "key": key,
            "name": mine.held[key].name,
            "picture": row and picture_address(key, row.thumbnail),
            **(
                show_row(row, threshold, bundle.models.manifest.rows, hidden=key in hidden)
                if row
                else WAITING
            ),
        }
        for key, row in rows.items()
    ]


def _to_be_guessed(rows: dict[str, Row | None]) -> set[str]:
    """Rows whose answers wait for a guess; without answers nobody guesses at what the gate refuses."""
    if not guesses.is_on():
        return set()
    return {
        key
        for key, row in rows.items()
        if row and "gate" in row.cells and not row.unasked and guesses.is_due(picture_of(source_of(key)))
    }


def _progress(pace: Pace, shown: list[dict[str, Any]]) -> None:
    """How far it is, with the click that stops it or goes on."""
    if pace.done < pace.total:
        words = progress_words(pace.done, pace.total, pace.seconds_left if pace.running else None)
        st.progress(pace.done / pace.total, words, width=260)
        if _filling().stopped:
            st.button("Resume the table", icon=":material/play_arrow:", on_click=_filling().resume)
        else:
            st.button("Stop the table", icon=":material/stop:", on_click=_filling().stop)
        return
    st.markdown(summary_words(shown), width="stretch")
    if pace.failed:
        st.button("Try what failed again", icon=":material/refresh:", on_click=_filling().resume)


def _downloads(bundle: Loaded, rows: dict[str, Row | None], *, waits: bool) -> None:
    """All rows so far as files."""
    with st.popover("Download the table", icon=":material/download:", help="All rows so far, every column"):
        if waits:
            st.caption(TABLE_WAITS)
            return
        mine = tray()
        cells = {mine.held[key].name: row.cells for key, row in rows.items() if row}
        for wanted in [each for each in FORMATS if each.suffix in OFFERED]:
            st.download_button(
                wanted.name,
                partial(_file, wanted, bundle, cells, thresholds.one_for_all()),
                f"thoraxlens-table{wanted.suffix}",
                wanted.media_type,
                on_click="ignore",
                icon=":material/download:",
            )


def _file(wanted: Format, bundle: Loaded, cells: dict[str, BatchRow], threshold: float | None) -> bytes:
    """The table as a file, made once somebody clicks."""
    manifest = bundle.models.manifest
    rows = [
        whole_row(at_threshold(row, threshold), name, manifest.name, bundle.version)
        for name, row in cells.items()
    ]
    return table_bytes(wanted, columns(manifest), rows)


def _open(key: str) -> None:
    """Looks at the file of a row, and at its answers, too, where the table shows them beside a refusal."""
    choose(key)
    if (
        st.session_state.get(ASK_ALL)
        and (row := _filling().rows().get(key))
        and row.cells["status"] == "refused"
    ):
        insist(source_of(key), on=True)
    st.rerun()
