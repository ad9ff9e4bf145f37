"""What the gate says, in words: what a picture seems to be, how sure that is, and what would help."""

from __future__ import annotations

from collections.abc import Sequence

from core.gate.kinds import FRONTAL
from core.gate.verdict import Reason, Verdict
from core.gate.way import AS_IT_IS, Way
from core.reading.warning import ReadingWarning

NOT_ASKED = (
    "The networks know upright frontal chest radiographs alone. They would answer with a number that means "
    "nothing, so they were not asked."
)
ASKED_ALL_THE_SAME = "They were asked all the same: what follows means nothing, however sure it looks."
HINTS = {
    "mirrored": "Left and right seem exchanged; check the side marker.",
    "apex_missing": "The lungs' apices seem to be cut off, and the networks cannot read what is not there.",
    "base_missing": "The lungs' bases seem to be cut off, and the networks cannot read what is not there.",
}


def seems(verdict: Verdict) -> str:
    """What a picture seems to be and how sure that is, in a clause."""
    if verdict.kind.key != FRONTAL:
        return f"{verdict.kind.name} ({_share(verdict.kind_share)} sure)"
    turned = f", {verdict.turn.name}" if "turned" in verdict.reasons else ""
    inverted = ", its greys inverted" if "inverted" in verdict.reasons else ""
    sure = min(
        verdict.frontal,
        verdict.turn_share if turned else 1.0,
        verdict.inverted if inverted else 1.0,
    )
    return f"{verdict.kind.name}{turned}{inverted} ({_share(sure)} sure)"


def refusal(verdict: Verdict, header: Sequence[ReadingWarning] = ()) -> str:
    """Why a picture is refused, in one or two sentences.

    Args:
        verdict: A refusing one.
        header: What the picture's file says of it.
    """
    return " ".join(dict.fromkeys(_sentence(reason, verdict, header) for reason in verdict.reasons))


def _sentence(reason: Reason, verdict: Verdict, header: Sequence[ReadingWarning]) -> str:
    if reason == "header":
        said = " ".join(warning.message for warning in header if warning.code in verdict.header)
        alone = verdict.reasons == ("header",)
        return f"{said} The picture looks like a frontal chest radiograph." if alone else said
    if reason == "unlike":
        return "This is unlike the frontal chest radiographs that the gate knows; it cannot say what it is."
    if reason == "kind" and verdict.kind.key == FRONTAL:
        sure = _share(verdict.frontal)
        return f"The gate is only {sure} sure that this is a frontal chest radiograph, too little to go on."
    return f"This seems to be {seems(verdict)}."


def hints(verdict: Verdict) -> tuple[str, ...]:
    """What the gate has to say of a picture that it lets pass."""
    return tuple(HINTS[hint] for hint in verdict.hints)


def remedy(way: Way) -> str:
    """What a button is called that lays a picture so."""
    parts = []
    if way.quarters:
        parts.append("turn it")
    if way.mirrored:
        parts.append("mirror it")
    if way.inverted:
        parts.append("invert it")
    return " and ".join(parts).capitalize()


def laid(way: Way) -> str:
    """How a picture was laid by whoever looks at it; empty where it was not."""
    return "" if way == AS_IT_IS else f"You had the picture {manner(way)}; the networks saw it so."


def manner(way: Way) -> str:
    """A way to lay a picture, in a few words; empty where it stays as it is."""
    turned = ("", "turned a quarter to the left", "turned by half", "turned a quarter to the right")
    parts = ["mirrored"] * way.mirrored + [turned[way.quarters]] * bool(way.quarters)
    return ", ".join(parts + ["inverted"] * way.inverted)


def _share(share: float) -> str:
    """Never 1.00: nothing is that sure."""
    return f"{min(share, 0.99):.2f}"
