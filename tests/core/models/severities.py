"""Extent and opacity for tests."""

from __future__ import annotations

from core.models.severity import MAX_EXTENT, MAX_OPACITY, SeverityScore


def scores(extent: float, opacity: float) -> dict[str, SeverityScore]:
    """Both, with the errors of a bundle that was fitted to 89 radiographs."""
    return {
        "extent": SeverityScore("extent", extent, MAX_EXTENT, 1.0, 2.0, 89),
        "opacity": SeverityScore("opacity", opacity, MAX_OPACITY, 0.7, 1.3, 89),
    }
