"""Colours and line styles: one of its own for each model, so that no chart needs colour alone."""

from core.display.comparison_charts import distinct
from core.display.style import line_style, marker_style
from core.evaluation.comparison import Answers
from core.models.backbones import BACKBONES


def test_every_model_has_a_style_of_its_own(answers: Answers) -> None:
    entrants = [each for _, each in distinct(answers)]
    styles = [line_style(each) for each in entrants]
    count = len(BACKBONES)
    assert len({each["color"] for each in styles}) == len(styles) > count
    backbones, others = styles[:count], styles[count:]
    assert len({each["dash"] for each in backbones}) == len(backbones)
    assert len({each["dash"] for each in others}) == len(others)
    assert len({marker_style(each)["symbol"] for each in entrants}) == len(entrants)


def test_every_backbone_has_a_pattern_of_its_own() -> None:
    assert len({each.pattern for each in BACKBONES}) == len(BACKBONES)
