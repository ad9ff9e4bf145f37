"""One explanation a term, for every tooltip of the app."""

from __future__ import annotations

import tomllib
from functools import cache

from core.project import PROJECT

GLOSSARY = PROJECT / "assets" / "glossary.toml"


def term(key: str) -> str:
    """What a term means, in a sentence or two.

    Args:
        key: Of the glossary; an unknown one is a bug and raises KeyError.
    """
    return glossary()[key]


@cache
def glossary() -> dict[str, str]:
    """All terms."""
    return tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))
