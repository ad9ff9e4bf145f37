"""What a change does to each answer, in bars and words."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.analysis.results import Analysis
from core.analysis.what_if import Change
from core.display.bars import Bar, bars_html
from core.display.figures import PROBABILITIES
from core.display.style import colour_and_dash
from core.display.wording import counted, listed, model_name, named, opening, signed
from core.models.backbones import BACKBONE_BY_KEY
from core.vocabulary import ENSEMBLE

MUCH = 0.1  # of probability: a model that moves less hardly moves
BARS = "P(COVID-19): the dashed outline is before, the bar after; the upright mark is the threshold."
BEFORE_EQUALISING = (
    "The picture was changed before its greys were spread evenly, as if the file had come so: a change of "
    "one place "
    "moves the greys of all others a little, too. A changed picture may be unlike any that a network learnt "
    "from."
)


def change_bars(analysis: Analysis, after: Mapping[str, float]) -> str:
    """Each model's answer to the changed picture, with the one before, as HTML; the mark is its threshold.

    The outline is the answer before.

    Args:
        analysis: Of the unchanged radiograph.
        after: P(COVID-19) by model.
    """
    return bars_html(
        [_bar(key, before, after[key], threshold) for key, (before, threshold) in _answers(analysis).items()],
        PROBABILITIES,
    )


def _answers(analysis: Analysis) -> dict[str, tuple[float, float]]:
    """Probability and threshold by model."""
    said = {each.backbone.key: (each.probability, each.threshold) for each in analysis.readings}
    return said | {ENSEMBLE: (analysis.decision.probability, analysis.decision.threshold)}


def _bar(key: str, before: float, after: float, threshold: float) -> Bar:
    other = (before >= threshold) != (after >= threshold)
    now = ", flips" if other else ""
    pattern = BACKBONE_BY_KEY[key].pattern if key in BACKBONE_BY_KEY else ""
    return Bar(
        model_name(key),
        after,
        f"{before:.2f} → {after:.2f}{now}",
        colour_and_dash(key)[0],
        pattern,
        threshold,
        f"threshold {threshold:.2f}",
        before,
    )


def change_words(analysis: Analysis, after: Mapping[str, float], change: Change) -> str:
    """Who decides otherwise, who moves most and who hardly does, and what an honest model would do."""
    answers = _answers(analysis)
    moved = {key: after[key] - before for key, (before, _) in answers.items()}
    flipped = [
        named(key)
        for key, (before, threshold) in answers.items()
        if (before >= threshold) != (after[key] >= threshold)
    ]
    most = max(moved, key=lambda key: abs(moved[key]))
    still = [key for key, by in moved.items() if abs(by) < MUCH]
    if flipped:
        verb = "decides" if len(flipped) == 1 else "decide"
        head = f"**{change.name}: {listed(flipped)} {verb} otherwise.**"
    else:
        head = f"**{change.name}: no model decides otherwise.**"
    few = "no model moves"
    if still:
        few = f"{counted(len(still), 'model')} of {len(moved)} {'moves' if len(still) == 1 else 'move'}"
    head = f"{head} {opening(named(most))} moves most ({signed(moved[most])})"
    return f"{head}; {few} by less than {MUCH:g}. {change.honest}"


def png(greys: NDArray[np.uint8]) -> bytes:
    """A grey picture, (h, w), as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(greys).save(file, format="PNG")
    return file.getvalue()
