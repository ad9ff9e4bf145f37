"""What is known of the collections that radiographs come from: `sources.toml`, beside this file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# What weights may be offered under, from the freest to the most careful.
LICENCES = ("MIT", "CC BY 4.0", "CC BY-NC-SA 4.0")


@dataclass(frozen=True)
class Collection:
    """Where radiographs come from.

    Attributes:
        citation: How to cite it.
        licence: Of its images, in words.
        population: Whose chests it shows, in words.
        note: What else one must know of it, in a sentence; empty where nothing stands out.
        weights: What its licence asks of weights that learnt from it: one of `LICENCES`, or empty if unknown.
        looks_normal_suffix: What the stem of a file's name ends in when nothing is to be seen on it; empty
            where names tell nothing.
    """

    citation: str
    licence: str = "not stated"
    population: str = ""
    weights: str = ""
    note: str = ""
    looks_normal_suffix: str = ""

    @property
    def adults(self) -> bool:
        """Whether all of its chests are adults'."""
        return self.population.startswith("adults")

    def says_normal(self, original: str) -> bool:
        """Whether a file's name in its own collection says that nothing is to be seen."""
        return bool(self.looks_normal_suffix) and Path(original).stem.endswith(self.looks_normal_suffix)


_TABLE = tomllib.loads(Path(__file__).with_name("sources.toml").read_text(encoding="utf-8"))
COLLECTIONS = {name: Collection(**facts) for name, facts in _TABLE.items()}


def collection(source: str) -> Collection:
    """What is known of a source; of an unknown one, its name alone."""
    return COLLECTIONS.get(source, Collection(source))


def weights_licence(sources: Iterable[str]) -> str:
    """What weights that learnt from these sources may be offered under: the most careful that one asks for.

    Returns:
        One of `LICENCES`; empty where nobody knows a source's.
    """
    asked = {collection(source).weights for source in sources}
    return "" if not asked or "" in asked else max(asked, key=LICENCES.index)
