"""What the page Explain says: maps in words, what methods show and hide, and Grad-CAM as a sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.analysis.maps import reading_of
from core.analysis.results import Analysis
from core.display.bars import Axis, Bar, bars_html
from core.display.style import colour_and_dash
from core.display.wording import decision_at_threshold, listed, model_name, named, percent, signed
from core.explain.arithmetic import Addend, HeadInNumbers, Sum
from core.explain.heat_in_lungs import HeatInLungs
from core.explain.method import Map, Method
from core.vocabulary import ENSEMBLE

CLASS_NAMES = {True: "COVID-19", False: "normal"}
ONE_SCALE = (
    "One scale of colours, from no heat to each map's own peak: methods have units of their own, so that of "
    "two "
    "maps the patterns can be compared and the brightness cannot."
)


def answer_of(analysis: Analysis, model: str) -> str:
    """What a network or the ensemble answers, to follow what it is about."""
    given = analysis.decision if model == ENSEMBLE else reading_of(analysis, model)
    return f"{named(model)} answers {given.probability:.2f} and {decision_at_threshold(given)}"


def map_words(name: str, heat: Map, lungs: HeatInLungs | None, *, covid: bool) -> str:
    """A text alternative to a map: where it peaks, and how it lies to the lungs.

    Args:
        name: Of the method.
        heat: (rows, columns), in [0, 1].
        lungs: How it lies to the lungs; None where nobody knows.
        covid: Which class it is for.
    """
    if not heat.any():
        return f"{name}: no heat; nothing here speaks for {CLASS_NAMES[covid]}."
    rows, columns = heat.shape
    row, column = divmod(int(heat.argmax()), columns)
    upright = ("upper", "middle", "lower")[min(3 * row // rows, 2)]
    across = ("left", "central", "right")[min(3 * column // columns, 2)]
    words = f"{name}: the heat for {CLASS_NAMES[covid]} peaks in the {upright} {across} part of the picture."
    if lungs is None:
        return words
    return f"{words} {percent(lungs.share)} of it lies in the lungs, which fill {percent(lungs.area)}."


def lungs_detail(heat: Map, lungs: HeatInLungs | None) -> str:
    """The same in a few letters, for beside a pane's name."""
    if not heat.any():
        return "no heat"
    return f"{percent(lungs.share)} in lungs" if lungs else ""


def lungs_area(lungs: Iterable[HeatInLungs | None]) -> str:
    """What heat spread evenly would have in the lungs; empty where nobody knows."""
    area = next((each.area for each in lungs if each), None)
    if area is None:
        return ""
    return f"Heat spread evenly would have {percent(area)} in the lungs."


def methods_list(methods: Iterable[Method]) -> str:
    """What each method shows, and why it may mislead, as a list in Markdown, which fits a phone."""
    return "\n".join(
        f"- **{each.name}** ([{each.paper}]({each.url})). Much heat means: "
        f"{each.meaning[0].lower()}{each.meaning[1:]} *Why it may mislead:* {each.misleads}"
        for each in methods
    )


def nothing_towards(*, covid: bool) -> str:
    """Why the ensemble has no map."""
    return f"No backbone adds anything towards {CLASS_NAMES[covid]}: the ensemble's map is empty."


def ensemble_words(added: Mapping[str, float], findings: float, *, covid: bool) -> str:
    """Whose maps make up the ensemble's, and what has no map.

    Args:
        added: What each backbone added to the decision value, by key.
        findings: What all findings added.
        covid: Which class is asked about.
    """
    sign = 1 if covid else -1
    counting = {key: sign * value for key, value in added.items() if sign * value > 0}
    beyond = f"The findings added {signed(findings)} of the decision value; their maps stand under Findings."
    if not counting:
        return f"{nothing_towards(covid=covid)} {beyond}"
    total = sum(counting.values())
    shares = [
        f"{model_name(key)} {percent(value / total)}"
        for key, value in sorted(counting.items(), key=lambda each: -each[1])
    ]
    silent = [model_name(key) for key in added if key not in counting]
    verb = "speaks" if len(silent) == 1 else "speak"
    others = f" {listed(silent)} {verb} for the other class and count for nothing here." if silent else ""
    return (
        f"The ensemble's map is the backbones', each weighted by what it added towards {CLASS_NAMES[covid]}: "
        f"{listed(shares)}.{others} {beyond}"
    )


def sum_bars(found: Sum, model: str) -> str:
    """The channels that count most in one place, and all others, as bars of HTML."""
    rows = [(_channel(each), each.product) for each in found.addends]
    others = found.channels - len(found.addends)
    rows += [(f"{others:,} other channels", found.others), ("Sum", found.total)]
    high = max(0.0, *(value for _, value in rows)) or 1.0
    low = min(0.0, *(value for _, value in rows))
    axis = Axis(low, high, line=0)
    colour = colour_and_dash(model)[0]
    return bars_html([Bar(name, value, signed(value, 4), colour) for name, value in rows], axis)


