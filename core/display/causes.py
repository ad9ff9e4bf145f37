"""What the view Causes says: each cause's share of an answer, as bars, words and a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from core.display.bars import Axis, Bar, bars_html
from core.display.figures import TOWARDS
from core.display.style import colour_and_dash
from core.display.wording import listed, model_name, named, percent, signed
from core.models.backbones import BACKBONES
from core.phantom.spec import AIRSPACE
from core.studio.causes import Cause, Shares
from core.vocabulary import ENSEMBLE, FINDINGS, finding_name

LITTLE = 0.05  # of an answer's range: a cause that adds less hardly counts
MODELS = (ENSEMBLE, *(each.key for each in BACKBONES))
METHOD = (
    "Each cause is taken in and left out in every combination with the others, and the models are asked "
    "about every picture. A cause's share is the mean of what it adds over all orders in which the causes "
    "can come (Shapley 1953): exact, and the shares sum to the whole difference. All changes are made before "
    "the histogram is equalised."
)
SEEN = (
    "Below, each cause alone, as taken, and under it what the networks are given of that. The border of "
    "the picture is cut off there, and dark edges with it, so that the chest is larger; and the histogram "
    "is equalised, which takes most of a change of exposure away, and spreads any other change over the "
    "whole picture."
)
_SEVERITY = {"extent": ("Extent (0 to 8)", 8.0), "opacity": ("Opacity (0 to 6)", 6.0)}


def answer_names(keys: Sequence[str]) -> dict[str, str]:
    """Names for people of answers to choose from, by key, the ensemble first.

    Args:
        keys: As `core.studio.causes.every_answer` has them.
    """
    found = {key: f"P(COVID-19), {named(key)}" for key in MODELS}
    found |= {key: name for key, (name, _) in _SEVERITY.items()}
    found |= {name: f"Score of {finding_name(name).lower()}" for name in FINDINGS}
    return {key: name for key, name in found.items() if key in keys}


def whole(key: str) -> float:
    """The range of an answer."""
    return _SEVERITY[key][1] if key in _SEVERITY else 1.0


def cause_bars(causes: Sequence[Cause], shares: Shares, key: str) -> str:
    """A bar a cause, towards more or less of an answer, as HTML.

    Args:
        causes: In their order.
        shares: Of that answer.
        key: Of the answer.
    """
    most = whole(key)
    beside = TOWARDS if key in MODELS else ("less", "more")
    axis = Axis(-most, most, line=0, beside=beside, ticks=(-most, -most / 2, 0, most / 2, most))
    colour = colour_and_dash(key if key in MODELS else ENSEMBLE)[0]
    return bars_html(
        [
            Bar(
                each.label,
                shares.values[each.name],
                signed(shares.values[each.name]),
                colour,
                hint=each.what,
            )
            for each in causes
        ],
        axis,
    )


def cause_words(causes: Sequence[Cause], shares: Shares, key: str, *, follows: bool = True) -> str:
    """From where to where an answer goes, what does most of it, and what an honest model would do.

    Args:
        causes: In their order.
        shares: Of that answer.
        key: Of the answer.
        follows: Whether the lesion is what the answer is about, so that an honest one follows it.
    """
    labels = {each.name: each.label.lower() for each in causes}
    name = answer_names([key])[key]
    most = max(shares.values, key=lambda each: abs(shares.values[each]))
    moved = [each for each, value in shares.values.items() if abs(value) >= LITTLE * whole(key)]
    none, every = f"{shares.before:.2f}", f"{shares.after:.2f}"
    whole_way = f"{name} is {none} with none of the {len(causes)} and {every} with all of them"
    if not moved:
        missed = " An honest answer would follow the lesion." if "lesion" in labels and follows else ""
        return f"**{whole_way}; none of them adds or takes more than {LITTLE * whole(key):g}.**{missed}"
    beside = [labels[each] for each in moved if each != "lesion"]
    verb = "move" if len(beside) > 1 or beside == [labels.get("letters")] else "moves"
    if "lesion" in labels and not follows:
        all_moved = [labels[each] for each in moved]
        verb = "move" if len(all_moved) > 1 or all_moved == [labels["letters"]] else "moves"
        honest = (
            f" The lesion is not what this answer is about, so an honest one would stay; {listed(all_moved)} "
            f"{verb} it."
        )
    elif "lesion" not in labels:
        honest = f" None of them is a disease, and an honest answer would stay; {listed(beside)} {verb} it."
    elif beside:
        too = ", too" if "lesion" in moved else ", and the lesion hardly does"
        honest = f" An honest answer would follow the lesion alone; {listed(beside)} {verb} it{too}."
    else:
        honest = f" Nothing besides the lesion counts for {LITTLE * whole(key):g} or more, as it should be."
    count = "count" if most == "letters" else "counts"
    return f"**{whole_way}; the {labels[most]} {count} most, {signed(shares.values[most])}.**{honest}"


def cause_table(causes: Sequence[Cause], shares: Mapping[str, Shares]) -> list[dict[str, str]]:
    """A row a model: its answer before and after, and each cause's share.

    Args:
        causes: In their order.
        shares: By the answers' keys.
    """
    return [
        {
            "Model": model_name(key),
            "None of them": f"{shares[key].before:.2f}",
            **{each.label: signed(shares[key].values[each.name]) for each in causes},
            "All of them": f"{shares[key].after:.2f}",
        }
        for key in MODELS
        if key in shares
    ]


def is_about(key: str, label: str, shown: Collection[str]) -> bool:
    """Whether an answer is about what a phantom's lesion is, so that an honest one follows it.

    Args:
        key: Of the answer.
        label: What the phantom shows, as of `Recipe.label`.
        shown: Findings that it truly shows.
    """
    if key in _SEVERITY:
        return any(each in AIRSPACE for each in shown)
    return label == "covid" if key in MODELS else key in shown


def seen_table(causes: Sequence[Cause], changes: Sequence[tuple[float, float]]) -> list[dict[str, str]]:
    """A row a cause: by how much it changes greys on average, before and after equalisation.

    Args:
        causes: In their order.
        changes: Of each, as a share of the whole range of greys, before and after.
    """
    return [
        {
            "Cause": each.label,
            "Mean change of grey, as taken": percent(before, 1),
            "As the networks are given it": percent(after, 1),
        }
        for each, (before, after) in zip(causes, changes, strict=True)
    ]


def cause_list(causes: Sequence[Cause]) -> str:
    """What each cause is, as a sentence."""
    return "; ".join(f"**{each.label.lower()}**: {each.what}" for each in causes) + "."
