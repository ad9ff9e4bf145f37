"""What a picture can be, before anybody asks what it shows: kinds, and the ways in which a chest can lie."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of picture.

    Attributes:
        key: In files, and in a manifest of odd pictures.
        name: For people, with its article.
    """

    key: str
    name: str


# The order is that of the gate's outputs.
KINDS: tuple[Kind, ...] = (
    Kind("frontal", "a frontal chest radiograph"),
    Kind("lateral", "a lateral chest radiograph"),
    Kind("hand", "a radiograph of a hand"),
    Kind("knee", "a radiograph of a knee"),
    Kind("spine", "a radiograph of the spine"),
    Kind("ct", "a slice, as of computed tomography"),
    Kind("mammogram", "a mammogram"),
    Kind("document", "a document"),
    Kind("photo", "a photograph or a drawing"),
    Kind("none", "no radiograph of a whole chest"),
)
KIND_BY_KEY = {kind.key: kind for kind in KINDS}
FRONTAL, LATERAL, NONE = "frontal", "lateral", "none"


@dataclass(frozen=True)
class Turn:
    """How a picture lies.

    Attributes:
        quarters: How many quarter turns counter-clockwise it was turned by, from upright.
        name: For people.
    """

    quarters: int
    name: str


# The order is that of the gate's outputs.
TURNS: tuple[Turn, ...] = (
    Turn(0, "upright"),
    Turn(1, "turned a quarter to the left"),
    Turn(2, "upside down"),
    Turn(3, "turned a quarter to the right"),
)
FLAGS = ("mirrored", "inverted", "apex_missing", "base_missing")  # outputs that say yes or no
OUTPUTS = len(KINDS) + len(TURNS) + len(FLAGS)
