"""What the page Phantoms says: answers beside the truth, what a lesion does, and how far to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.analysis.results import Analysis
from core.display.bars import Axis, Bar, bars_html
from core.display.figures import FINDINGS, PROBABILITIES, TOWARDS, finding_bar, ranked_findings
from core.display.strips import Strip, strips_html
from core.display.style import colour_and_dash
from core.display.truth import RIGHT, WRONG, mark
from core.display.wording import counted, listed, model_name, named, opening, percent, signed, signed_range
from core.models.backbones import BACKBONE_BY_KEY
from core.models.severity import SeverityScore
from core.phantom.recipe import FULL_PX, SAVED_PX
from core.phantom.samples import Sample
from core.studio.many import Effect
from core.studio.twins import Outside
from core.vocabulary import ENSEMBLE, finding_name

EFFECTS = Axis(-1, 1, line=0, beside=TOWARDS, ticks=(-1, -0.5, 0, 0.5, 1))
FLATTERS = (
    "Phantoms flatter networks that learnt from phantoms, as the backbones and the findings network that "
    "ship here did: believe a difference between two of these pictures before any figure. How wrong the "
    "models are on real radiographs, clinics never seen among them, stands on Compare; Analyse reads yours."
)
SAVED = (
    f"Files are rendered anew at {SAVED_PX} × {SAVED_PX} px, which takes some seconds; the truth is of that "
    f"size, too. The networks were asked at {FULL_PX} px, with other noise: answers may differ a little."
)


def answer_bars(analysis: Analysis, label: str) -> str:
    """P(COVID-19) of each model beside its threshold, each answer marked right or wrong, as HTML.

    Args:
        analysis: The answers.
        label: What the phantom shows, as of `Sample.label`.
    """
    decision = analysis.decision
    rows = [
        (each.backbone.key, each.probability, each.threshold, each.positive) for each in analysis.readings
    ]
    rows.append((ENSEMBLE, decision.probability, decision.threshold, decision.positive))
    return bars_html(
        [
            _bar(
                key,
                probability,
                f"{probability:.2f} {mark(label, positive=positive).words}",
                threshold,
                f"threshold {threshold:.2f}",
            )
            for key, probability, threshold, positive in rows
        ],
        PROBABILITIES,
    )


def finding_bars(analysis: Analysis, sample: Sample) -> str:
    """All scores of findings, the highest on top, each held against the truth, as HTML."""
    return bars_html(
        [
            finding_bar(each, f" {_held(seen=each.score >= 0.5, true=each.name in sample.findings)}")
            for each in ranked_findings(analysis)
        ],
        FINDINGS,
    )


def _held(*, seen: bool, true: bool) -> str:
    return "right" if seen == true else "false alarm" if seen else "missed"


def findings_words(analysis: Analysis, sample: Sample) -> str:
    """How many findings are there, how many of them were seen, and how many that are not there."""
    seen = {each.name for each in analysis.findings if each.score >= 0.5}
    there = set(sample.findings)
    if not there:
        return f"Truth: no finding. The findings network sees {counted(len(seen), 'finding')}."
    names = listed([finding_name(each) for each in sample.findings])
    beyond = len(seen - there)
    return (
        f"Truth: {names}. The findings network sees {len(there & seen)} of these {len(there)}, and {beyond} "
        f"that {'is' if beyond == 1 else 'are'} not there."
    )


def votes(analysis: Analysis) -> str:
    """How the backbones vote, short enough for the heading of a narrow column."""
    return f"{analysis.votes} of {len(analysis.readings)} read COVID-19"


def severity_words(score: SeverityScore, sample: Sample) -> str:
    """An estimate of extent or opacity beside the truth, and whether it lies within its usual error."""
    true = sample.extent_score if score.name == "extent" else sample.opacity_score
    near = abs(score.value - true) <= score.mean_absolute_error
    held = f"{RIGHT.icon} within" if near else f"{WRONG.icon} beyond"
    return (
        f"**{score.name.capitalize()} score** {score.value:.1f} of {score.maximum:g}, truly {true:.1f}: "
        f"{held} its usual error of {score.mean_absolute_error:.1f}"
    )


def effect_bars(effects: Mapping[str, float]) -> str:
    """What the disease does to each model in one patient, as HTML."""
    return bars_html([_bar(key, value, signed(value)) for key, value in effects.items()], EFFECTS)


def _bar(key: str, value: float, text: str, threshold: float | None = None, hint: str = "") -> Bar:
    """A model's bar, in its colour and pattern."""
    pattern = BACKBONE_BY_KEY[key].pattern if key in BACKBONE_BY_KEY else ""
    return Bar(model_name(key), value, text, colour_and_dash(key)[0], pattern, threshold, hint)


