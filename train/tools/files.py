"""Notes as JSON: they are whole, or not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.whole_file import replacing


def write_json(path: Path, content: Any) -> None:
    """Writes a note that `json.loads` reads back."""
    with replacing(path) as partial:
        partial.write_text(json.dumps(content, indent=2), encoding="utf-8")
