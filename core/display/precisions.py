"""What faster arithmetic changes in a bundle's answers, as a table and in sentences."""

from __future__ import annotations

from core.analysis.arithmetic import network_label
from core.display.wording import signed
from core.models.bundle.precisions import (
    CHOOSING_SPLIT,
    MAX_AUC_CHANGE,
    NAMES,
    Difference,
    Precisions,
    PrecisionTrial,
)

RULE = (
    "All figures of this bundle are those of float32, which every processor has. A network runs in bfloat16 "
    "or int8 only where that flips none of its decisions on the validation images and none of the "
    f"ensemble's, and changes neither's ROC AUC there by more than {MAX_AUC_CHANGE:g}; no other images "
    "choose. The lung network and the gate always run in float32."
)


def precision_rows(measured: Precisions) -> list[dict[str, str]]:
    """A row for each network and precision, and one for the ensemble of each combination."""
    rows = [_row(trial) for trial in measured.trials]
    for combination in measured.combinations:
        used = ", ".join(
            f"{network_label(key)} {NAMES[each]}" for key, each in combination.precisions.items()
        )
        rows.append(
            {
                "model": "Ensemble",
                "arithmetic": f"{used}; the rest float32",
                "speed": f"{combination.speedup:.1f} x",
            }
            | _differences(combination.splits)
            | {"may serve": "yes"}
        )
    return rows


def _row(trial: PrecisionTrial) -> dict[str, str]:
    name = network_label(trial.network)
    return (
        {
            "model": name[0].upper() + name[1:],
            "arithmetic": NAMES[trial.precision],
            "speed": f"{trial.float32_milliseconds / trial.milliseconds:.1f} x",
        }
        | _differences(trial.splits)
        | {"may serve": "yes" if trial.verified else "no"}
    )


def _differences(splits: dict[str, Difference]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for split, name in ((CHOOSING_SPLIT, "validation"), ("test", "test")):
        found = splits[split]
        cells |= {
            f"flips, {name}": f"{found.flips} of {found.decisions}",
            f"largest change, {name}": f"{found.largest_change:.4f}",
            f"ROC AUC, {name}": "" if found.auc_change is None else signed(found.auc_change, 4),
            f"heat, {name}": _heat(found),
        }
    return cells


def _heat(found: Difference) -> str:
    if found.heat_correlation is None or found.lowest_heat_correlation is None:
        return ""
    return f"{found.heat_correlation:.4f} ({found.lowest_heat_correlation:.2f})".replace("-", "−")
