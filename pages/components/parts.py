"""A component's parts, read from its folder: NAME.html, NAME.css and NAME.js."""

from pathlib import Path
from typing import TypedDict


class Parts(TypedDict):
    """What `st.components.v2.component` takes besides a name."""

    html: str
    css: str
    js: str


def read_parts(folder: Path) -> Parts:
    """The parts of a component.

    Args:
        folder: The component's; its files are named like it.
    """

    def read(kind: str) -> str:
        return (folder / f"{folder.name}.{kind}").read_text(encoding="utf-8")

    return Parts(html=read("html"), css=read("css"), js=read("js"))
