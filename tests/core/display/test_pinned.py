"""Two cases side by side, in words."""

from dataclasses import replace

from core.analysis.results import Analysis
from core.display.pinned import Kept, Model, beside, differences, full_name, keep, sentence
from core.gate.way import AS_IT_IS, Way
from core.models.backbones import BACKBONES
from core.vocabulary import ENSEMBLE
from tests.core.gate.verdicts import verdict
from tests.core.models.severities import scores

BEFORE = Kept(
    "1",
    "a.png",
    "Second",
    models={
        ENSEMBLE: Model("The ensemble", 0.09, 0.3),
        "vgg16": Model("VGG16", 0.20, 0.5),
        "densenet121": Model("DenseNet121", 0.14, 0.5),
        "resnet50": Model("ResNet50", 0.60, 0.5),
        "xception": Model("Xception", 0.30, 0.5),
    },
    severity=scores(0.2, 1.0),
    third_answers={ENSEMBLE: {"10": "normal"}, "vgg16": {"10": "normal"}, "resnet50": {"10": "covid"}},
)
NOW = replace(
    BEFORE,
    identity="2",
    name="b.png",
    models={
        ENSEMBLE: Model("The ensemble", 0.50, 0.3),
        "vgg16": Model("VGG16", 0.51, 0.5),
        "densenet121": Model("DenseNet121", 0.93, 0.5),
        "resnet50": Model("ResNet50", 0.70, 0.5),
        "xception": Model("Xception", 0.31, 0.5),
    },
    severity=scores(4.1, 1.05),
    third_answers={ENSEMBLE: {"10": "both"}, "vgg16": {"10": "covid"}, "resnet50": {"10": "covid"}},
)
REFUSED = Kept("3", "hand.png", "Second", refusal="This seems to be a hand.")


def test_the_most_important_difference_comes_first() -> None:
    assert differences(BEFORE, NOW, 0.1) == [
        "**The ensemble rises from 0.09 to 0.50** and changes its answer to COVID-19",
        "**DenseNet121 rises from 0.14 to 0.93** and changes its answer to COVID-19",
        "**VGG16 rises from 0.20 to 0.51** and changes its answer to COVID-19",
        "extent rises from 0.2 to 4.1 of 8",
        "the ensemble's third answer goes from “normal-like” to “cannot tell, like both”",
        "VGG16 changes the third answer",
        "ResNet50 rises from 0.60 to 0.70 and still reads COVID-19",
        "Xception hardly moves",
    ]


def test_the_other_way_round_everything_falls() -> None:
    said = differences(NOW, BEFORE, 0.1)
    assert said[0] == "**The ensemble falls from 0.50 to 0.09** and changes its answer to normal"
    assert "extent falls from 4.1 to 0.2 of 8" in said


def test_without_a_third_answer_at_this_rate_nothing_is_said_of_it() -> None:
    assert not any("third answer" in each for each in differences(BEFORE, NOW, 0.05))


def test_a_change_that_two_decimals_hide_shows_three() -> None:
    near = replace(NOW, models=BEFORE.models | {"vgg16": Model("VGG16", 0.5002, 0.5)})
    before = replace(BEFORE, models=BEFORE.models | {"vgg16": Model("VGG16", 0.4991, 0.5)})
    assert "**VGG16 rises from 0.499 to 0.500** and changes its answer to COVID-19" in differences(
        before, near, 0.1
    )


def test_what_was_not_asked_has_no_numbers() -> None:
    assert differences(REFUSED, NOW, 0.1) == [
        r"the gate refuses hand.png and lets b.png pass",
        "no network was asked about hand.png, so there are no numbers to compare",
    ]
    assert differences(REFUSED, replace(REFUSED, name="foot.png"), 0.1)[0] == "the gate refuses both"
    assert REFUSED.decision == "refused by the gate, not asked"
    asked = replace(BEFORE, refusal="This is upside down.")
    assert asked.decision == "refused by the gate, asked all the same: read as normal"


def test_other_models_are_named() -> None:
    (said, *_) = differences(BEFORE, replace(NOW, bundle="Third"), 0.1)
    assert "Second before, Third now" in said


def test_a_backbone_that_only_one_of_them_knows_is_no_difference() -> None:
    fewer = replace(NOW, models={key: each for key, each in NOW.models.items() if key != "vgg16"})
    assert not any("VGG16" in each for each in differences(BEFORE, fewer, 0.2))
    (row,) = [each for each in beside(BEFORE, fewer, 0.2) if each[""] == "VGG16"]
    assert list(row.values())[1:] == ["0.20, normal", "–", ""]


def test_the_table_names_both_cases() -> None:
    rows = beside(BEFORE, NOW, 0.1)
    assert list(rows[0]) == ["", "Pinned: a.png", "Now: b.png", "Difference"]
    cells = {row[""]: list(row.values())[1:] for row in rows}
    assert cells["Decision"] == ["read as normal", "read as COVID-19", ""]
    assert cells["DenseNet121"] == ["0.14, normal", "0.93, COVID-19", "+0.79"]
    assert cells["The ensemble"][1] == "0.50, COVID-19; cannot tell, like both"
    near = replace(BEFORE, models=BEFORE.models | {"vgg16": Model("VGG16", 0.1999, 0.5)})
    assert {row["Difference"] for row in beside(BEFORE, near, 0.1)} == {"", "0.00", "0.0"}
    assert cells["Extent"] == ["0.2 of 8", "4.1 of 8", "+3.9"]


def test_two_files_of_one_name_and_hostile_names_stay_apart() -> None:
    name = "<img src=x>**b**"
    rows = beside(replace(BEFORE, name=name), replace(NOW, name=name), 0.1)
    assert len(rows[0]) == 4 and not any("<img" in head.replace("\\<", "") for head in rows[0])
    assert "<img" not in differences(replace(REFUSED, name=name), NOW, 0.1)[0].replace("\\<", "")


def test_a_sentence_begins_with_a_capital() -> None:
    assert sentence(["extent rises", "x falls"]) == "Extent rises; x falls."
    assert sentence(["**the one** rises"]) == "**The one** rises." and sentence([]) == ""


def test_two_readings_of_one_picture_have_two_names() -> None:
    assert full_name("a.png", None, AS_IT_IS, cut=False) == "a.png"
    assert full_name("a.tif", 1, Way(True, 2), cut=True) == (
        "a.tif (picture 2, mirrored, turned by half, margins cut)"
    )


def test_what_is_kept_holds_no_maps(analysis: Analysis) -> None:
    kept = keep("1", "a.png", "Second", (verdict(), ()), analysis)
    assert list(kept.models) == [ENSEMBLE, *(each.key for each in BACKBONES)]
    assert kept.severity == {each.name: each for each in analysis.severity} and not kept.refusal
    assert list(kept.findings) == [each.name for each in analysis.findings]
    assert "ndarray" not in repr(kept) and "array(" not in repr(kept)
