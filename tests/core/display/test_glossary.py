"""One glossary behind every tooltip: whole, plain, and enough for every page."""

import ast
import re
from collections.abc import Iterator

import pytest

from core.display.glossary import glossary, term
from core.project import PROJECT

TERMS = tuple(glossary())
EXPECTED = [
    "probability",
    "threshold",
    "agreement",
    "spread",
    "heatmap",
    "colour_map",
    "findings",
    "finding_threshold",
    "extent",
    "opacity",
    "mean_absolute_error",
    "ensemble",
    "contribution",
    "calibrated",
    "roc_auc",
    "finding_roc_auc",
    "sensitivity",
    "specificity",
    "interval",
    "covered_lungs",
    "left_out_sources",
    "internal",
    "external",
    "bundle",
    "precision",
    "findings_source",
    "backbone_weights",
    "phantom",
]
MARKUP = re.compile(r"[<>`*_\[\]$\\]")


def asked_for() -> Iterator[tuple[str, str]]:
    """Every page that asks for a term by its name, and that name."""
    for page in sorted((PROJECT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(page.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "term"
            if named and isinstance(node.args[0], ast.Constant):
                yield page.name, str(node.args[0].value)


@pytest.mark.parametrize("key", EXPECTED)
def test_the_fields_terms_are_explained(key: str) -> None:
    assert term(key)


def test_every_term_that_a_page_asks_for_is_there() -> None:
    asked = list(asked_for())
    assert asked
    assert [each for each in asked if each[1] not in TERMS] == []


def test_every_term_is_shown_somewhere() -> None:
    pages = "".join(page.read_text("utf-8") for page in (PROJECT / "pages").rglob("*.py"))
    scores = {"extent", "opacity"}  # asked for by the name of the score that is shown
    assert [key for key in TERMS if not re.search(rf"[\"']{key}[\"']", pages) and key not in scores] == []


def test_an_unknown_term_is_a_bug() -> None:
    with pytest.raises(KeyError):
        term("no such term")


@pytest.mark.parametrize("key", TERMS)
def test_a_tooltip_is_one_to_three_short_plain_sentences(key: str) -> None:
    text = term(key)
    assert text.endswith(".") and text[0].isupper()
    assert 1 <= len(re.findall(r"[.?!](?:\s|$)", text)) <= 3
    assert 20 <= len(text) <= 240
    assert not MARKUP.search(text), "tooltips are read as Markdown"


@pytest.mark.parametrize("key", TERMS)
def test_no_tooltip_speaks_of_diagnosing_somebody(key: str) -> None:
    assert not re.search(r"\b(diagnos|patient has|you have)", term(key).lower())


def test_no_two_terms_share_an_explanation() -> None:
    assert len(set(glossary().values())) == len(TERMS)
