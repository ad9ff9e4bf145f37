"""What the page Shortcuts says of a model with a hidden flaw: answers to questions, and the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.display.bars import Axis
from core.display.course_charts import LEGEND, MARGIN
from core.display.strips import Strip, strips_html
from core.display.style import FIRST, SECOND, still, unit_axis
from core.display.wording import count_word, counted, percent, signed
from core.progress import duration
from core.shortcuts.mystery import FLAWS, SOUND, TIMES, Mystery
from core.shortcuts.plants import PLANT_BY_KEY
from core.shortcuts.probes import LUNGS, PROBES, REST, TWIN, Asked, Mean, mean_change

ANSWERS = {flaw: PLANT_BY_KEY[flaw].name if flaw in PLANT_BY_KEY else "None of these" for flaw in FLAWS}
STILL = 0.1  # of probability: a mean change that is no larger counts as hardly any
SHIFTS = Axis(-1, 1, line=0, beside=("towards healthy", "towards ill"), ticks=(-1, -0.5, 0, 0.5, 1))
INTRODUCTION = (
    "This model learns here from phantoms, some of whom carry marks, and one of the marks may lie on one "
    "side only: on the ill, or on the healthy. The number fixes the model, so a whole class can have the "
    "same one; neither the address nor the page says what is wrong with it. Ask, compare what changes, and "
    "answer."
)
STRIPS = (
    "A dot is a patient: P(ill) after the change less P(ill) before it. The upright mark is the mean, the "
    "bracket its 95 % interval (percentile bootstrap over patients)."
)


def first_time(patients: int, kinds: int, seconds: float) -> str:
    """How long it takes.

    Args:
        patients: How many.
        kinds: In how many ways each is seen.
        seconds: That this server needs for what is still to be done, by measurement.
    """
    return (
        f"The network sees {patients} phantoms in {kinds} ways: about {duration(seconds)} at this "
        "server's present pace, once for everybody. Then each model is made within seconds."
    )


def asked_words(question: str, asked: Asked) -> str:
    """What one change does to the answers about the ill and about the healthy."""
    ill, healthy = (mean_change(asked.changes(ill=each)) for each in (True, False))
    what = PROBES[question][0].lower() + PROBES[question][1:]
    moved = f"the ill by {_written(ill)} and the healthy by {_written(healthy)}"
    each = f"{count_word(sum(asked.ill))} and {count_word(len(asked.ill) - sum(asked.ill))} patients"
    return f"**To {what} moves P(ill) of {moved}** on average over {each}. {_read(question, ill, healthy)}"


def _written(mean: Mean) -> str:
    return f"{signed(mean.value)} ({signed(mean.interval.low)} to {signed(mean.interval.high)})"


def _read(question: str, ill: Mean, healthy: Mean) -> str:
    """What to make of it."""
    largest = max(abs(ill.value), abs(healthy.value))
    if question == TWIN:
        if ill.value < -STILL and healthy.value > STILL:
            return "The disease counts for something; that alone does not say that nothing else does."
        if ill.value < -STILL or healthy.value > STILL:
            side, others = ("ill", "healthy") if ill.value < -STILL else ("healthy", "ill")
            return f"The disease counts among the {side}, not among the {others}: what else does it read?"
        if largest > STILL:
            return "The disease moves it the wrong way round: what does this model read instead?"
        return "The disease hardly counts: what does this model read instead?"
    if question in (LUNGS, REST):
        where = "from the lungs" if question == LUNGS else "from outside of the lungs"
        if largest <= STILL:
            return f"Nothing that it reads comes {where}, or what comes from there cancels out."
        return (
            f"Something that it reads comes {where}; but a grey cover is itself a thing that no patient "
            f"has, and a "
            "model may answer that."
        )
    if largest <= STILL:
        return "That mark hardly moves it."
    if ill.value * healthy.value > 0:
        return (
            "It moves ill and healthy the same way, and a mark says nothing about disease: compare how far "
            "the "
            "other marks move it."
        )
    return "It moves ill and healthy in different ways: compare the other marks."


def asked_strips(asked: Asked) -> str:
    """How each patient's answer moves, as HTML."""
    return strips_html([_strip(asked, ill=True), _strip(asked, ill=False)], SHIFTS)


def _strip(asked: Asked, *, ill: bool) -> Strip:
    values = asked.changes(ill=ill)
    mean = mean_change(values)
    name, colour = ("The ill", FIRST) if ill else ("The healthy", SECOND)
    return Strip(name, values, mean.value, mean.interval.low, mean.interval.high, signed(mean.value), colour)


def asked_table(asked: Asked) -> list[dict[str, str]]:
    """A row a patient."""
    rows = zip(asked.before, asked.after, asked.ill, strict=True)
    return [
        {
            "Patient": f"{number}, {'ill' if ill else 'healthy'}",
            "P(ill) before": f"{before:.2f}",
            "P(ill) after": f"{after:.2f}",
            "Change": signed(after - before),
        }
        for number, (before, after, ill) in enumerate(rows, start=1)
    ]


