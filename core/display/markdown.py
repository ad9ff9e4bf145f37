"""Markdown with text from outside in it: what must not become markup does not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MARKS = "\\`*_{}[]()#+-!|<>~$:&@"


def plain(text: str) -> str:
    """Text from outside, with everything escaped that Markdown would read as markup."""
    return "".join(f"\\{letter}" if letter in MARKS else letter for letter in _without_links(text))


def harmless(document: str) -> str:
    """A whole Markdown document from outside, of which headings, lists, tables and emphasis may stay.

    HTML, links, pictures (which a browser would fetch), formulas and Streamlit's own directives become text.
    What is escaped already stays as it is.
    """
    escaped = re.sub(r"(\\.)|([<>\[\]$`])", lambda found: found[1] or f"\\{found[2]}", document)
    return _without_links(escaped)


def unbroken(text: str) -> str:
    """The same with a word joiner in each COVID-19, which else may be cut at its hyphen where a line ends."""
    return re.sub(r"COVID\\?-(?=19)", "\\g<0>\u2060", text)


def lower_headings(document: str, levels: int) -> str:
    """The same with every heading so many levels lower, to stand below a page's own."""
    return re.sub(r"^(?=#{1,3} )", "#" * levels, document, flags=re.MULTILINE)


def split_sections(document: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What stands before the first heading of the second level; then each such heading with its content."""
    preface, *parts = re.split(r"^## +", document, flags=re.MULTILINE)
    cut = (part.partition("\n") for part in parts)
    return preface.strip(), tuple((heading.strip(), content.strip()) for heading, _, content in cut)


def _without_links(text: str) -> str:
    """The same with a word joiner wherever an address would become a link of itself."""
    return re.sub(r"www(?=\.)|:(?=//)|@(?!\u2060)", "\\g<0>\u2060", text, flags=re.IGNORECASE)


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows as a Markdown table, its heading taken from the first one; the cells are Markdown already."""
    if not rows:
        return ""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
