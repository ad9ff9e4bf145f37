"""What the app says in words: read as, pattern like; never that somebody has a disease."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from core.analysis.results import Analysis, BackboneReading
from core.display.markdown import plain
from core.evaluation.evidence import Evidence
from core.evaluation.metrics import Interval
from core.evaluation.named_findings import NamedFinding
from core.evaluation.record import whole_left_out_points
from core.evaluation.strata import FalseFinding
from core.evaluation.trials import HEADS_ALONE, Base, MoveInterval, Trials, mean_left_out
from core.models.backbones import BACKBONE_BY_KEY, BACKBONES
from core.models.bundle.manifest import BundleManifest
from core.models.ensemble import EnsembleDecision
from core.models.severity import SeverityScore
from core.vocabulary import ENSEMBLE, finding_name

MOVED = (
    "Every answer follows it, but those at an error rate. How often each model was wrong is measured at its "
    "own threshold."
)
SIDES = "Left in the picture is the patient's right (R), unless it was mirrored before it came."
MOST_FALSE = 4  # findings to name of those that are found on normal radiographs, too
DISCLAIMER = "For teaching and demonstration only. Not a medical device; never for diagnosis."

# Of a base under heads that learnt without a source.
_BASES: dict[Base, str] = {
    "imagenet": " (heads trained anew)",
    "frozen": " (heads trained anew; their bases had seen the sources, which flatters)",
}
_COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count_word(count: int) -> str:
    """A number as running text has it: in a word as far as `_COUNTS` goes."""
    return _COUNTS[count] if count < len(_COUNTS) else str(count)


def counted(number: int, noun: str) -> str:
    """So many of something, in figures: 1 file, 2,000 files."""
    return f"{number:,} {plural(number, noun)}"


def plural(number: int, noun: str) -> str:
    """A noun as it goes with a number: 1 file, 2 files."""
    return noun if number == 1 else f"{noun}s"


def question() -> str:
    """What is asked of a radiograph, who answers, and how far to believe it: for whoever sees it first."""
    many = count_word(len(BACKBONES))
    return f"COVID-19 or normal? {many.capitalize()} networks answer, and they are often wrong."


def listed(names: Sequence[str]) -> str:
    """Names as running text lists them: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def headline(analysis: Analysis) -> str:
    """The decision in words, to follow what it is about: how the backbones vote, what the ensemble says."""
    votes, decision = analysis.votes, analysis.decision
    if votes in (0, len(analysis.readings)):
        answer = "COVID-19" if votes else "normal"
        vote = f"all {count_word(len(analysis.readings))} backbones read this radiograph as {answer}."
    else:
        verb = "reads" if votes == 1 else "read"
        all_of_them, some = count_word(len(analysis.readings)), count_word(votes)
        others = count_word(len(analysis.readings) - votes)
        vote = (
            f"{some} of the {all_of_them} backbones {verb} this radiograph as COVID-19, {others} as normal."
        )
    if taught := [each.backbone.name for each in analysis.readings if each.backbone.key in analysis.taught]:
        vote = f"{vote} Among them is {listed(taught)}."
    digits = tie_digits(decision.probability, decision.threshold)
    side = "above" if decision.positive else "below"
    return (
        f"{vote} The ensemble reads it as {'COVID-19' if decision.positive else 'normal'}: "
        f"P(COVID-19) {decision.probability:.{digits}f}, {side} its threshold of "
        f"{decision.threshold:.{digits}f}."
    )


def margins(analysis: Analysis) -> str:
    """What was cut off each side of a picture."""
    left, top, right, bottom = analysis.inside
    sides = {
        "left": left / analysis.width_px,
        "right": 1 - right / analysis.width_px,
        "top": top / analysis.height_px,
        "bottom": 1 - bottom / analysis.height_px,
    }
    parts = [f"{percent(share)} at the {side}" if share >= 0.005 else "" for side, share in sides.items()]
    cut = ", ".join(part for part in parts if part) or "less than 1 %"
    return f"Uniform margins were cut before the networks saw the picture ({cut}): what is greyed out."


