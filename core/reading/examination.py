"""When a radiograph was taken, and whether two are of one patient: what a course needs of a file's header."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True)
class Examination:
    """What a file says of when and of whom; nothing of it is shown or exported as it stands.

    Attributes:
        patient: A keyed hash of the patient's identifier, to compare under the same key; empty where the file
            names nobody.
        day: When it was taken; None where the file does not say.
        time: Of that day.
    """

    patient: str = ""
    day: date | None = None
    time: time | None = None


UNKNOWN = Examination()


def pack_examination(examination: Examination) -> dict[str, str]:
    """The same as text, for a pipe."""
    return {name: str(value) for name, value in vars(examination).items() if value}


def unpack_examination(said: dict[str, str]) -> Examination:
    """What `pack_examination` wrote."""
    return Examination(
        said.get("patient", ""),
        date.fromisoformat(said["day"]) if "day" in said else None,
        time.fromisoformat(said["time"]) if "time" in said else None,
    )
