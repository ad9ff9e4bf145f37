"""What checklists for papers ask, and how far this app and its bundle answer."""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from core.project import PROJECT

CHECKLISTS = PROJECT / "assets" / "checklists.toml"
Answer = Literal["reported", "partial", "missing", "not applicable"]
MARKS: dict[Answer, str] = {"reported": "●", "partial": "◐", "missing": "○", "not applicable": "–"}
PAGES = {"analyse": "Analyse", "compare": "Compare", "cards": "Cards", "about": "About"}


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Row):
    """One item.

    Attributes:
        item: Its number in the checklist.
        asks: What it asks for, in our words.
        answer: Whether that is here.
        says: What is here, or why it is not.
        where: A key of `PAGES`, or a file of the project; empty where there is nothing.
    """

    item: str
    asks: str
    answer: Answer
    says: str
    where: str

    def place(self) -> str:
        """Where it is, in Markdown: a link to a page, or the file."""
        if self.where in PAGES:
            return f"[{PAGES[self.where]}]({self.where})"
        return f"`{self.where}`" if self.where else ""


class Checklist(_Row):
    """One checklist: its name, its paper and address, and all of its items in order."""

    name: str
    source: str
    url: str
    items: tuple[Item, ...]

    def counts(self) -> str:
        """How many items have which answer."""
        found = Counter(each.answer for each in self.items)
        return ", ".join(f"{found[answer]} {answer}" for answer in MARKS if found[answer])

    def table(self) -> pd.DataFrame:
        """One row an item, in Markdown."""
        return pd.DataFrame(
            [
                {
                    "Item": each.item,
                    "Asks for": each.asks,
                    "Answer": f"{MARKS[each.answer]} {each.answer}",
                    "Here": each.says,
                    "Where": each.place(),
                }
                for each in self.items
            ]
        )


@cache
def checklists() -> tuple[Checklist, ...]:
    """All of them."""
    read = tomllib.loads(CHECKLISTS.read_text(encoding="utf-8"))
    return tuple(Checklist.model_validate(each) for each in read.values())
