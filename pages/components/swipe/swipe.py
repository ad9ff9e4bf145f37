"""A picture before and after a change, over one another, with a line that one moves."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.analysis.what_if import WhatIf
from core.display.what_if import png
from pages.components.media import address
from pages.components.parts import read_parts

_swipe = st.components.v2.component("swipe", **read_parts(Path(__file__).parent))


def swipe(found: WhatIf, change: str, key: str) -> None:
    """The two pictures; the browser alone knows where the line is.

    Args:
        found: What was changed.
        change: What was done to it, for people.
        key: Of the element.
    """
    height, width = found.before.shape
    _swipe(
        key=key,
        data={
            "before": address(key, "before", png(found.before), "image/png"),
            "after": address(key, "after", png(found.after), "image/png"),
            "before_words": "The radiograph, unchanged",
            "after_words": f"The radiograph, changed: {change}",
            "shape": round(width / height, 4),
        },
    )