def tie_digits(probability: float, threshold: float) -> int:
    """Decimals that tell a probability from its threshold: two, or three where these look alike."""
    return 2 if f"{probability:.2f}" != f"{threshold:.2f}" else 3


def agreement(analysis: Analysis) -> str:
    """How far the backbones lie apart."""
    low = min(analysis.readings, key=lambda reading: reading.probability)
    high = max(analysis.readings, key=lambda reading: reading.probability)
    if analysis.spread < 0.2:
        return f"Their probabilities lie close together ({low.probability:.2f} to {high.probability:.2f})."
    return (
        f"Their probabilities spread from {low.probability:.2f} ({low.backbone.name}) "
        f"to {high.probability:.2f} ({high.backbone.name})."
    )


def track_record(evidence: Sequence[Evidence], *, moved: bool = False) -> str:
    """How often the ensemble was wrong, on known sources and beyond, before any number can impress.

    Args:
        evidence: How the models did on held-out images, each at its own threshold.
        moved: Whether the page decides at another threshold.
    """
    found = {each.split: each for each in evidence if each.model == ENSEMBLE}
    parts = []
    if "test" in found:
        parts.append(f"wrong on {_rate(found['test'])} held-out images of known sources")
    if "external" in found:
        parts.append(f"wrong on {_rate(found['external'])} images from clinics never seen")
    if evidence and not found:
        return "Nobody has measured how wrong the ensemble is with these backbones."
    if not parts:
        return "This bundle records no held-out images of both classes, so nobody knows how wrong it is."
    known = [found[split].figures for split in ("test", "external") if split in found]
    always = " and ".join(str(each.images - each.positives) for each in known)
    never = " and ".join(str(each.positives) for each in known)
    who = "At its own threshold the ensemble" if moved else "The ensemble"
    return (
        f"{who} was {', and '.join(parts)}. Always answering COVID-19 would be wrong on {always}, "
        f"always normal on {never}."
    )


def _rate(evidence: Evidence) -> str:
    return f"{evidence.wrong} of {evidence.figures.images}"


def covered_lungs(trials: Trials) -> str | None:
    """What the ensemble still knows with the lungs covered; None where nobody measured it."""
    found = {each.split: each for each in trials.covered_lungs if each.model == ENSEMBLE}
    parts = [
        f"{each.visible.roc_auc:.2f} to {each.covered.roc_auc:.2f} on {each.covered.images} {images}"
        for split, images in (("test", "held-out images"), ("external", "images from clinics never seen"))
        if (each := found.get(split))
        and each.visible.roc_auc is not None
        and each.covered.roc_auc is not None
    ]
    if not parts:
        return None
    return f"With the lungs covered, the ensemble's ROC AUC goes from {', and from '.join(parts)}."


def left_out_sources(trials: Trials) -> str | None:
    """What is left where a source of the test was not learnt from; None where nobody measured it."""
    return " ".join([*_heads_left_out(trials), *_whole_left_out(trials)]) or None


def _whole_left_out(trials: Trials) -> Iterator[str]:
    found = [value for _, _, value in whole_left_out_points(trials)]
    if found:
        yield (
            "Where whole networks learnt anew without a source, and so nothing in them knew it, the mean is "
            f"{fmean(found):.2f}."
        )


def _heads_left_out(trials: Trials) -> Iterator[str]:
    for base in HEADS_ALONE:
        strict = mean_left_out(trials.left_out, base)
        if strict is None:
            continue
        easier = mean_left_out(trials.left_out, base, strict=False)
        beside = f"; with only one of the two sources left out, {easier:.2f}" if easier is not None else ""
        figure = f"mean ROC AUC is {strict:.2f}{beside}{_BASES[base]}"
        yield f"On sources left out of its head's training, a backbone's {figure}."
        return


