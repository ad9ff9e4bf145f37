"""The way from older formats to today's."""

from core.models.bundle.manifest import FORMAT
from core.models.bundle.upgrade import upgrade


def test_every_older_format_ends_at_todays() -> None:
    for older in range(1, FORMAT):
        assert upgrade({"format": older, "name": "old"})["format"] == FORMAT


def test_the_second_format_adds_what_the_first_did_not_know() -> None:
    first = {"format": 1, "name": "old"}
    assert upgrade(first).items() >= {"name": "old", "smaller_svms": {}, "licence": ""}.items()
    assert first == {"format": 1, "name": "old"}


def test_todays_format_and_a_bundle_in_the_making_stay_as_they_are() -> None:
    for content in ({"format": FORMAT, "name": "new"}, {"pooling": "average"}):
        assert upgrade(content) == content
