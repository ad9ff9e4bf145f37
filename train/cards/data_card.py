"""The sections of a data card, after Gebru et al. 2021 (Datasheets for Datasets, arXiv:1803.09010)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.display.markdown import plain, table
from core.models.bundle.manifest import BundleManifest, DataSource
from core.vocabulary import PHANTOM
from train.cards.facts import Facts, bullets, recorded, text
from train.data.sources import collection


def sections(facts: Facts) -> Iterator[tuple[str, str]]:
    """Headings and their Markdown, in order."""
    manifest = facts.manifest
    yield "Collections", _collections(manifest.sources)
    yield "Images by collection, split and class", _counts(manifest.sources)
    yield "Class and source are nearly one thing", _confounding(manifest.sources)
    yield "Other known confounders", text("confounders")
    yield "Patients and copies", _audit(manifest)
    yield "What every image goes through", _preprocessing(manifest)
    yield "Which data exactly", _identity(manifest)


def _collections(sources: Sequence[DataSource]) -> str:
    rows = [
        {
            "name": plain(source.name),
            "citation": plain(source.citation),
            "licence": plain(source.licence),
            "whose chests": plain(source.population) or "not stated",
            "views": ", ".join(f"{plain(view)} {count}" for view, count in source.views.items())
            or "not stated",
        }
        for source in sources
    ]
    notes = [
        f"{plain(each.name)}: {plain(collection(each.name).note)}"
        for each in sources
        if collection(each.name).note
    ]
    return f"{table(rows)}\n\n{bullets(*notes)}" if rows else "None are recorded."


def _counts(sources: Sequence[DataSource]) -> str:
    rows = [
        {
            "source": plain(source.name),
            "split": plain(split),
            "images": str(count),
            "of them": _classes(source, split),
        }
        for source in sources
        for split, count in source.counts.items()
        if count
    ]
    return f"{text('splits')}\n\n{table(rows)}"


def _classes(source: DataSource, split: str) -> str:
    counted = source.classes.get(split, {}).items()
    return ", ".join(f"{plain(label)} {number}" for label, number in counted) or "not recorded"


def _confounding(sources: Sequence[DataSource]) -> str:
    holds = {
        source.name: {label for labels in source.classes.values() for label in labels} & {"covid", "normal"}
        for source in sources
        if source.name != PHANTOM
    }
    if not any(holds.values()):
        return f"- Not recorded.\n\n{text('confounding')}"
    lines = []
    for heading, wanted in (
        ("Only COVID-19", {"covid"}),
        ("Only normal", {"normal"}),
        ("Both classes", {"covid", "normal"}),
    ):
        names = [plain(name) for name, labels in sorted(holds.items()) if labels == wanted]
        lines.append(f"{heading}: {', '.join(names) or 'no source'}")
    return f"{bullets(*lines)}\n\n{text('confounding')}"


def _audit(manifest: BundleManifest) -> str:
    audit = manifest.training.get("figures", {}).get("audit")
    if not audit:
        return text("groups")
    return (
        f"{text('groups')} The audit compared every picture with those of other splits: {audit['pairs']} "
        f"pairs were one picture or nearly, and {audit['dropped_images']} images were left out for that."
    )


def _preprocessing(manifest: BundleManifest) -> str:
    recipe = manifest.preprocessing
    greys = "are spread evenly (histogram equalisation)" if recipe.equalise else "stay as they are"
    return (
        f"{100 * recipe.border_share:g} % of each side is cut off, the rest becomes a square of "
        f"{recipe.size_px} px, and its greys {greys}: the same in training and in serving."
    )


def _identity(manifest: BundleManifest) -> str:
    digest = recorded(manifest.training.get("manifest_sha256"))
    return f"SHA-256 of manifest.csv, which lists every image: {digest}. No image ships with the bundle."
