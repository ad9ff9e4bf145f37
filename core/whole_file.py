"""Files that are whole or not there: whoever is killed while writing leaves nothing that is taken for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives the name to write to; what stands there takes the path's place once the block has ended.

    After an interruption the path is as before, and the same block overwrites what was left.

    Args:
        path: Where the file goes. Its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    yield partial
    partial.replace(path)
