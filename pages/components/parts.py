"""A component's parts, read from its folder: NAME.html, NAME.css and NAME.js."""

from pathlib import Path


def read_parts(folder: Path) -> dict[str, str]:
    """What `st.components.v2.component` takes besides a name.

    Args:
        folder: The component's; its files are named like it.
    """
    kinds = ("html", "css", "js")
    return {kind: (folder / f"{folder.name}.{kind}").read_text(encoding="utf-8") for kind in kinds}
