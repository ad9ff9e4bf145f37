"""What somebody marked on a radiograph: points, boxes, regions and strokes.

A browser keeps them to itself, as on the page Analyse, and gives them only to a page that asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

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
            mask |= _inside(points, shape)
        elif mark.kind == "stroke":
            mask[_along(points, mark.width * max(shape), shape)] = not mark.erases
    return mask


def _inside(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """What a polygon holds by the even-odd rule: each of its edges flips all that lies to the right of it."""
    height, width = shape
    flips = np.zeros((height, width + 1), dtype=np.uint8)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = np.arange(*np.ceil(sorted((y0, y1))).clip(0, height), dtype=np.intp)
        columns = np.ceil(x0 + (rows - y0) / ((y1 - y0) or 1) * (x1 - x0)).astype(np.intp)
        flips[rows, columns.clip(0, width)] ^= 1
    found: NDArray[np.bool_] = np.bitwise_xor.accumulate(flips, axis=1)[:, :width].astype(np.bool_)
    return found


def _along(points: NDArray[np.float64], width_px: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """A line of some width, round at its ends and corners."""
    image = Image.new("L", shape[::-1])
    draw = ImageDraw.Draw(image)
    corners = [(float(x), float(y)) for x, y in points]
    draw.line(corners, fill=1, width=max(1, round(width_px)))
    for x, y in corners:
        draw.circle((x, y), max(0.0, width_px - 1) / 2, fill=1)
    return np.asarray(image).astype(np.bool_)
