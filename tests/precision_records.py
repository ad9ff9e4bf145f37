"""Records of faster arithmetic, as a bundle that was measured holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.models.bundle.files import MANIFEST_FILE, read_manifest, write_manifest
from core.models.bundle.precisions import Combination, Difference, Faster, Precisions, PrecisionTrial


def difference(**changes: Any) -> Difference:
    """Nothing flips on 244 images, unless a test says otherwise."""
    same = {"images": 244, "decisions": 244, "flips": 0, "largest_change": 0.01, "auc_change": -0.00031}
    return Difference(**{**same, **changes})


def trial(network: str, precision: Faster, speedup: float = 2.0, **changes: Any) -> PrecisionTrial:
    """A network on validation images as `difference` has it, and on test images bad by any measure."""
    splits = {"val": difference(**changes), "test": difference(flips=9, auc_change=-0.5)}
    return PrecisionTrial(
        network=network,
        precision=precision,
        milliseconds=12 / speedup,
        float32_milliseconds=12,
        reference=[0.5],
        splits=splits,
    )


def combination(reference_probability: float = 0.5, **precisions: Faster) -> Combination:
    """Networks that were verified together."""
    splits = {"val": difference(), "test": difference(flips=3, auc_change=0.00002)}
    return Combination(
        precisions=precisions, speedup=1.5, reference_probability=reference_probability, splits=splits
    )


def record_bfloat16(folder: Path, reference: float) -> None:
    """Has a bundle say that VGG16 was verified in bfloat16, with this answer to the reference image."""
    manifest = read_manifest(folder)
    vgg16 = trial("vgg16", "bf16").model_copy(update={"reference": [reference]})
    both = combination(manifest.ensemble.reference_probability, vgg16="bf16")
    precisions = Precisions(processor="", trials=[vgg16], combinations=[both])
    (folder / MANIFEST_FILE).unlink()
    write_manifest(folder, manifest.model_copy(update={"precisions": precisions}))
