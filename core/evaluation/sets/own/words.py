"""The words and numbers that people write for a label, whether in a table or as the name of a folder."""

from __future__ import annotations

import re
import unicodedata

CHOICES = "covid, normal or pneumonia"
_FINDINGS = {
    "covid": "covid",
    "covid19": "covid",
    "sarscov2": "covid",
    "covidpneumonia": "covid",
    "covid19pneumonia": "covid",
    "covidpositive": "covid",
    "covid19positive": "covid",
    "normal": "normal",
    "healthy": "normal",
    "nofinding": "normal",
    "nofindings": "normal",
    "pneumonia": "pneumonia",
    "otherpneumonia": "pneumonia",
    "bacterialpneumonia": "pneumonia",
    "viralpneumonia": "pneumonia",
    "noncovidpneumonia": "pneumonia",
}
_TESTS = {"positive": True, "pos": True, "negative": False, "neg": False}
_ANSWERS = _TESTS | {"true": True, "yes": True, "false": False, "no": False}
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d*)?")
_BINARY = re.compile(r"\+?([01])(?:[.,]0*)?")
_DASHES = r"\-\u2010-\u2015\u2212"
_BETWEEN = re.compile(rf"(?<=\w)[\s_{_DASHES}]+(?=\w)")


def read_label(text: str) -> str | None:
    """The label that one of many words or numbers means: "covid", "normal" or "pneumonia"; else None."""
    answer = read_answer(text)
    if answer is not None:
        return "covid" if answer else "normal"
    return read_finding(text)


def read_folder(name: str) -> str | None:
    """The same for the name of a folder, where neither a number nor a yes or no says anything."""
    key = word_key(name)
    if key in _TESTS:
        return "covid" if _TESTS[key] else "normal"
    return _FINDINGS.get(key)


def read_finding(text: str) -> str | None:
    """The same for words that name what was found, and nothing else."""
    return _FINDINGS.get(word_key(text))


def read_answer(text: str) -> bool | None:
    """Yes or no, in words or as 1 or 0; else None."""
    if found := _BINARY.fullmatch(text.strip()):
        return found[1] == "1"
    return _ANSWERS.get(word_key(text))


def is_number(text: str) -> bool:
    """Whether it is a number, whichever."""
    return bool(_NUMBER.fullmatch(text.strip()))


def word_key(text: str) -> str:
    """A word without case, and without blanks, hyphens and underscores inside."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text).strip().casefold())
