"""A table of all files in hand, sorted, filtered and stepped through in the browser.

Pictures are fetched by their own addresses, once; what comes with a run is text, or a reference where that is
the same as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.models.backbones import Backbone
from pages.components.media import address
from pages.components.parts import read_parts

KEY = "worklist"

_worklist = st.components.v2.component(KEY, **read_parts(Path(__file__).parent))


def worklist(
    rows: Sequence[dict[str, Any]], chosen: str | None, backbones: Sequence[Backbone], *, running: bool
) -> str | None:
    """The table, in a fragment of its own, which runs again now and then while there are more rows to come.

    `st.fragment(run_every=…)` would do so while the page runs, too, when the browser still says
    what widgets held before: a case that was just opened would at times go back to the last one.

    Args:
        rows: As `shown_row` makes them, each with its key and its name, which is plain text, and with its
            picture's address.
        chosen: Key of the row that is open; None for none of them.
        backbones: In the order of their answers.
        running: Whether there are more to come.

    Returns:
        Key of the row that was just opened; None where none was.
    """
    told = _worklist(
        key=KEY,
        data={
            "rows": list(rows),
            "chosen": chosen,
            "backbones": [{"name": each.name, "colour": each.colour} for each in backbones],
            "running": running,
        },
        on_tick_change=lambda: None,
        on_chosen_change=lambda: None,
    )
    return told.chosen if isinstance(told.chosen, str) else None


def picture_address(key: str, thumbnail: bytes) -> str | None:
    """Where the browser finds a row's picture; None where there is none.

    Args:
        key: Of the row.
        thumbnail: A WebP file, or nothing.
    """
    return address(KEY, key, thumbnail, "image/webp") if thumbnail else None
