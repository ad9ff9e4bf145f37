"""Bringing a bundle on disk to today's format: what older ones lack is computed from what they record."""

from __future__ import annotations

import json
from pathlib import Path

from core.evaluation.predictions import read_predictions
from core.models.bundle.files import MANIFEST_FILE, read_manifest, verify_files, write_manifest
from core.models.bundle.manifest import FORMAT
from train.data.sources import weights_licence
from train.fitting.smaller_svms import fit_smaller_svms, save_smaller_svms
from train.fitting.third_answer import fit_third_answers


def upgrade_bundle(folder: Path) -> bool:
    """Adds what a bundle of an older format lacks; its networks and predictions stay as they are.

    Args:
        folder: The bundle's.

    Returns:
        Whether anything was added, or written in the newest format.

    Raises:
        BundleError: If the bundle is damaged.
    """
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    changes: dict[str, object] = {}
    if not manifest.smaller_svms:
        predictions = read_predictions(folder, manifest)
        fits = fit_smaller_svms(predictions, manifest.findings.operating_points)
        changes["smaller_svms"] = save_smaller_svms(folder, fits)
    if not manifest.third_answers:
        changes["third_answers"] = fit_third_answers(read_predictions(folder, manifest))
    if not manifest.licence:
        learnt = [source.name for source in manifest.sources if source.counts.get("train")]
        changes["licence"] = weights_licence(learnt)
    content = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    if content["format"] == FORMAT and not any(changes.values()):
        return False
    write_manifest(folder, manifest.model_copy(update=changes))
    return True
