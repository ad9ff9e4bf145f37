"""Radiographs of one patient: their days and order, whether they are of one, and changes beside errors."""

from datetime import date, time

import numpy as np
import pytest

from core.analysis.course import Change, Entry, strangers, timeline, turn_limit, turns
from core.reading.examination import Examination


def dated(day: int, at: time | None = None, typed: str = "") -> Entry:
    return Entry(typed, Examination("", date(2026, 3, day), at))


def typed(*words: str) -> list[Entry]:
    return [Entry(each) for each in words]


def test_dates_of_headers_become_days_since_the_first() -> None:
    found = timeline([dated(9), dated(2, time(18)), dated(4)])
    assert found.days == (7, 0, 2) and found.order == (1, 2, 0) and found.to_scale


def test_hours_count_only_where_two_were_taken_on_one_day_and_all_say_when() -> None:
    found = timeline([dated(2, time(18)), dated(2, time(6)), dated(3, time(12))])
    assert found.days == (0.5, 0, 1.25) and found.order == (1, 0, 2)
    unsaid = timeline([dated(2, time(18)), dated(2), dated(3, time(12))])
    assert unsaid.days == (0, 0, 1) and unsaid.order == (0, 1, 2) and unsaid.to_scale
    morning = timeline([dated(10, time(10)), dated(10, time(16)), dated(13, time(9))])
    assert morning.days == (0, 0.25, 2.96)


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (("2026-03-01", "4.3.2026", "2026-3-02 12:00"), (0, 3, 1)),
        (("day 3", "-1.5", "+2,25"), (3, -1.5, 2.25)),
        (("2026-03-01", "2024-02-29", "2025-3-1"), (731, 0, 366)),
    ],
)
def test_days_and_dates_may_be_typed(words: tuple[str, ...], days: tuple[float, ...]) -> None:
    found = timeline(typed(*words))
    assert found.days == days and found.problems == ("", "", "") and found.to_scale
    assert [days[at] for at in found.order] == sorted(days)


def test_what_is_typed_counts_more_than_the_header() -> None:
    assert timeline([dated(1), dated(8, typed="2026-03-04")]).days == (0, 3)
    assert timeline([dated(1, typed="3"), dated(8, typed="5")]).days == (3, 5)


@pytest.mark.parametrize("other", [dated(20), *typed("2026-03-20")])
def test_numbers_and_dates_together_have_no_scale_and_keep_their_order(other: Entry) -> None:
    found = timeline([*typed("7", "3"), other])
    assert found.mixed and not found.to_scale and not any(found.problems)
    assert found.days == (None, None, None) and found.order == (0, 1, 2)
    assert not timeline(typed("7", "3", "")).mixed and not timeline([dated(20), *typed("", "soon")]).mixed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("2026-02-30", "no such date"),
        ("2026-03-01 25:00", "no such date"),
        ("99999", "between"),
        ("soon", "neither"),
        ("nan", "neither"),
        ("17/3/2026", "neither"),
        ("<b>3</b>", "neither"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_keeps_its_order(words: str, said: str) -> None:
    found = timeline(typed("4", words, "1"))
    assert said in found.problems[1] and words not in found.problems[1] and not found.problems[0]
    assert found.days == (4, None, 1) and found.order == (0, 1, 2) and not found.to_scale


def test_without_days_the_order_is_the_users() -> None:
    found = timeline(typed("", "", ""))
    assert found.order == (0, 1, 2) and found.days == (None, None, None) and not found.to_scale
    assert not timeline(typed("3", "3")).to_scale and timeline([]).order == ()


def test_whoever_names_another_patient_than_most_is_a_stranger() -> None:
    named = [Examination(each) for each in ("a", "", "b", "b", "c")]
    assert strangers(named) == (0, 4)
    assert strangers(named[:3]) == (2,)  # of as many, the first is the patient
    assert strangers([Examination("a"), Examination(""), Examination("a")]) == ()


def test_a_difference_is_held_against_that_of_two_independent_readings() -> None:
    """Against many draws of normal errors."""
    random = np.random.default_rng(0)
    errors = random.normal(0, 1, (2, 200_000))
    one = float(np.abs(errors).mean())
    between = np.abs(errors[0] - errors[1])
    change = Change(2.0, 2.0, one)
    assert change.expected == pytest.approx(between.mean(), rel=0.01)
    assert change.limit == pytest.approx(np.quantile(between, 0.95), rel=0.01)


@pytest.mark.parametrize("readings", [2, 4, 12])
def test_of_readings_picked_after_looking_the_limit_is_that_of_their_range(readings: int) -> None:
    """Against many draws of normal errors, in two curves."""
    errors = np.random.default_rng(0).normal(0, 1, (100_000, 2, readings))
    limit = turn_limit(readings, float(np.abs(errors).mean()), 2)
    assert (np.ptp(errors, axis=2) > limit).any(axis=1).mean() == pytest.approx(0.05, abs=0.003)


@pytest.mark.parametrize(
    ("now", "within", "clear"),
    [(3.4, True, False), (0.7, True, False), (3.5, False, False), (5.5, False, True)],
)
def test_a_change_is_within_the_error_perhaps_beyond_it_or_clear(
    now: float, within: bool, clear: bool
) -> None:
    change = Change(2.0, now, 1.0)
    assert (change.is_within_error, change.is_clear) == (within, clear)
    assert change.step == pytest.approx(now - 2)


@pytest.mark.parametrize(
    ("values", "at"),
    [
        ([0.3, 4.2, 6.8, 3.1], [2]),
        ([0.3, 6.8, 3.3, 0, 6.8], [1, 3]),
        ([5, 1, 4], [1]),
        ([3, 2.5, 6, 6.2, 5.8, 2], [3]),
        ([5, 4, 6.5, 6, 3], [2]),
        ([3, 5, 0, 0.5, 9], [1, 2]),
        ([1, 2, 3, 8], []),
        ([5, 4.5, 5.5, 5], []),
        ([2, 2], []),
        ([], []),
    ],
)
def test_a_course_turns_where_it_goes_back_farther_than_errors_do(values: list[float], at: list[int]) -> None:
    assert turns(values, 1.9) == at
    assert turns([-value for value in values], 1.9) == at
