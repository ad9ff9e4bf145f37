"""The files in hand stay until they are put away, and what was refused is remembered by name alone."""

import pytest

from core import tray as module
from core.service import File
from core.tray import FULL, Tray, widget_refusal


def names(tray: Tray) -> list[str]:
    return [held.name for held in tray.held.values()]


def test_what_came_last_is_looked_at_and_names_stay_apart() -> None:
    tray = Tray()
    tray.take([File(b"1", "a.png"), File(b"2", "b.png")])
    assert names(tray) == ["a.png", "b.png"] and tray.current.file.data == b"1"
    tray.take([File(b"3", "a.png"), File(b"4", "a.png")])
    assert names(tray) == ["a.png", "b.png", "a.png (2)", "a.png (3)"] and tray.current.file.data == b"3"


def test_putting_away_leads_to_the_file_before() -> None:
    tray = Tray()
    tray.take([File(b"1", "a"), File(b"2", "b"), File(b"3", "c")])
    a, b, c = tray.held
    tray.chosen = b
    tray.put_away(b)
    assert tray.chosen == a
    tray.put_away(a)
    assert tray.chosen == c
    tray.put_away(c)
    assert tray.chosen is None and tray.current is None and not tray.held


def test_a_file_that_is_not_looked_at_is_put_away_alone() -> None:
    tray = Tray()
    tray.take([File(b"1", "a"), File(b"2", "b")])
    a, b = tray.held
    tray.put_away(b)
    assert tray.chosen == a


def test_a_refused_file_keeps_its_place_and_loses_its_bytes() -> None:
    tray = Tray()
    tray.take([File(b"1", "a.png")])
    tray.mark_refused(tray.chosen, "The file is empty; choose it again.")
    assert tray.current.file is None and tray.current.refusal.startswith("The file is empty")


def test_a_refused_file_gives_way_to_one_of_its_name() -> None:
    tray = Tray()
    tray.refuse({"big.png": "Too large; scale it down.", "other.png": "Lost; choose it again."})
    assert tray.current.name == "big.png"
    tray.take([File(b"1", "big.png")])
    assert names(tray) == ["other.png", "big.png"] and tray.current.refusal is None


def test_two_refused_files_of_one_name_are_one() -> None:
    tray = Tray()
    tray.take([File(b"x" * (module.MAX_SESSION_BYTES + 1), "a")] * 2)
    assert names(tray) == ["a"] and tray.current.refusal == FULL


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_SESSION_BYTES"])
def test_a_session_holds_so_much_and_says_what_did_not_fit(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, limit, 2)
    tray = Tray()
    tray.take([File(b"1", "a"), File(b"2", "b"), File(b"3", "c")])
    assert [bool(held.refusal) for held in tray.held.values()] == [False, False, True]
    assert tray.current.name == "a"
    tray.put_away(tray.chosen)
    tray.take([File(b"3", "c")])
    assert names(tray) == ["b", "c"] and tray.current.refusal is None


def test_a_file_that_is_in_hand_is_looked_at_and_not_taken_twice() -> None:
    tray = Tray()
    tray.choose_file(File(b"1", "phantom 7"), "covid")
    tray.take([File(b"2", "b")])
    tray.choose_file(File(b"1", "phantom 7"), "covid")
    assert names(tray) == ["phantom 7", "b"] and tray.current.name == "phantom 7"
    tray.choose_file(File(b"3", "phantom 7"), "covid")  # of another set
    assert names(tray) == ["phantom 7", "b", "phantom 7 (2)"] and tray.current.file.data == b"3"
    assert [each.label for each in tray.held.values()] == ["covid", None, "covid"]


def test_names_from_outside_are_plain_lines() -> None:
    tray = Tray()
    tray.take([File(b"1", "a\u202e\nb.png")])
    assert names(tray) == ["a b.png"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [("Error: File must be 50.0MB or smaller.", "larger than 50 MB"), ("Network Error", "could not send")],
)
def test_what_the_uploader_refuses_is_said_in_our_words(reason: str, said: str) -> None:
    assert said in widget_refusal(reason)
