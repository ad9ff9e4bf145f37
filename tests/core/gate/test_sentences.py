"""What the gate says: what a picture seems to be, how sure that is, and what would help."""

import pytest

from core.gate.kinds import KIND_BY_KEY, TURNS
from core.gate.sentences import hints, laid, refusal, remedy, seems
from core.gate.way import AS_IT_IS, Way
from core.reading.warning import ReadingWarning
from tests.core.gate.verdicts import verdict

KNEE = KIND_BY_KEY["knee"]
LATERAL = ReadingWarning("not_frontal", "The file says that this is a lateral view.")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"kind": KNEE, "kind_share": 0.94, "frontal": 0.02, "reasons": ("kind",)},
            "This seems to be a radiograph of a knee (0.94 sure).",
        ),
        (
            {"frontal": 0.41, "kind_share": 0.41, "reasons": ("kind",)},
            "The gate is only 0.41 sure that this is a frontal chest radiograph, too little to go on.",
        ),
        (
            {"turn": TURNS[2], "turn_share": 0.999, "reasons": ("turned",)},
            "This seems to be a frontal chest radiograph, upside down (0.98 sure).",
        ),
        (
            {"turn": TURNS[1], "inverted": 0.88, "reasons": ("turned", "inverted")},
            "This seems to be a frontal chest radiograph, turned a quarter to the left, its greys inverted "
            "(0.88 sure).",
        ),
        (
            {"reasons": ("unlike",)},
            "This is unlike the frontal chest radiographs that the gate knows; it cannot say what it is.",
        ),
        (
            {"reasons": ("header",), "header": ("not_frontal",)},
            "The file says that this is a lateral view. The picture looks like a frontal chest radiograph.",
        ),
        (
            {"kind": KNEE, "kind_share": 1.0, "reasons": ("kind", "header"), "header": ("not_frontal",)},
            "This seems to be a radiograph of a knee (0.99 sure). The file says that this is a lateral view.",
        ),
    ],
)
def test_a_refusal_says_what_it_sees_and_how_sure_that_is(changes: dict, sentence: str) -> None:
    others = ReadingWarning("low_contrast", "Dim.")
    assert refusal(verdict(**changes), [others, LATERAL]) == sentence


def test_what_passes_has_a_name_and_its_hints() -> None:
    assert seems(verdict()) == "a frontal chest radiograph (0.98 sure)"
    assert hints(verdict()) == ()
    (hint,) = hints(verdict(hints=("mirrored",)))
    assert "Left and right" in hint


@pytest.mark.parametrize(
    ("way", "button", "sentence"),
    [
        (Way(quarters=2), "Turn it", "You had the picture turned by half; the networks saw it so."),
        (Way(inverted=True), "Invert it", "You had the picture inverted; the networks saw it so."),
        (
            Way(True, 1, True),
            "Turn it and mirror it and invert it",
            "You had the picture mirrored, turned a quarter to the left, inverted; the networks saw it so.",
        ),
    ],
)
def test_a_click_says_what_it_does(way: Way, button: str, sentence: str) -> None:
    assert remedy(way) == button and laid(way) == sentence
    assert laid(AS_IT_IS) == ""