def effect_words(effects: Mapping[str, float]) -> str:
    """Which model the disease moves most, and which least, in a sentence."""
    most = max(effects, key=lambda key: abs(effects[key]))
    least = min(effects, key=lambda key: abs(effects[key]))
    against = [named(key) for key, value in effects.items() if value < 0]
    verb = "goes" if len(against) == 1 else "go"
    other = f" {opening(listed(against))} {verb} the other way." if against else ""
    return (
        f"**Of all models, the disease alone moves {named(most)} most ({signed(effects[most])}) and "
        f"{named(least)} least ({signed(effects[least])}).**{other}"
    )


def outside_words(outside: Outside, patients: int = 1) -> str:
    """Where the networks' input changes, measured, and what that forbids to conclude.

    Args:
        outside: Of one pair of twins, or the mean of many.
        patients: How many.
    """
    of = "" if patients == 1 else f" (means of {counted(patients, 'patient')})"
    return (
        f"The lesion was added before the histogram is equalised. Of the change in grey, "
        f"{percent(outside.before)} lies outside of the lesion's mask before equalisation and "
        f"**{percent(outside.after)}** after it{of}: so much of what the networks are given changes where "
        "no disease is. The difference in their answers is caused by the disease, but need not come from the "
        "place of the lesion; and a heatmap beside the mask is not by that alone wrong."
    )


def strips(effects: Sequence[Effect]) -> str:
    """The effect on each model, a dot a patient, with the mean and its interval, as HTML."""
    return strips_html(
        [
            Strip(
                model_name(each.model),
                each.values,
                each.mean,
                each.interval.low,
                each.interval.high,
                f"{signed(each.mean)} ({signed_range(each.interval)})",
                colour_and_dash(each.model)[0],
            )
            for each in effects
        ],
        EFFECTS,
    )


def many_words(effects: Sequence[Effect]) -> str:
    """What many twins say: who is moved for sure, by how much, and who is not."""
    count = len(effects[0].values)
    moved = sorted((each for each in effects if each.interval.low > 0), key=lambda each: -each.mean)
    rest = [each for each in effects if each.interval.low <= 0]
    parts = []
    if moved:
        by = listed([f"{named(each.model)} by {signed(each.mean)}" for each in moved])
        parts.append(f"the disease raises P(COVID-19) on average: {by}")
    if rest:
        names = listed([named(each.model) for each in rest])
        parts.append(f"no rise is certain for {names}, whose interval holds zero or lies below it")
    words = "; ".join(parts)
    return f"**Over {counted(count, 'patient')}, {words}.**"


def many_table(effects: Sequence[Effect]) -> list[dict[str, str]]:
    """A row a model: its mean effect with the interval, how patients differ, and in how many it rose."""
    rows = []
    for each in effects:
        values = sorted(each.values)
        count = len(values)
        rows.append(
            {
                "Model": model_name(each.model),
                "Mean effect": signed(each.mean, 3),
                "95 % interval of the mean": signed_range(each.interval),
                "Smallest": signed(values[0]),
                "Median": signed((values[(count - 1) // 2] + values[count // 2]) / 2),
                "Largest": signed(values[-1]),
                "Raised in": f"{each.raised} of {count}",
            }
        )
    return rows
