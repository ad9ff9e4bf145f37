"""The way from older formats of `bundle.json` to today's: older bundles load as if they were written so.

| format | what changed |
|---|---|
| 1 | the first |
| 2 | `smaller_svms`: the study's two smaller SVMs, fitted when a bundle is built; `licence` of the weights |
| 3 | `third_answers`: when a model may say that it cannot tell; `predictions.csv` has the column `reported` |
| 4 | `head` of a backbone: what stands on its base, in a file of its own |
| 5 | `precisions`: what faster arithmetic changes, instead of a list without figures; `ranges` of int8 |
| 6 | `taught` of a backbone: the shortcut that its head was taught on purpose |
"""

from __future__ import annotations

from typing import Any


def upgrade(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest of any known format as one of today's; what it did not know yet is empty.

    Args:
        manifest: What `bundle.json` holds. One without a format is a bundle in the making.
    """
    if manifest.get("format") == 1:
        manifest = manifest | {"format": 2, "smaller_svms": {}, "licence": ""}
    if manifest.get("format") == 2:
        manifest = manifest | {"format": 3, "third_answers": {}}
    if manifest.get("format") == 3:
        manifest = manifest | {"format": 4}
    if manifest.get("format") == 4:
        manifest = manifest | {"format": 5}
        manifest.pop("verified_precisions", None)
    if manifest.get("format") == 5:
        manifest = manifest | {"format": 6}
    return manifest
