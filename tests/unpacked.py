"""What a browser makes of a packed picture: the viewer's own code, run by Node.js."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from core.display.wavelet import Packed
from core.project import PROJECT
from tests.node_tools import in_node


def unpacked(packed: Packed) -> np.ndarray:
    """Its greys, (height, width), uint16; skips where Node.js is missing."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data.gz").write_bytes(packed.data)
        sheet = {name: getattr(packed, name) for name in ("width", "height", "depth", "steps", "exact")}
        (Path(folder) / "sheet.json").write_text(json.dumps(sheet))
        found = in_node(PROJECT / "tests" / "viewer" / "unpack.js", folder)
    return np.frombuffer(found, np.uint16).reshape(packed.height, packed.width)