def _channel(addend: Addend) -> str:
    return f"Channel {addend.channel}: {signed(addend.weight, 5)} × {addend.activation:.3f}"


def sum_formula(found: Sum) -> str:
    """Grad-CAM of one place with its numbers, as LaTeX."""
    first, *_ = found.addends
    weight, activation = f"{first.weight:.5f}", f"{first.activation:.3f}"
    place = f"{found.row + 1},{found.column + 1}"
    return (
        rf"\begin{{aligned}} L_{{{place}}} &= \max\Big(0, \sum_{{k=0}}^{{{found.channels - 1}}} "
        rf"\alpha_k A^k_{{{place}}}\Big) \\ &= \max\big(0,\ {weight} \cdot {activation} "
        rf"{found.total - first.product:+.4f}\big) \\ &= {found.heat:.4f} \end{{aligned}}"
    )


NO_PLACE = (
    "The ensemble is not among them: its map is a sum of five of different grids, so that no place of it is "
    "a sum of channels. Take its backbones apart one by one."
)
ANY_LAYER = (
    "Early layers see fine detail and know little of the class; the last one knows most and sees a few "
    "coarse places. Their maps take gradients through the network, which Keras computes in a process of its "
    "own: it has to be loaded first, and is ended when nobody asks for five minutes."
)
NO_LAYER = (
    "Occlusion, RISE and SmoothGrad change the picture and read the answer: they ask no layer, and stand "
    "under Methods side by side."
)
LAYERS_TOGETHER = (
    "The five networks share no layer, but each has maps as fine as the others': the ensemble's map on a "
    "depth is that of each backbone's last layer so fine, weighted by what it added to the answer."
)
SCORES_ALONE = (
    "The two Score-CAMs ask a network again about each of its channels: choose one network for them."
)
WEIGHTS = (
    "**Where the weights come from**: the mean derivative of the logit *y* over all places. The head behind "
    "the "
    "last map is small enough to write down: an average over places, a hidden layer with ReLU, one output."
)
FINDINGS_ASKED = (
    "A grey patch covers one place after the other, and each answer holds all findings: one pass makes the "
    "maps of all, to point at."
)
FINDINGS_SCALE = (
    "Each map is scaled to its own peak: of two, the patterns can be compared and the brightness cannot."
)
FINDINGS_MEAN = (
    "Much heat means that covering the place lowers the finding's raw output. A grey patch is something "
    "that no "
    "radiograph shows, and a finding that the network does not see has a map, too."
)
WEIGHTS_FORMULA = (
    r"\begin{aligned} \alpha_k &= \frac{1}{hw} \sum_{i,j} \frac{\partial y}{\partial A^k_{ij}} \\ "
    r"y &= w^\top \max(0, W \bar A + b) + c \end{aligned}"
)


def layer_words(name: str, rows: int, columns: int) -> str:
    """A layer to choose."""
    return f"{name}, {rows} × {columns}"


def fineness_words(pixels: int, side: int) -> str:
    """A depth to choose, at which several networks have a layer.

    Args:
        pixels: Of the input, from one place to the next.
        side: Of the input, in pixels.
    """
    return f"About {side // pixels} × {side // pixels} places, one every {pixels} pixels of the input"


def sum_words(found: Sum, head: HeadInNumbers, model: str, *, covid: bool) -> str:
    """What the sum says: what raises, what lowers, and what the map shows of it."""
    name = model_name(model)
    shown = (
        f"**Row {found.row + 1}, column {found.column + 1}: what raises it adds {signed(found.raising, 4)}, "
        f"what lowers it {signed(found.lowering, 4)}; the sum is {signed(found.total, 4)}.**"
    )
    if found.total <= 0:
        against = CLASS_NAMES[covid]
        said = f"It lies below 0, so that the map shows nothing here: all in all it speaks against {against}."
    else:
        said = f"That is {percent(found.share)} of the map's peak ({found.peak:.4f})."
    return (
        f"{shown} {said} {name} computed {found.channels:,} channels in each place. Their weights "
        f"are the same everywhere; they follow from the {head.active} of {head.units} hidden units that this "
        f"picture switches on, and the logit is {signed(head.logit)}."
    )


def findings_alt(name: str, peak: float) -> str:
    """A text alternative to a finding's map."""
    if not peak:
        return f"{name}: covering no place lowers it."
    return f"{name}: covering the hottest place lowers its raw output by {peak:.2f} on average."
