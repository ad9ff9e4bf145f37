"""Whether this server could analyse: the bundle that it opens first is whole, its networks are prepared."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from core.errors import BundleError
from core.models.bundle.files import BundleListing, list_bundles, verify_files
from core.models.bundle.network_files import NetworkSource, bundle_sources, derived
from core.models.gate_files import gate_source
from core.project import bundles_folder, default_cache, gate_folder

State = frozenset[tuple[Path, int, int]]


class Readiness:
    """Says what is missing. Files are hashed again only when the date or size of one changes."""

    def __init__(self) -> None:
        self._looking = threading.Lock()
        self._seen: State | None = None
        self._problem: str | None = None

    def problem(self) -> str | None:
        """What keeps this server from answering, in one sentence; None when nothing does.

        The first look hashes about 500 MB, later ones read dates and sizes. One thread looks at a time.
        """
        with self._looking:
            before = _state([bundles_folder(), gate_folder(), default_cache()])
            if before != self._seen:
                self._problem = _look()
                self._seen = before
            return self._problem


def _state(folders: Iterable[Path]) -> State:
    """Path, date and size of every file in folders, as far as they can be read."""
    found = set()
    for folder in folders:
        with suppress(FileNotFoundError):  # a folder that another process puts away during the walk
            for path in folder.rglob("*"):
                with suppress(OSError):
                    status = path.stat()
                    found.add((path, status.st_mtime_ns, status.st_size))
    return frozenset(found)


def _look() -> str | None:
    try:
        first = _first_bundle()
        if first is None or first.manifest is None:
            return (first and first.problem) or f"There are no models in {bundles_folder()}."
        verify_files(first.folder, first.manifest)
        sources: tuple[NetworkSource, ...] = (*bundle_sources(first.folder), gate_source(gate_folder()))
    except BundleError as error:
        return str(error)
    missing = [source.name for source in sources if not derived(source, default_cache())]
    if missing:
        return (
            f"Not prepared in {default_cache()}: {', '.join(missing)}; "
            "prepare them with `python -m core.models.engine.derive --all`."
        )
    return None


def _first_bundle() -> BundleListing | None:
    """The bundle that the app opens first: the first that can be used; else one with a problem, if any."""
    listings = list_bundles(bundles_folder())
    usable = [listing for listing in listings if listing.problem is None]
    return next(iter((*usable, *listings)), None)
