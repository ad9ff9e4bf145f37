"""What a reader has to know about a radiograph that was read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadingWarning:
    """Something that makes this radiograph's answers less trustworthy.

    Attributes:
        code: Stable name for reports, e.g. "far_from_training_data".
        message: One sentence for the reader.
    """

    code: str
    message: str
