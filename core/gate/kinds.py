"""What a picture can be, before anybody asks what it shows: kinds, and the ways in which a chest can lie."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of picture.

    Attributes:
        key: In files, and in a manifest of odd pictures.
        name: For people, with its article.
        group: What kinds it is counted with, in tables.
        asked: Whether the networks can be asked about it.
    """

    key: str
    name: str
    group: str
    asked: bool = False


# The order is that of the gate's outputs.
KINDS: tuple[Kind, ...] = (
    Kind("frontal", "a frontal chest radiograph", "frontal chest", asked=True),
    Kind("lateral", "a lateral chest radiograph", "lateral chest"),
    Kind("hand", "a radiograph of a hand", "another part of the body"),
    Kind("knee", "a radiograph of a knee", "another part of the body"),
    Kind("spine", "a radiograph of the spine", "another part of the body"),
    Kind("ct", "a slice, as of computed tomography", "slice"),
    Kind("mammogram", "a mammogram", "another part of the body"),
    Kind("document", "a document", "document"),
    Kind("photo", "a photograph or a drawing", "photograph"),
    Kind("none", "no radiograph of a whole chest", "none of these"),
)
KIND_BY_KEY = {kind.key: kind for kind in KINDS}
FRONTAL, NONE = "frontal", "none"


@dataclass(frozen=True)
class Turn:
    """How a picture lies.

    Attributes:
        quarters: How many quarter turns counter-clockwise it was turned by, from upright.
        name: For people.
        remedy: What makes it upright.
    """

    quarters: int
    name: str
    remedy: str


# The order is that of the gate's outputs.
TURNS: tuple[Turn, ...] = (
    Turn(0, "upright", ""),
    Turn(1, "turned a quarter to the left", "Turn it a quarter to the right"),
    Turn(2, "upside down", "Turn it upright"),
    Turn(3, "turned a quarter to the right", "Turn it a quarter to the left"),
)
FLAGS = ("mirrored", "inverted", "apex_missing", "base_missing")  # outputs that say yes or no
OUTPUTS = len(KINDS) + len(TURNS) + len(FLAGS)
