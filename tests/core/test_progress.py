"""How long something takes, as people say it."""

import pytest

from core.progress import duration, time_left


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (120, "2 min"), (12000, "3 h 20 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_rest_takes_as_long_as_the_rate_says() -> None:
    assert time_left(0, 60, 3.0) == time_left(60, 60, 30.0) == ""
    assert time_left(20, 60, 10.0) == ", 20 s left"
