"""File names and other text from outside, made fit to be shown as plain text."""

from __future__ import annotations

import unicodedata

MAX_NAME_LENGTH = 80

# Control, format (bidirectional and zero-width ones among them), surrogate, private and unassigned
# characters, and the two separators that break lines (Unicode Standard, section 4.5, table 4-4).
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def display_name(name: str, longest: int = MAX_NAME_LENGTH) -> str:
    """Makes text from outside fit to be shown: one line, nothing invisible, not too long.

    What remains is plain text: whoever puts it into HTML, Markdown or a spreadsheet still escapes it.

    Args:
        name: A file's name as uploaded, or a field of a DICOM header.
        longest: Characters to keep at most; the middle of a longer text becomes an ellipsis.

    Returns:
        The text in Unicode's composed form, "unnamed" where nothing visible is left.
    """
    # A bounded slice first: a header field may hold megabytes. The end keeps its file extension.
    bounded = name if len(name) <= 4096 else name[:2048] + name[-2048:]
    spaced = (
        " " if unicodedata.category(c) in _INVISIBLE else c for c in unicodedata.normalize("NFC", bounded)
    )
    text = " ".join("".join(spaced).split()) or "unnamed"
    if len(text) <= longest:
        return text
    end = longest // 4
    return f"{text[: longest - end - 1]}…{text[-end:]}"
