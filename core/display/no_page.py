"""What a browser is shown at an address where there is no page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

MAX_SHOWN = 60  # characters of an address

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>No such page · ThoraxLens</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1.5rem; }}
h1 {{ font-size: 1.6rem; line-height: 1.3; overflow-wrap: anywhere; }}
li {{ padding: 0.2rem 0; }}
</style>
</head>
<body>
<main>
<h1>ThoraxLens has no page “{address}”</h1>
<p>The address may have been mistyped or cut short. These are the pages:</p>
<ul>
{links}
</ul>
</main>
</body>
</html>
"""


def no_page(path: str, home: str, others: Sequence[str]) -> str:
    """A page of its own, without a script, with a link to each that there is.

    Args:
        path: What was asked for, from the slash on.
        home: The page at the root, as an address would call it.
        others: The pages that lie beside it.
    """
    root = "../" * (path.count("/") - 1) or "./"
    shown = path if len(path) <= MAX_SHOWN else f"{path[:MAX_SHOWN]}…"
    names = {home: root} | {each: f"{root}{each}" for each in others}
    links = "\n".join(
        f'<li><a href="{escape(address)}">{escape(name.capitalize())}</a></li>'
        for name, address in names.items()
    )
    return _PAGE.format(address=escape(shown), links=links)
