"""What a service lets go of leaves memory."""

from __future__ import annotations

import weakref
from pathlib import Path

from core.service import Service


def test_a_bundle_that_nobody_holds_any_more_leaves_memory(random_bundle: Path) -> None:
    """Half a gigabyte each, which the garbage collector was told to leave alone."""
    session: dict[str, object] = {"service": Service()}
    session["session"] = session  # in a cycle, as Streamlit's own leave them
    models = weakref.ref(session["service"].load(random_bundle).models)
    assert models() is not None
    del session
    Service().load(random_bundle)
    assert models() is None