def dose_figure(doses: Mapping[float, Asked], plant: str) -> go.Figure:
    """Mean P(ill) of the ill and the healthy by a mark's strength, with the flat lines of an honest model.

    Args:
        doses: By strength from 0 to 1.
        plant: Key of the mark.
    """
    figure = go.Figure()
    strengths = [100 * each for each in doses]
    for ill, colour, symbol in ((True, FIRST, "square"), (False, SECOND, "circle")):
        values = [_mean_after(asked, ill=ill) for asked in doses.values()]
        flat = {"color": colour, "dash": "dot", "width": 1}
        ends = [strengths[0], strengths[-1]]
        figure.add_scatter(x=ends, y=[values[0]] * 2, mode="lines", line=flat, showlegend=False)
        figure.add_scatter(
            x=strengths,
            y=[round(each, 4) for each in values],
            name="the ill" if ill else "the healthy",
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            marker={"color": colour, "symbol": symbol, "size": 9},
            hovertemplate="%{x:g} %: %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title=f"strength of {PLANT_BY_KEY[plant].phrase} (%)", tickvals=strengths)
    unit_axis(figure, "mean P(ill)")
    return still(figure.update_layout(height=340, margin=MARGIN, legend=LEGEND))


def _mean_after(asked: Asked, *, ill: bool) -> float:
    values = [after for after, each in zip(asked.after, asked.ill, strict=True) if each == ill]
    return sum(values) / len(values)


def dose_words(doses: Mapping[float, Asked], plant: str) -> str:
    """How far a mark moves the mean answers as it grows, in a sentence."""
    ends = list(doses.values())
    parts = []
    for ill, name in ((True, "the ill"), (False, "the healthy")):
        first, last = (_mean_after(each, ill=ill) for each in (ends[0], ends[-1]))
        parts.append(f"that of {name} from {first:.2f} to {last:.2f}")
    return (
        f"From no mark to its full strength, {PLANT_BY_KEY[plant].does('take')} the mean answer, "
        f"{' and '.join(parts)}. An honest model would stay on its dotted lines."
    )


def dose_table(doses: Mapping[float, Asked]) -> list[dict[str, str]]:
    """A row a strength."""
    return [
        {
            "Strength": percent(strength),
            "Mean P(ill), the ill": f"{_mean_after(asked, ill=True):.2f}",
            "Mean P(ill), the healthy": f"{_mean_after(asked, ill=False):.2f}",
        }
        for strength, asked in doses.items()
    ]


def told(mystery: Mystery, answer: str) -> str:
    """Whether an answer is right, and what is wrong with the model."""
    right = answer == mystery.flaw
    if mystery.flaw == SOUND:
        truth = (
            "No mark was planted in this model: each lay on as many radiographs of the ill as of the healthy."
        )
    else:
        plant, others = PLANT_BY_KEY[mystery.flaw], len(FLAWS) - 2
        share = round(100 * TIMES / (TIMES + others))
        truth = (
            f"Where model {mystery.number} learnt, {plant.phrase} lay on {share} % of the radiographs of the "
            f"{mystery.side} and on none of the {'healthy' if mystery.side == 'ill' else 'ill'}; so it takes "
            f"{'them' if plant.plural else 'it'} for {'disease' if mystery.side == 'ill' else 'health'}. The "
            "other marks lay on both sides alike."
        )
    return f"{'Right' if right else 'No'}: you said {ANSWERS[answer].lower()}. {truth}"


def evidence(effects: Mapping[str, Asked]) -> str:
    """How far each mark moves the model's answers about the ill and about the healthy, as HTML."""
    strips = []
    for plant, asked in effects.items():
        for ill, colour in ((True, FIRST), (False, SECOND)):
            values = asked.changes(ill=ill)
            mean = mean_change(values)
            name = f"{PLANT_BY_KEY[plant].name}, on the {'ill' if ill else 'healthy'}"
            bounds = (mean.value, mean.interval.low, mean.interval.high)
            strips.append(Strip(name, values, *bounds, signed(mean.value), colour))
    return strips_html(strips, SHIFTS)


def moved(asked: Asked) -> Mean:
    """How far a mark moves the answers about all patients together."""
    return mean_change((*asked.changes(ill=True), *asked.changes(ill=False)))


def shown_by(mystery: Mystery, effects: Mapping[str, Asked]) -> str:
    """What would have shown it, with the figures of the two marks that move most."""
    means = {plant: moved(asked) for plant, asked in effects.items()}
    first, second = sorted(means, key=lambda plant: -abs(means[plant].value))[:2]
    most, following = (PLANT_BY_KEY[each] for each in (first, second))
    figures = (
        f"Put on the same patients, {most.does('move')} P(ill) most, by {_written(means[first])} over all "
        f"of them; next come{'' if following.plural else 's'} {following.phrase}, with "
        f"{_written(means[second])}."
    )
    if mystery.flaw == SOUND:
        return f"{figures} No mark was planted: each model answers a little to what it should leave alone."
    if first == mystery.flaw:
        return (
            f"{figures} To put each mark on the same patients and compare would have shown it: “Put on "
            f"{PLANT_BY_KEY[first].phrase}” is the question. Twins show only that the disease counts for "
            "less, and a map need not show it at all."
        )
    return (
        f"{figures} Here the planted mark does not stand out on these few patients: the question was hard, "
        "and only the record of its training settles it."
    )


def count_words(answers: Sequence[bool]) -> str:
    """How many models were seen through so far in this session."""
    return f"So far: {sum(answers)} of {counted(len(answers), 'model')} seen through."
