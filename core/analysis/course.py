"""Several radiographs of one patient: on which days, in which order, and which changes exceed the error."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache

from scipy.stats import studentized_range

from core.reading.examination import UNKNOWN, Examination

MAX_FILMS = 12  # in one course
MAX_DAYS = 36_500
SECONDS_A_DAY = 86_400
ONE_IN_TWENTY = 1.96  # standard deviations
FALSE_ALARMS = 0.05  # share of courses of unchanged lungs

_DAY = re.compile(r"(?:day\s*)?([+-]?\d+(?:[.,]\d+)?)", re.IGNORECASE)
_DATE = re.compile(r"(?:(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)\.(\d\d?)\.(\d{4}))(?:[ T]+(\d\d?):(\d\d))?")


@dataclass(frozen=True)
class Entry:
    """What is known of when one radiograph was taken.

    Attributes:
        typed: A day's number or a date by the user, which counts more than the header; empty for neither.
        header: What the file says.
    """

    typed: str = ""
    header: Examination = UNKNOWN


@dataclass(frozen=True)
class Timeline:
    """When radiographs were taken, one by one as they were given, and in which order.

    Attributes:
        days: Since the first date that is known, or as typed; None where nobody knows, and if mixed.
        problems: What is wrong with what was typed, in a sentence; empty where nothing is.
        order: Places in what was given, oldest first; as given unless all days are known.
        to_scale: Whether all days are known, and not all the same.
        mixed: Whether some have a number and others a date.
    """

    days: tuple[float | None, ...]
    problems: tuple[str, ...]
    order: tuple[int, ...]
    to_scale: bool
    mixed: bool


def timeline(entries: Sequence[Entry]) -> Timeline:
    """Orders radiographs by what is known of when they were taken.

    Dates become days since the first of them: whole ones, or where two were taken on one day and all say at
    which hour, the time since the first moment.

    Args:
        entries: In the user's order.
    """
    read = [_read(each) for each in entries]
    moments = [each for each in read if isinstance(each, Examination) and each.day]
    on_one_day = len({each.day for each in moments}) < len(moments)
    hours = on_one_day and all(each.time for each in moments)
    first = min(filter(None, (_taken(each, hours=hours) for each in moments)), default=None)
    mixed = bool(moments) and any(isinstance(each, float) for each in read)
    days = tuple(None if mixed else _day(each, first, hours=hours) for each in read)
    known = [each for each in days if each is not None]
    whole = len(known) == len(days)
    order = sorted(range(len(days)), key=lambda at: days[at] or 0) if whole else list(range(len(days)))
    problems = tuple(each if isinstance(each, str) else "" for each in read)
    return Timeline(days, problems, tuple(order), whole and len(set(known)) > 1, mixed)


def _read(entry: Entry) -> Examination | float | str:
    """A moment, a day's number, or what is wrong with what was typed."""
    typed = entry.typed.strip()
    if not typed:
        return entry.header
    if found := _DAY.fullmatch(typed):
        number = float(found[1].replace(",", "."))
        wrong = f"A day lies between −{MAX_DAYS} and {MAX_DAYS}; correct it, or leave it empty."
        return number if abs(number) <= MAX_DAYS else wrong
    if found := _DATE.fullmatch(typed):
        year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        try:
            at = time(int(found[7]), int(found[8])) if found[7] else None
            return Examination(day=date(int(year), int(month), int(day)), time=at)
        except ValueError:
            return "There is no such date; write it as 2026-03-17."
    return "This is neither a day (3) nor a date (2026-03-17); correct it, or leave it empty."


def _taken(said: Examination, *, hours: bool) -> datetime | None:
    """The moment, or the midnight before it where hours do not count; None where nobody knows."""
    if said.day is None:
        return None
    return datetime.combine(said.day, said.time if hours and said.time else time())


def _day(said: Examination | float | str, first: datetime | None, *, hours: bool) -> float | None:
    if isinstance(said, float):
        return said
    taken = _taken(said, hours=hours) if isinstance(said, Examination) else None
    return round((taken - first).total_seconds() / SECONDS_A_DAY, 2) if taken and first else None


def strangers(examinations: Sequence[Examination]) -> tuple[int, ...]:
    """Places of the radiographs that name another patient than most; those that name nobody are none of them.

    Where as many name one as another, the first named is taken for the patient.
    """
    named = Counter(each.patient for each in examinations if each.patient)
    if len(named) < 2:
        return ()
    patient = named.most_common(1)[0][0]
    return tuple(at for at, each in enumerate(examinations) if each.patient and each.patient != patient)


@dataclass(frozen=True)
class Change:
    """Two readings of one score, and by how much two readings of unchanged lungs would differ.

    Attributes:
        before: The earlier one.
        now: The later one.
        mean_absolute_error: Of one reading.
    """

    before: float
    now: float
    mean_absolute_error: float

    @property
    def step(self) -> float:
        """Later minus earlier."""
        return self.now - self.before

    @property
    def expected(self) -> float:
        """Mean absolute difference of two readings of the same, if their errors are independent and alike."""
        return math.sqrt(2) * self.mean_absolute_error

    @property
    def limit(self) -> float:
        """What one such pair in twenty exceeds, if errors are normal (Bland & Altman 1999, repeatability).

        The standard deviation of a normal error is its mean absolute value times the root of pi / 2.
        """
        return ONE_IN_TWENTY * math.sqrt(math.pi / 2) * self.expected

    @property
    def is_within_error(self) -> bool:
        """Whether two readings of the same lungs differ as much on average."""
        return abs(self.step) <= self.expected

    @property
    def is_clear(self) -> bool:
        """Whether only one pair of readings of the same lungs in twenty, at most, differs as much."""
        return abs(self.step) > self.limit


def turn_limit(readings: int, mean_absolute_error: float, curves: int) -> float:
    """How far readings of the same lungs lie apart at most, however picked, in 19 courses of 20 or more.

    The studentised range (Tukey), shared out among the curves (Bonferroni), if errors are normal, independent
    and alike.

    Args:
        readings: In one curve, two or more.
        mean_absolute_error: Of one reading.
        curves: That are looked at in one course.
    """
    return _range(readings, curves) * math.sqrt(math.pi / 2) * mean_absolute_error


@cache
def _range(readings: int, curves: int) -> float:
    """In standard deviations of one reading."""
    return float(studentized_range.isf(FALSE_ALARMS / curves, readings, math.inf))


def turns(values: Sequence[float], least: float) -> list[int]:
    """Places between the first and the last where a course turns, by more than `least` before and after.

    Args:
        values: Oldest first.
        least: What is too small to be a turn.
    """
    found: list[int] = []
    way, farthest = 0, 0  # whether it goes up (1) or down (-1); the place of the farthest value on that way
    for at, value in enumerate(values):
        back = values[farthest] - value
        if way == 0:
            low, high = min(values[: at + 1]), max(values[: at + 1])
            way = int(value - low > least) - int(high - value > least)
            farthest = at
        elif way * back < 0:
            farthest = at
        elif way and way * back > least:
            found.append(farthest)
            way, farthest = -way, at
    return found
