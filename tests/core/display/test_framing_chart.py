"""The curve of answers under ever closer cuts: a line a model, and the largest move in words."""

from core.display.comparison_curves import framing_chart
from core.evaluation.comparison import Answers
from core.evaluation.trials import FramedAnswers, MoveInterval


def row(model: str, change: str, after: float, label: str = "normal") -> FramedAnswers:
    return FramedAnswers(
        model=model,
        label=label,
        change=change,
        images=40,
        mean_before=0.1,
        mean_after=after,
        called_before=0.0,
        called_after=0.5,
        mean_move_interval=MoveInterval(low=-0.02, high=0.7) if after == 0.7 else None,
    )


def test_the_largest_move_is_named(answers: Answers) -> None:
    entrants = {each.key: each for each in answers.entrants}
    rows = [
        row("vgg16", "10 % cut off", 0.2),
        row("vgg16", "20 % cut off", 0.7),
        row("xception", "20 % cut off", 0.15),
        row("xception", "sharpened", 0.9),
        row("vgg16", "20 % cut off", 0.99, "covid"),
    ]
    chart = framing_chart(rows, entrants)
    assert [list(trace.x) for trace in chart.figure.data] == [[0, 0.1, 0.2], [0, 0.2]]
    assert list(chart.figure.data[0].y) == [0.1, 0.2, 0.7]
    assert (
        "VGG16: by +0.60 (−0.02 to +0.70), with its 95 % interval" in chart.words
        and "40 held-out" in chart.words
    )
    assert chart.table[1] == {"Model": "Xception", "As it is": 0.1, "20 % cut off": 0.15, "Sharpened": 0.9}


def test_without_figures_it_says_so(answers: Answers) -> None:
    assert framing_chart([], {each.key: each for each in answers.entrants}).words == "Nobody measured it."