def decision_at_threshold(reading: BackboneReading | EnsembleDecision) -> str:
    """One backbone's decision, or the ensemble's, in words."""
    digits = tie_digits(reading.probability, reading.threshold)
    answer = "reads as COVID-19" if reading.positive else "reads as normal"
    return f"{answer} (threshold {reading.threshold:.{digits}f})"


def frame(analysis: Analysis) -> str:
    """What is drawn over the plain radiograph."""
    lungs = " The dashed line is where a small network finds the lungs." if analysis.lungs is not None else ""
    return f"The networks see what is inside the dotted frame, with its greys spread evenly.{lungs} {SIDES}"


def severity(score: SeverityScore) -> str:
    """One severity estimate with the error to expect, and whether it beats knowing nothing."""
    value = f"{score.value:.1f} of {score.maximum:g}, ± {score.mean_absolute_error:.1f} on average"
    if score.mean_absolute_error >= score.baseline_error:
        return f"{value}: no better than always answering with the mean ({score.baseline_error:.1f})"
    return f"{value} (always answering with the mean: ± {score.baseline_error:.1f})"


def heat(reading: BackboneReading) -> str:
    """A text alternative to a heatmap: where it peaks."""
    if not reading.heat_peak:
        return (
            f"{reading.backbone.name}: nothing in this radiograph speaks for COVID-19, so there is no heat."
        )
    rows, columns = reading.heatmap.shape
    row, column = divmod(int(reading.heatmap.argmax()), columns)
    upright = ("upper", "middle", "lower")[min(3 * row // rows, 2)]
    across = ("left", "central", "right")[min(3 * column // columns, 2)]
    peak = f"{reading.backbone.name}: the heat peaks in the {upright} {across} part of the picture."
    lungs = heat_in_lungs(reading)
    return f"{peak} {lungs.capitalize()} of the frame." if lungs else peak


def heat_in_lungs(reading: BackboneReading) -> str | None:
    """How much of the heat lies in the lungs, and how much would by chance; None where nobody knows."""
    if reading.heat_in_lungs is None:
        return None
    share, area = (percent(part) for part in reading.heat_in_lungs)
    return f"heat in the lungs: {share}; their area: {area}"


def findings(analysis: Analysis) -> str:
    """The findings beyond their thresholds, in a sentence."""
    present = [finding for finding in analysis.findings if finding.score >= 0.5]
    present.sort(key=lambda finding: -finding.score)
    if not present:
        return f"None of the {len(analysis.findings)} findings reaches its threshold."
    names = ", ".join(f"{finding_name(finding.name)} {finding.score:.2f}" for finding in present)
    return f"Beyond the threshold: {names}."


def findings_quality(analysis: Analysis, named: Sequence[NamedFinding], manifest: BundleManifest) -> str:
    """How well the stand-in knows the findings, on phantoms and on radiographs; empty if nobody measured it.

    Args:
        analysis: It.
        named: Measured with the bundle's own findings network, and said of no other.
        manifest: Of the bundle, which knows how people cite a source.
    """
    if analysis.provenance.findings_source != "stand-in":
        return ""
    rendered = sorted((each.roc_auc, each.name) for each in analysis.findings if each.roc_auc is not None)
    said = []
    if rendered:
        (worst, least), (best, most) = rendered[0], rendered[-1]
        mean = fmean(auc for auc, _ in rendered)
        said.append(
            f"On phantoms from which it did not learn, this network's ROC AUC is {mean:.2f} on average: from "
            f"{worst:.2f} ({finding_name(least)}) to {best:.2f} ({finding_name(most)})."
        )
    if named:
        count = len({each.name for each in named})
        told = [
            f"told from {others}, {listed(figures)}"
            for others, from_normal in (("normal ones alone", True), ("others, too", False))
            if (figures := [_figure(each, manifest) for each in named if each.from_normal == from_normal])
        ]
        said.append(
            f"On held-out radiographs it is known for {count_word(count)} of {len(analysis.findings)}: "
            f"{'; '.join(told)}."
        )
    elif rendered:
        said.append("On radiographs it is likely worse.")
    return " ".join(said)


def _figure(named: NamedFinding, manifest: BundleManifest) -> str:
    return f"{finding_name(named.name)} {named.measured} in {plain(manifest.source_name(named.source))}"


def found_on_normals(analysis: Analysis, known: Sequence[FalseFinding]) -> str:
    """How often the findings seen here are seen on normal radiographs, too; empty where that is not known.

    Args:
        analysis: It.
        known: Measured with the bundle's own findings network, and said of no other.
    """
    if analysis.provenance.findings_source != "stand-in" or not known:
        return ""
    seen = {each.name for each in analysis.findings if each.score >= 0.5}
    false = sorted((each for each in known if each.name in seen), key=lambda each: -each.share)
    if not false:
        return ""
    named = [f"{finding_name(each.name)} on {percent(each.share)}" for each in false[:MOST_FALSE]]
    rest = [f"{count_word(len(false) - MOST_FALSE)} more on fewer"] if len(false) > MOST_FALSE else []
    return (
        f"Of {false[0].images} normal radiographs that are held out, where nothing is to be found, this "
        f"network finds the same: {listed([*named, *rest])}."
    )


def contributions(analysis: Analysis) -> str:
    """How the ensemble's decision value comes about."""
    decision = analysis.decision
    by_group = {
        group: sum(part.contribution for part in decision.contributions if part.group == group)
        for group in ("backbone", "finding")
    }
    return (
        f"An average radiograph starts at {signed(decision.intercept)}; the backbones add "
        f"{signed(by_group['backbone'])}, the findings {signed(by_group['finding'])}. The sum, "
        f"{signed(decision.decision_value)}, is calibrated to a probability of {decision.probability:.2f}."
    )


def percent(share: float, digits: int = 0) -> str:
    """A share from 0 to 1 in percent, for people; number and sign stay on one line."""
    return f"{100 * share:.{digits}f}\u00a0%"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, a minus being the true one; zero, also a rounded one, has none.

    Args:
        value: Any number.
        digits: Behind the point.
    """
    said = f"{value:+.{digits}f}".replace("-", "−")
    return said if any(each in "123456789" for each in said) else said[1:]


def signed_range(interval: Interval | MoveInterval) -> str:
    """Both ends of an interval that zero may lie in, each as `signed` says it."""
    return f"{signed(interval.low)} to {signed(interval.high)}"


def moved(move: float, interval: MoveInterval | None) -> str:
    """How far a figure moves, with the interval where there is one: `+0.08 (+0.04 to +0.12)`."""
    return signed(move) + (f" ({signed_range(interval)})" if interval else "")


def named(key: str) -> str:
    """A model inside of a sentence: a backbone has a name, the ensemble is called what it is."""
    return model_name(key) if key in BACKBONE_BY_KEY else "the ensemble"


def opening(words: str) -> str:
    """Words as they begin a sentence."""
    return words[:1].upper() + words[1:]


def model_name(key: str) -> str:
    """A model's name for people, by its key."""
    return BACKBONE_BY_KEY[key].name if key in BACKBONE_BY_KEY else "Ensemble"


def evidence_tables(evidence: Sequence[Evidence]) -> dict[str, list[dict[str, str]]]:
    """Rows of a table for each split: the backbones, then the ensemble."""
    tables: dict[str, list[dict[str, str]]] = {}
    for each in evidence:
        figures, interval = each.figures, each.figures.roc_auc_interval
        row = {
            "Model": model_name(each.model),
            "ROC AUC (95 %)": f"{figures.roc_auc:.3f}{interval.in_brackets()}",
            "Sensitivity": f"{figures.confusion.sensitivity:.2f}",
            "Specificity": f"{figures.confusion.specificity:.2f}",
            "Wrong": f"{each.wrong} of {figures.images}",
        }
        tables.setdefault(each.split, []).append(row)
    return tables
