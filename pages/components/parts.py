"""A component's parts, read from its folder: NAME.html, NAME.css, and NAME.js with what it imports."""

import re
from pathlib import Path
from typing import TypedDict

# As this project writes them: one statement at the start of a line, names in braces, a file beside it or of
# another component.
_IMPORT = re.compile(r"^import \{[^}]*\} from '((?:\.|\.\./\w+)/\w+\.js)'\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


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

    return Parts(html=read("html"), css=read("css"), js=join_modules(folder / f"{folder.name}.js"))


def join_modules(entry: Path) -> str:
    """A module and all that it imports, as one, because Streamlit takes one string a component.

    Args:
        entry: The module; what it imports lies in the folders of components. No name may stand at the top of
            two.

    Returns:
        The modules, each after those that it imports; what the entry exports by default is still exported.
    """
    joined: dict[Path, str] = {}

    def take(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        for name in _IMPORT.findall(text):
            found = (path.parent / name).resolve()
            if found not in joined:
                take(found)
        joined[path] = _EXPORT.sub("", _IMPORT.sub("", text))

    take(entry.resolve())
    return "\n".join(joined.values())
