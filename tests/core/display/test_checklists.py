"""The checklists: whole, honest about what is missing, and leading to what exists."""

from __future__ import annotations

import pytest

from core.display.checklists import PAGES, Checklist, checklists
from core.project import PROJECT

# As the two papers number them.
CLAIM = [str(number) for number in range(1, 45)]
TRIPOD = """
1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 16 17
18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c
"""


def test_both_are_whole() -> None:
    claim, tripod = checklists()
    assert [each.item for each in claim.items] == CLAIM
    assert [each.item for each in tripod.items] == TRIPOD.split()


@pytest.mark.parametrize("checklist", checklists(), ids=lambda each: each.name)
def test_what_is_reported_is_somewhere(checklist: Checklist) -> None:
    for each in checklist.items:
        nowhere = each.answer in ("missing", "not applicable")
        assert nowhere == (not each.where), each.item
        assert nowhere or each.where in PAGES or (PROJECT / each.where).is_file(), each.item


def test_the_counts_are_of_the_table() -> None:
    for checklist in checklists():
        answers = checklist.table()["Answer"].str.partition(" ")[2].value_counts()
        assert checklist.counts() == ", ".join(
            f"{answers[name]} {name}" for name in ("reported", "partial", "missing", "not applicable")
        )
