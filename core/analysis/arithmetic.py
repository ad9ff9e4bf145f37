"""In what precision a bundle's networks run here, and why, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.precisions import (
    CHOOSING_SPLIT,
    NAMES,
    Combination,
    Difference,
    Precision,
    Precisions,
)
from core.models.engine.openvino import processor_precisions
from core.project import float32_only


@dataclass(frozen=True)
class Arithmetic:
    """In what precision the networks run.

    Attributes:
        combination: What was measured together; None where all run in float32.
        note: The precision and the reason for it: sentences, the first without its capital.
    """

    combination: Combination | None
    note: str

    @property
    def precisions(self) -> Mapping[str, Precision]:
        """Of each network that does not run in float32, by key."""
        return dict(self.combination.precisions) if self.combination else {}


FLOAT32 = Arithmetic(None, "float32, because nobody measured what faster arithmetic changes in this bundle.")

AS_ASKED = Arithmetic(None, "float32, as it was asked for.")


def choose_arithmetic(measured: Precisions | None) -> Arithmetic:
    """The fastest verified precisions that this processor has; float32 where there are none.

    Args:
        measured: What the bundle's manifest says.
    """
    if measured is None:
        return FLOAT32
    if float32_only():
        return Arithmetic(None, "float32, because this server's settings ask for it.")
    if not measured.combinations:
        return Arithmetic(None, "float32, because anything faster flips decisions on validation images.")
    available = processor_precisions()
    best = measured.best(available)
    if best is None:
        return Arithmetic(None, "float32, because this processor has no instructions for what was verified.")
    return Arithmetic(best, describe_combination(best, available))


def network_label(key: str) -> str:
    """A network's name for people, by its key."""
    return BACKBONE_BY_KEY[key].name if key in BACKBONE_BY_KEY else "the findings network"


def describe_combination(combination: Combination, available: frozenset[Precision]) -> str:
    """What runs in which precision, what that changes, and that this processor has it."""
    networks: dict[Precision, list[str]] = {}
    for key, precision in combination.precisions.items():
        networks.setdefault(precision, []).append(network_label(key))
    parts = [f"{NAMES[precision]} for {' and '.join(names)}" for precision, names in networks.items()]
    has = " and ".join(NAMES[precision] for precision in networks if precision in available)
    return (
        f"{', '.join(parts)}, float32 for the rest. On validation images this flips "
        f"{_changes(combination.splits[CHOOSING_SPLIT])}; on test images, which chose nothing, "
        f"{_changes(combination.splits['test'])}. This processor has {has}."
    )


def _changes(found: Difference) -> str:
    """What an ensemble's decisions and its ROC AUC do."""
    flips = f"{found.flips or 'none'} of the ensemble's {found.decisions} decisions"
    change = abs(found.auc_change or 0.0)
    return f"{flips}, and its ROC AUC changes by {f'{change:.4f}' if change >= 1e-4 else 'less than 0.0001'}"
