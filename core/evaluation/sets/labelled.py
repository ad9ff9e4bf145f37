"""Labelled radiographs that a bundle's models are measured on while somebody waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from core.analysis.results import Analysis
from core.errors import DataError, NotAskedError, RadiographError
from core.evaluation.predictions import Predictions, join
from core.gate.sentences import refusal
from core.models.findings import undo_op_norm
from core.pool import work_on
from core.reading.decoder_pool import read_radiograph_isolated
from core.reading.radiograph import pixels_to_display
from core.vocabulary import FINDINGS, TASK

PICTURE_PX = 480
AT_ONCE = 2  # radiographs that are analysed
Reason = Literal[
    "ambiguous",
    "contradiction",
    "unlabelled",
    "unknown",
    "repeated",
    "unreadable",
    "refused",
    "missing",
    "remark",
]
# Of files, as a count names them; the other two are of rows in a table, and of images that were used.
REASONS: dict[Reason, str] = {
    "ambiguous": "ambiguous",
    "contradiction": "with contradictory labels",
    "unlabelled": "without a label",
    "unknown": "with an unknown label",
    "repeated": "repeated",
    "unreadable": "unreadable",
    "refused": "refused by the gate",
}


@dataclass(frozen=True)
class LeftOut:
    """What a set could not use, or what is to be said of a row in its table.

    Attributes:
        name: The file or the row, for people: plain text.
        reason: Which of a few kinds it is.
        sentence: What is wrong, and what to do.
    """

    name: str
    reason: Reason
    sentence: str


# A table of one row, or why there is none; of a refused one that was asked about all the same, both.
Outcome = tuple[Predictions | LeftOut, ...]


@dataclass(frozen=True)
class Labelled:
    """A radiograph and what is known of it.

    Attributes:
        name: For people: plain text.
        label: "covid", "normal" or "pneumonia".
        patient: Whose it is.
    """

    name: str
    label: str
    patient: str


class LabelledSet(Protocol):
    """Radiographs, and where their files are."""

    @property
    def split(self) -> str:
        """What tables call it."""

    @property
    def members(self) -> Sequence[Labelled]:
        """What it holds."""

    @property
    def problems(self) -> Sequence[LeftOut]:
        """What was left out when it was opened."""

    def read(self, index: int) -> bytes:
        """The whole file of a member.

        Raises:
            DataError: If it cannot be read.
        """


def analyse_set(
    images: LabelledSet,
    thresholds: dict[str, float],
    points: Sequence[float],
    analyse: Callable[[bytes, str], Analysis],
    *,
    places: Iterable[int] | None = None,
    at_once: int = AT_ONCE,
) -> Generator[tuple[int, Outcome]]:
    """Analyses a set, a few radiographs at once.

    Args:
        images: The set.
        thresholds: Of the bundle's models, by key.
        points: Operating points of its findings network.
        analyse: Reads and analyses a file, given its bytes and its name; NotAskedError where the gate refuses
            and nobody insists. Several threads call it.
        places: Of the members that are to be analysed; by default all.
        at_once: How many radiographs.

    Yields:
        The place of each member, and what came of it, as it is done.
    """

    def outcome(place: int) -> Outcome:
        member = images.members[place]
        try:
            analysis = analyse(images.read(place), member.name)
            row = _one_row(images.split, member, analysis, thresholds, points)
            return (row, *_over_it(member.name, analysis))
        except NotAskedError as error:
            return (LeftOut(member.name, "refused", f"{member.name}: {error}"),)
        except RadiographError as error:
            return (LeftOut(member.name, "unreadable", f"{member.name}: {error}"),)
        except DataError as error:
            return (LeftOut(member.name, "unreadable", str(error)),)

    return work_on(range(len(images.members)) if places is None else places, outcome, at_once)


@dataclass(eq=False)
class MeasuredSet:
    """What is known of a set so far: it grows while the models are asked, and may stay half done.

    Attributes:
        images: The set.
        outcomes: What came of its members, by their place.
    """

    images: LabelledSet
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    @property
    def waiting(self) -> tuple[int, ...]:
        """Places of the members that were not analysed yet."""
        return tuple(place for place in range(len(self.images.members)) if place not in self.outcomes)

    @property
    def done(self) -> tuple[int, ...]:
        """Places of those that were."""
        return tuple(sorted(self.outcomes))

    def snapshot(self) -> MeasuredSet:
        """The same as it is now, for others may be measuring it."""
        return MeasuredSet(self.images, dict(self.outcomes))

    def table(self) -> Predictions | None:
        """What was said of them, in their order; None where none was used."""
        rows = [each for each in self._all() if isinstance(each, Predictions)]
        return join(rows) if rows else None

    def left_out(self) -> list[LeftOut]:
        """What was left out, and what is to be said of rows of the user's table."""
        return [*self.images.problems, *(each for each in self._all() if isinstance(each, LeftOut))]

    def _all(self) -> Iterator[Predictions | LeftOut]:
        for place in self.done:
            yield from self.outcomes[place]


