"""What the view Maps graded says: which method ranks lesions as their true effects do, for which network."""

from __future__ import annotations

from collections.abc import Sequence

from core.display.bars import Axis
from core.display.strips import Strip, strips_html
from core.display.style import colour_and_dash
from core.display.wording import counted, listed, model_name, named, percent, signed
from core.evaluation.metrics import Interval
from core.explain.belief import CENTRE
from core.explain.explainers import METHOD_BY_KEY
from core.studio.grading import EVEN, MIN_PATIENTS, RANDOM_MAP, REFERENCES, Grade, Pick

BY = {"sum": "all of it", "mean": "per area"}
RANKS = Axis(-1, 1, line=0, beside=("←\u00a0reversed", "as the effects\u00a0→"), ticks=(-1, -0.5, 0, 0.5, 1))
ASKED = (
    "Which method's map says correctly which lesion matters? A patient is rendered again without each "
    "lesion, one third of a lung after the other, and the networks are asked about each picture: how far the "
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
TABLE = (
    "Mean of Spearman's rank correlation between heat and true effect, and its 95 % interval (percentile "
    "bootstrap over patients). “As …” is a map that is the same, value for value: behind an average over "
    "all places HiResCAM is Grad-CAM, and Grad-CAM++ can be LayerCAM. "
    "Lesions with equal heat share a rank, and a map "
    "that is equal on all of them counts 0. The last three rows know nothing of the networks."
)
_REFERENCES = {
    RANDOM_MAP: "a random map (mean of three)",
    CENTRE: "a blob in the centre",
    EVEN: "even heat: size alone",
}


def method_title(key: str) -> str:
    """A method's name, or what a reference is."""
    return _REFERENCES.get(key) or METHOD_BY_KEY[key].name


def grade_words(picks: Sequence[Pick], count: int, outside: float) -> str:
    """For whom a map does better than what knows nothing, for whom none, and what lies elsewhere.

    Args:
        picks: From `core.studio.grading.choose`.
        count: Of patients.
        outside: Mean share of the change that lies outside of the lesion taken away, in [0, 1].
    """
    elsewhere = (
        f"Of what changes for the networks when a lesion is taken away, {percent(outside)} lies outside "
        "of it."
    )
    if not picks:
        return (
            f"**{counted(count, 'patient').capitalize()}: every method stands below with its interval, and "
            "none is named the best.** The best of several is so by luck, too, unless one half of the "
            f"patients chooses it and the other measures it, for which {MIN_PATIENTS} are the least. "
            f"{elsewhere}"
        )
    ahead = [f"{named(each.model)} ({method_title(each.method)})" for each in picks if each.ahead.low > 0]
    lost = [named(each.model) for each in picks if each.ahead.low <= 0]
    words = (
        f"For each model, the method that ranks best was chosen on {picks[0].choosing} patients and measured "
        f"on the {picks[0].measuring} others, so that none wins by luck."
    )
    if not ahead:
        return (
            f"**For no model is the chosen map surely ahead of the best that knows nothing of the network:** "
            f"more patients may tell, or there is nothing to tell. {words} {elsewhere}"
        )
    behind = (
        f"; for {listed(lost)} it is not, so there a map's hottest place is no evidence of what matters most"
        if lost
        else ""
    )
    return (
        f"**The chosen map is surely ahead of the best that knows nothing of the network for {listed(ahead)}"
        f"{behind}.** {words} {elsewhere}"
    )


def grade_strips(grades: Sequence[Grade], model: str) -> str:
    """All methods of one model: a dot a patient, the mean and its interval, as HTML; the same ones once."""
    colour, grey = colour_and_dash(model)[0], "var(--text-faint, #8a8f98)"
    own = [each for each in grades if each.model == model]
    return strips_html(
        [
            Strip(
                listed(
                    [method_title(same.method) for same in own if each.method in (same.method, same.same_as)]
                ),
                each.values,
                each.mean,
                each.interval.low,
                each.interval.high,
                f"{signed(each.mean)} ({_range(each.interval)})",
                grey if each.method in REFERENCES else colour,
            )
            for each in own
            if not each.same_as
        ],
        RANKS,
    )


def pick_words(pick: Pick) -> str:
    """What one model's chosen map is worth, beside the chosen reference: a sentence or two."""
    lead = pick.ahead
    verdict = (
        "surely ahead of it"
        if lead.low > 0
        else "surely behind it"
        if lead.high < 0
        else "not surely ahead of it"
    )
    own, other = (signed(each) for each in pick.means)
    return (
        f"**{model_name(pick.model)}: chosen on {pick.choosing} patients, {method_title(pick.method)} ranks "
        f"{own} on the {pick.measuring} others; the best of what knows nothing, "
        f"{method_title(pick.reference)}, {other}. Patient by patient the map is {verdict}** "
        f"(by {_range(lead)}). Its hottest lesion is the one with the largest effect in "
        f"{percent(pick.firsts[0])} of these patients, a random map's in {percent(pick.firsts[1])}."
    )


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
    if grade.same_as:
        return f"as {method_title(grade.same_as)}"
    mean, low, high = (
        signed(each).lstrip("+") for each in (grade.mean, grade.interval.low, grade.interval.high)
    )
    return f"{mean} ({low} to {high})"


def _range(interval: Interval) -> str:
    return f"{signed(interval.low)} to {signed(interval.high)}"


def lesion_caption(name: str, effect: float) -> str:
    """What a picture without one lesion shows, and what that does to one model's log-odds."""
    return f"without {name.lower()}: log-odds {signed(-effect)}"
