"""What a model card says of the gate, which comes with the app and stands before every bundle."""

from __future__ import annotations

from core.display.gate_card import gate_measured, what_it_is
from core.models.gate_files import read_gate
from core.project import gate_folder


def gate() -> str:
    """How often the gate refuses what, kind by kind.

    Raises:
        BundleError: If the gate is missing or damaged.
    """
    manifest = read_gate(gate_folder())
    return f"{what_it_is(manifest)} {gate_measured(manifest)}"
