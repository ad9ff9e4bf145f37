"""Bundles: found when whole, refused by name and with the reason when not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BundleError
from core.gate.plausibility import fit_limits
from core.models.backbones import BACKBONES
from core.models.bundle.files import (
    MANIFEST_FILE,
    list_bundles,
    read_manifest,
    read_networks,
    verify_files,
    write_manifest,
)
from core.models.bundle.manifest import FORMAT
from core.vocabulary import FINDINGS, FIRST_FINDINGS

Edit = Callable[[dict[str, Any]], Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle whose files hold a few bytes each: enough for everything that comes before parsing."""
    folder = tmp_path / "bundles" / "tiny"
    folder.mkdir(parents=True)
    (folder / MANIFEST_FILE).write_text(json.dumps(_manifest(folder)), encoding="utf-8")
    return folder


def _manifest(folder: Path) -> dict[str, Any]:
    import hashlib

    def entry(name: str, **more: Any) -> dict[str, Any]:
        content = f"content of {name}".encode()
        (folder / name).write_bytes(content)
        return {"file": name, "sha256": hashlib.sha256(content).hexdigest(), **more}

    random = np.random.default_rng(0)
    names = [
        "contrast",
        "roughness",
        "symmetry",
        "mediastinal_contrast",
        "uprightness",
        "feature:a:0",
        "feature:a:1",
    ]
    limits = fit_limits([dict(zip(names, random.normal(size=7), strict=True)) for _ in range(20)])
    fit = {"weights": [0.0] * len(FINDINGS), "intercept": 1, "maximum": 8, "correlation": 0.5, "images": 89}
    fit |= {"mean_absolute_error": 1, "baseline_error": 2}
    answer = {"threshold": 0.4, "reference_probability": 0.5}
    return {
        "format": FORMAT,
        "name": "tiny",
        "title": "Tiny",
        "created": "2026-01-01",
        "description": "",
        "licence": "",
        "preprocessing": {"size_px": 64},
        "pooling": "average",
        "backbones": {
            b.key: entry(f"{b.key}.safetensors", initialisation="scratch", **answer) for b in BACKBONES
        },
        "findings": entry(
            "findings.safetensors",
            preprocessing={"size_px": 64},
            operating_points=[0.5] * len(FINDINGS),
            reference_logits=[0.0] * len(FINDINGS),
        ),
        "severity": {"extent": fit, "opacity": fit},
        "ensemble": entry("ensemble.skops", **answer),
        "smaller_svms": {},
        "third_answers": {},
        "predictions": entry("predictions.csv"),
        "reference": entry("reference.png"),
        "training": {},
        "sources": [{"name": "a", "citation": "b", "licence": "c", "counts": {"covid": 1}}],
        "training_statistics": limits.model_dump(),
    }


def edit_manifest(folder: Path, edit: Edit) -> None:
    path = folder / MANIFEST_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_whole_bundle_is_listed_verified_and_written_back(folder: Path) -> None:
    (listing,) = list_bundles(folder.parent)
    assert listing.name == "tiny" and listing.problem is None and listing.manifest is not None
    verify_files(folder, listing.manifest)
    others = {"findings.safetensors", "ensemble.skops", "predictions.csv", "reference.png"}
    named = [each.file for each in listing.manifest.files()]
    assert len(named) == len(BACKBONES) + len(others) and others < set(named)
    write_manifest(folder, listing.manifest)
    assert read_manifest(folder) == listing.manifest


@pytest.mark.parametrize(
    ("citation", "name"),
    [
        ("Somebody et al. 2020, A Collection, arXiv:2003.01234", "Somebody et al. 2020"),
        ("A Clinic's Initiative, 2019", "A Clinic's Initiative, 2019"),
        ("Eurorad, European Society of Radiology", "Eurorad"),
        ("Rendered here at 12345 px", "Rendered here at 12345 px"),
        ("", "a"),
    ],
)
def test_a_source_is_called_as_people_cite_it(folder: Path, citation: str, name: str) -> None:
    edit_manifest(folder, lambda content: content["sources"][0].update(citation=citation))
    manifest = read_manifest(folder)
    assert manifest.source_name("a") == name and manifest.source_name("unheard of") == "unheard of"


def test_networks_can_be_read_before_the_rest_exists(folder: Path) -> None:
    whole = read_networks(folder)
    write_manifest(folder, whole)
    for name in ("ensemble.skops", "predictions.csv", "reference.png"):
        (folder / name).unlink()
    part = read_networks(folder)
    assert part == whole
    verify_files(folder, part)
    with pytest.raises(BundleError, match=r"damaged bundle\.json"):
        read_manifest(folder)


