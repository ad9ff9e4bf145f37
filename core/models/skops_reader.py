"""Reads the numbers out of a skops file without skops, and so without scikit-learn.

Importing both to get at a few arrays takes a second and 165 MB of every server. Objects come back as
their plain state: no class that the file names is ever looked up, let alone constructed.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np


def read_skops(data: bytes) -> Any:
    """Reads a skops file.

    Args:
        data: Its content.

    Returns:
        Dicts, lists, arrays and plain values; an object of class C as its state, a dict, with the
        class's full name under `__class__`.

    Raises:
        ValueError, KeyError, zipfile.BadZipFile: If it is damaged or holds kinds of nodes not listed here.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _read(json.loads(archive.read("schema.json")), archive)


def _read(node: Any, archive: zipfile.ZipFile) -> Any:
    kind, content = node["__loader__"], node.get("content")
    if kind == "JsonNode":
        return json.loads(content)
    if kind == "NdArrayNode" and node["type"] == "numpy":
        return np.load(io.BytesIO(archive.read(node["file"])), allow_pickle=False)
    if kind in ("ListNode", "TupleNode"):
        return [_read(child, archive) for child in content]
    if kind == "DictNode":
        return {name: _read(child, archive) for name, child in content.items()}
    if kind == "ObjectNode":
        return _read(content, archive) | {"__class__": f"{node['__module__']}.{node['__class__']}"}
    raise ValueError(f"a node of kind {kind}")
