"""What somebody marked on a radiograph: points, boxes, regions and strokes, as a browser gives them back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from skimage.draw import polygon

from core.errors import MarksError

MAX_MARKS = 100
MAX_POINTS = 500  # of one mark; the viewer leaves out what a freehand line can do without
MAX_WIDTH = 0.2

Kind = Literal["point", "box", "region", "stroke"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FEWEST = {"point": 1, "box": 2, "region": 3, "stroke": 1}
EXACTLY = frozenset({"point", "box"})

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Place = tuple[Share, Share]


class Mark(BaseModel):
    """One mark, whatever the radiograph's size and however it was turned, mirrored or zoomed.

    Attributes:
        kind: What it is.
        points: Shares of the upright radiograph's width and height: one point, two opposite corners of a box,
            the corners of a region (where its outline crosses itself, by the even-odd rule), or the line of a
            stroke.
        width: Of a stroke, as a share of the radiograph's longer side.
        erases: Whether a stroke takes away what earlier marks covered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    points: tuple[Place, ...] = Field(max_length=MAX_POINTS)
    width: Annotated[float, Field(strict=True, ge=0, le=MAX_WIDTH, allow_inf_nan=False)] = 0.0
    erases: bool = Field(default=False, strict=True)

    @model_validator(mode="after")
    def _has_its_points(self) -> Self:
        fewest, count = FEWEST[self.kind], len(self.points)
        if count < fewest or (self.kind in EXACTLY and count != fewest):
            raise ValueError("a mark has points as its kind asks for")
        if self.kind != "stroke" and (self.width or self.erases):
            raise ValueError("only a stroke has a width, or erases")
        return self


_MARKS = TypeAdapter(Annotated[tuple[Mark, ...], Field(max_length=MAX_MARKS)])


def read_marks(given: Any) -> tuple[Mark, ...]:
    """Marks out of what a browser sent, which may be anything.

    Args:
        given: A list of what `Mark` has, in JSON's types.

    Raises:
        MarksError: If it is anything else.
    """
    try:
        return _MARKS.validate_python(given)
    except (ValidationError, RecursionError) as error:
        raise MarksError("The marks could not be read; draw them again.") from error


def mask_of(marks: Sequence[Mark], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels marks cover, in the order in which they were drawn; points cover none.

    Args:
        marks: Of one radiograph.
        shape: Its height and width in pixels.

    Returns:
        (height, width): a pixel is covered where its middle is.
    """
    mask = np.zeros(shape, dtype=np.bool_)
    size = np.array(shape[::-1])
    for mark in marks:
        points = np.array(mark.points) * size - 0.5  # in pixels, from the middle of the first
        if mark.kind == "box":
            left, top = np.ceil(points.min(axis=0)).astype(int).clip(0)
            right, bottom = np.ceil(points.max(axis=0)).astype(int).clip(0)
            mask[top:bottom, left:right] = True
        elif mark.kind == "region":
            rows, columns = polygon(points[:, 1], points[:, 0], shape)  # type: ignore[no-untyped-call]
            mask[rows, columns] = True
        elif mark.kind == "stroke":
            _draw(mask, points, mark.width * max(shape) / 2, not mark.erases)
    return mask


def _draw(mask: NDArray[np.bool_], points: NDArray[np.float64], radius: float, value: bool) -> None:
    """Sets what lies within a radius of a line, in pixels."""
    ends = pairwise(points) if len(points) > 1 else [(points[0], points[0])]
    for one, other in ends:
        left, top = np.floor(np.minimum(one, other) - radius).astype(int).clip(0)
        right, bottom = np.ceil(np.maximum(one, other) + radius).astype(int).clip(-1) + 1
        part = mask[top:bottom, left:right]
        down, across = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
        along = other - one
        length = float(along @ along)
        share = ((across - one[0]) * along[0] + (down - one[1]) * along[1]) / length if length else 0.0
        nearest = np.clip(share, 0, 1)
        x, y = across - one[0] - nearest * along[0], down - one[1] - nearest * along[1]
        part[x * x + y * y <= radius * radius] = value
