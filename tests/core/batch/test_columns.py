"""Columns follow the bundle, and the documentation explains each of them."""

from __future__ import annotations

import re

from core.analysis.load import Models
from core.batch.columns import COLUMNS, columns
from core.models.backbones import BACKBONES
from core.project import PROJECT
from core.vocabulary import FINDINGS


def test_columns_follow_the_bundle(random_models: Models) -> None:
    manifest = random_models.manifest
    names = [each.name for each in columns(manifest)]
    assert len(set(names)) == len(names)
    assert {f"{each.key}_probability" for each in BACKBONES} <= set(names)
    assert {f"finding:{name}" for name in FINDINGS} <= set(names)
    assert {"extent", "extent_error", "opacity", "ensemble_says_at_10"} <= set(names)
    assert not {"BACKBONE", "FINDING", "SCORE", "MODEL", "RATE"} & set(re.findall("[A-Z]+", " ".join(names)))
    first, *_ = manifest.backbones
    smaller = manifest.model_copy(
        update={"backbones": {first: manifest.backbones[first]}, "third_answers": {}}
    )
    fewer = [each.name for each in columns(smaller)]
    assert [name for name in fewer if name.endswith("_probability")] == [
        "ensemble_probability",
        f"{first}_probability",
    ]
    assert not [name for name in fewer if "_says_at_" in name]


def test_the_documentation_explains_every_column() -> None:
    text = (PROJECT / "docs/batch.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| (.+) \|$", text, re.MULTILINE)
    assert rows == [(each.name, each.kind, each.meaning) for each in COLUMNS]