def test_listing_names_each_problem_and_skips_what_is_no_folder(folder: Path) -> None:
    (folder.parent / "empty").mkdir()
    (folder.parent / ".hidden").mkdir()
    (folder.parent / "README.md").write_text("not a bundle")
    (folder / "vgg16.safetensors").unlink()
    empty, tiny = list_bundles(folder.parent)
    assert empty.problem is not None and "'empty' has no readable bundle.json" in empty.problem
    assert tiny.problem is not None and "'tiny' lacks vgg16.safetensors" in tiny.problem
    assert list_bundles(folder / "nowhere") == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"content of resnet50.safetensor", "is damaged or incomplete"),
        (b"Content of resnet50.safetensors", "is damaged or incomplete"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
    ],
    ids=["empty", "truncated", "flipped", "html", "lfs"],
)
def test_damaged_file_is_refused_by_name_with_the_reason(folder: Path, content: bytes, reason: str) -> None:
    (folder / "resnet50.safetensors").write_bytes(content)
    with pytest.raises(BundleError, match=rf"resnet50\.safetensors in the bundle 'tiny' {reason}"):
        verify_files(folder, read_manifest(folder))


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "..", "", ".hidden", "a\\b", "a\nb"])
def test_file_names_never_lead_out_of_the_folder(folder: Path, name: str) -> None:
    edit_manifest(folder, lambda content: content["ensemble"].update(file=name))
    with pytest.raises(BundleError, match=r"ensemble\.file"):
        read_manifest(folder)


def test_links_never_lead_out_of_the_folder(folder: Path) -> None:
    outside = folder.parent / "secret"
    outside.write_bytes((folder / "reference.png").read_bytes())
    (folder / "reference.png").unlink()
    (folder / "reference.png").symlink_to(outside)
    with pytest.raises(BundleError, match=r"reference\.png in the bundle 'tiny' leads out of its folder"):
        verify_files(folder, read_manifest(folder))


EDITS: dict[str, tuple[Edit, str]] = {
    "format": (
        lambda m: m.update(format=FORMAT + 1),
        f"has format {FORMAT + 1}, and this ThoraxLens reads 1 to {FORMAT}",
    ),
    "no backbone": (lambda m: m["backbones"].clear(), "a bundle needs a backbone"),
    "unknown backbone": (
        lambda m: m["backbones"].update(alexnet=m["backbones"]["vgg16"]),
        "does not know the backbone alexnet",
    ),
    "unknown field": (lambda m: m.update(extra=1), "extra"),
    "bad hash": (lambda m: m["findings"].update(sha256="x"), "findings.sha256"),
    "points": (lambda m: m["findings"].update(operating_points=[0.0] * len(FINDINGS)), "between 0 and 1"),
    "a point less": (
        lambda m: m["findings"].update(operating_points=[0.5] * (len(FIRST_FINDINGS) - 1)),
        "operating_points",
    ),
    "a point more": (
        lambda m: m["findings"].update(operating_points=[0.5] * (len(FINDINGS) + 1)),
        "operating_points",
    ),
    "no opacity": (lambda m: m["severity"].pop("opacity"), "extent and opacity"),
    "threshold": (lambda m: m["ensemble"].update(threshold=1.5), "ensemble.threshold"),
    "precision": (
        lambda m: m.update(
            precisions={
                "processor": "",
                "trials": [],
                "combinations": [{"precisions": {"vgg16": "int4"}, "reference_probability": 0, "splits": {}}],
            }
        ),
        "precisions.combinations.0.precisions.vgg16",
    ),
    "statistics": (lambda m: m["training_statistics"].update(feature_mean=[]), "differ in size"),
}


@pytest.mark.parametrize(("edit", "reason"), EDITS.values(), ids=EDITS.keys())
def test_incomplete_manifest_is_refused_with_the_reason(folder: Path, edit: Edit, reason: str) -> None:
    edit_manifest(folder, edit)
    with pytest.raises(BundleError, match="'tiny'") as refusal:
        read_manifest(folder)
    assert reason in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"<html>"])
def test_unreadable_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST_FILE).write_bytes(content)
    with pytest.raises(BundleError, match="'tiny' has"):
        read_manifest(folder)


def test_a_bundle_may_hold_a_part_of_the_table(folder: Path) -> None:
    """Older bundles know fewer backbones than the table; what they hold comes in its order."""
    edit_manifest(folder, lambda content: content["backbones"].pop("resnet50"))
    edit_manifest(
        folder, lambda content: content.update(backbones=dict(reversed(content["backbones"].items())))
    )
    manifest = read_manifest(folder)
    assert [each.key for each in manifest.rows] == [each.key for each in BACKBONES if each.key != "resnet50"]


def test_a_bundle_of_the_first_format_loads_as_one_of_todays(folder: Path) -> None:
    def first_format(content: dict[str, Any]) -> None:
        del content["smaller_svms"], content["licence"]
        content["format"] = 1
        content["verified_precisions"] = ["f32"]

    today = read_manifest(folder)
    edit_manifest(folder, first_format)
    assert read_manifest(folder) == today
    assert [listing.problem for listing in list_bundles(folder.parent)] == [None]