def _over_it(name: str, analysis: Analysis) -> Iterator[LeftOut]:
    """The refusal over an answer that was given all the same."""
    if analysis.refused and analysis.verdict:
        why = refusal(analysis.verdict, analysis.warnings)
        yield LeftOut(name, "remark", f"{name}: {why} It counts all the same, as you asked.")


def count_images(used: Sequence[str], left_out: Sequence[LeftOut]) -> str:
    """How many images of a set were used and how many left out, and why, in a line.

    Args:
        used: Labels of the images that were analysed.
        left_out: All that was not, whether when the set was opened or later.
    """
    counts = Counter(each.reason for each in left_out)
    kinds = [f"{counts[reason]} {words}" for reason, words in REASONS.items() if counts[reason]]
    files = sum(counts[reason] for reason in REASONS)
    line = f"{len(used)} {'image' if len(used) == 1 else 'images'} used, {files} left out"
    line += f": {', '.join(kinds)}." if kinds else "."
    if rows := counts["missing"]:
        line += f" {rows} {'row names' if rows == 1 else 'rows name'} no file."
    if others := sum(label not in TASK for label in used):
        line += (
            f" Results count the {len(used) - others} of COVID-19 or normal; for the other {others} the "
            "models were taught no answer."
        )
    return line


def _one_row(
    split: str, member: Labelled, analysis: Analysis, thresholds: dict[str, float], points: Sequence[float]
) -> Predictions:
    scores = [reading.probability for reading in analysis.readings] + [analysis.decision.probability]
    # The ensemble's own inputs, since the findings that a page shows may be the official network's.
    inputs = {part.input: part.value for part in analysis.decision.contributions}
    return Predictions(
        thresholds,
        path=np.array([member.name]),
        split=np.array([split]),
        source=np.array([split]),
        group=np.array([member.patient]),
        label=np.array([member.label]),
        reported=np.array([""]),
        scores=np.array([scores]),
        extent=np.array([np.nan]),
        opacity=np.array([np.nan]),
        findings=undo_op_norm([[inputs[name] for name in FINDINGS if name in inputs]], points),
    )


def find_data(images: LabelledSet, name: str) -> bytes | None:
    """The file of the member of that name; None where none or several are called so.

    Raises:
        DataError: If it cannot be read.
    """
    found = [index for index, member in enumerate(images.members) if member.name == name]
    return images.read(found[0]) if len(found) == 1 else None


def draw_picture(data: bytes, name: str) -> NDArray[np.uint8]:
    """A radiograph for a small figure, (h, w), its longer side at most `PICTURE_PX`.

    Args:
        data: The whole file, from anybody.
        name: Of the file.

    Raises:
        RadiographError: If it is no radiograph.
    """
    return pixels_to_display(read_radiograph_isolated(data, name), PICTURE_PX)
