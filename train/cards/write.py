"""Model card and data card: what a bundle is, how it was measured and where it fails, in Markdown.

Whatever can be computed is computed from the bundle's own files. People write only what the words mean
(`card_texts.toml`) and what was tried (`tried.toml`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.display.markdown import plain
from core.display.wording import DISCLAIMER
from core.evaluation.evidence import measure_evidence
from core.evaluation.predictions import read_predictions
from core.evaluation.trials import Trials, read_trials
from core.models.bundle.files import file_sha256
from core.models.bundle.manifest import BundleFile, BundleManifest
from train.cards import data_card, model_card
from train.cards.facts import TRIED, Facts, read_tried

MODEL_CARD, DATA_CARD = "model_card.md", "data_card.md"


def add_cards(folder: Path, manifest: BundleManifest, tried: Path = TRIED) -> BundleManifest:
    """Writes both cards into a bundle.

    Args:
        folder: The bundle's, whole but for the cards and `bundle.json`.
        manifest: Its manifest.
        tried: What was tried, as `read_tried` reads it.

    Returns:
        The manifest with the cards and their hashes.

    Raises:
        DataError: If the table of what was tried is damaged.
        BundleError: If the predictions or trials are.
    """
    predictions = read_predictions(folder, manifest)
    trials = read_trials(folder, manifest) or Trials()
    evidence = measure_evidence(predictions)
    facts = Facts(manifest, predictions, evidence, trials, read_tried(tried))
    title = plain(manifest.title)
    return manifest.model_copy(
        update={
            "model_card": _write(folder / MODEL_CARD, f"Model card: {title}", model_card.sections(facts)),
            "data_card": _write(folder / DATA_CARD, f"Data card: {title}", data_card.sections(facts)),
        }
    )


def _write(path: Path, title: str, sections: Iterable[tuple[str, str]]) -> BundleFile:
    parts = [f"# {title}", f"**{DISCLAIMER}**"]
    for heading, content in sections:
        parts += [f"## {heading}", content]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return BundleFile(file=path.name, sha256=file_sha256(path))
