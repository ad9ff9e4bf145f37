"""What the view Maps graded says: which method ranks lesions as their true effects do, for which network."""

from __future__ import annotations

from collections.abc import Sequence

from core.display.bars import Axis
from core.display.strips import Strip, strips_html
from core.display.style import colour_and_dash
from core.display.wording import counted, listed, model_name, named, signed
from core.evaluation.metrics import Interval
from core.explain.belief import CENTRE
from core.explain.explainers import METHOD_BY_KEY
from core.studio.grading import EVEN, RANDOM_MAP, REFERENCES, Grade

BY = {"sum": "all of it", "mean": "per area"}
RANKS = Axis(-1, 1, line=0, beside=("←\u00a0reversed", "as the effects\u00a0→"), ticks=(-1, -0.5, 0, 0.5, 1))
ASKED = (
    "Which method's map says truly which lesion matters? A patient is rendered again without each lesion, "
    "one third of a lung after the other, and the networks are asked about each picture: how far the "
    "log-odds of COVID-19 fall is that lesion's **true effect**. A map is graded by how the heat on the "
    "lesions ranks them: 1 if as the effects do, −1 if the other way round. Beside it stand maps that know "
    "nothing: where all heat of a lesion counts, larger lesions get more of it, which alone ranks them well."
)
MISLEADS = (
    "**Why it may mislead.** A lesion is taken away before the histogram is equalised, which moves greys "
    "elsewhere, too: its effect on the answer need not all come from its place, while a map can only point "
    "at places. Lesions stand in for each other: where two say the same, taking one away changes little, "
    "and an honest map may still show both. Ranks of three to six lesions are coarse in one patient; only "
    "the mean over many says something. What is best on phantoms need not be best on patients."
)
_REFERENCES = {
    RANDOM_MAP: "a random map (mean of three)",
    CENTRE: "a blob in the centre",
    EVEN: "even heat: size alone",
}


def method_title(key: str) -> str:
    """A method's name, or what a reference is."""
    return _REFERENCES.get(key) or METHOD_BY_KEY[key].name


def grade_words(grades: Sequence[Grade], outside: float) -> str:
    """Who ranks best, for whom no map does better than what knows nothing, and what lies elsewhere.

    Args:
        grades: Of all models and methods.
        outside: Mean share of the change that lies outside of the lesion taken away, in [0, 1].
    """
    methods = [each for each in grades if each.method not in REFERENCES]
    count = len(grades[0].values)
    best = max(methods, key=lambda each: each.mean)
    models = list(dict.fromkeys(each.model for each in methods))
    ahead = {each.model for each in methods if each.ahead and each.ahead.low > 0}
    lost = [named(model) for model in models if model not in ahead]
    words = (
        f"**Over {counted(count, 'patient')}, {method_title(best.method)} on {named(best.model)} ranks "
        f"lesions best: {signed(best.mean)} ({_range(best.interval)}).** "
    )
    if not lost:
        words += "For every model, some map is surely ahead of all that knows nothing of the network."
    elif ahead:
        words += (
            f"For {listed(lost)} no map is surely ahead of the best that knows nothing of the network, so "
            "there a map's hottest place is no evidence of what matters most; for the others some map is."
        )
    else:
        words += (
            "For no model is any map surely ahead of the best that knows nothing of the network: "
            "more patients may tell, or there is nothing to tell."
        )
    return (
        f"{words} Of what changes for the networks when a lesion is taken away, {100 * outside:.0f} % lies "
        "outside of it."
    )


def grade_strips(grades: Sequence[Grade], model: str) -> str:
    """All methods of one model: a dot a patient, the mean and its interval, as HTML."""
    colour, grey = colour_and_dash(model)[0], "var(--text-faint, #8a8f98)"
    return strips_html(
        [
            Strip(
                method_title(each.method),
                each.values,
                each.mean,
                each.interval.low,
                each.interval.high,
                f"{signed(each.mean)} ({_range(each.interval)})",
                grey if each.method in REFERENCES else colour,
            )
            for each in grades
            if each.model == model
        ],
        RANKS,
    )


def model_words(grades: Sequence[Grade], model: str) -> str:
    """What one model's maps are worth, beside the best reference: a sentence or two."""
    own = [each for each in grades if each.model == model]
    best = max((each for each in own if each.method not in REFERENCES), key=lambda each: each.mean)
    reference = max((each for each in own if each.method in REFERENCES), key=lambda each: each.mean)
    lead = best.ahead or Interval(0, 0)
    verdict = (
        "surely ahead of it"
        if lead.low > 0
        else "surely behind it"
        if lead.high < 0
        else "not surely ahead of it"
    )
    return (
        f"**{model_name(model)}: {method_title(best.method)} ranks best, {signed(best.mean)}; the best of "
        f"what knows nothing is {method_title(reference.method)}, {signed(reference.mean)}. "
        f"Patient by patient the map is {verdict}** (by {_range(lead)}). Its hottest lesion is the one "
        f"with the largest effect in {100 * best.first:.0f} % of patients, a random map's in "
        f"{100 * _chance(own):.0f} %."
    )


def _chance(grades: Sequence[Grade]) -> float:
    return next(each.first for each in grades if each.method == RANDOM_MAP)


def grade_table(grades: Sequence[Grade]) -> list[dict[str, str]]:
    """A row a method, what knows nothing below: the mean rank correlation with its interval, by model."""
    models = list(dict.fromkeys(each.model for each in grades))
    methods = [each for each in dict.fromkeys(each.method for each in grades) if each not in REFERENCES]
    found = {(each.model, each.method): each for each in grades}
    return [
        {
            "Method": method_title(method),
            **{model_name(model): _cell(found.get((model, method))) for model in models},
        }
        for method in (*methods, *REFERENCES)
    ]


def _cell(grade: Grade | None) -> str:
    if grade is None:
        return ""
    mean, low, high = (
        signed(each).lstrip("+") for each in (grade.mean, grade.interval.low, grade.interval.high)
    )
    return f"{mean} ({low} to {high})"


def _range(interval: Interval) -> str:
    return f"{signed(interval.low)} to {signed(interval.high)}"


def lesion_caption(name: str, effect: float) -> str:
    """What a picture without one lesion shows, and what that does to one model's log-odds."""
    return f"without {name.lower()}: log-odds {signed(-effect)}"
