"""What faster arithmetic changes: in the model card, and on the terminal."""

from __future__ import annotations

from rich.table import Table

from core.display.markdown import plain, table
from core.display.precisions import RULE, precision_rows
from core.models.bundle.manifest import BundleManifest

UNMEASURED = "Nobody measured what faster arithmetic changes: the networks run in float32."
COLUMNS = (
    "Speed is against float32, in turns on one machine. Heat: correlation of the heatmaps with those in "
    "float32, the median over images and, in brackets, the lowest."
)


def precisions(manifest: BundleManifest) -> str:
    """A section of the model card."""
    measured = manifest.precisions
    if measured is None:
        return UNMEASURED
    where = f"Measured on {plain(measured.processor)}." if measured.processor else ""
    return f"{RULE}\n\n{table(precision_rows(measured))}\n\n{COLUMNS} {where}"


def tabulate_precisions(manifest: BundleManifest) -> Table | str:
    """The same figures for a terminal."""
    rows = precision_rows(manifest.precisions) if manifest.precisions else []
    if not rows:
        return UNMEASURED
    shown = Table(*rows[0])
    for row in rows:
        shown.add_row(*row.values())
    return shown
