"""The model card of a bundle in which one head learnt a shortcut on purpose."""

from __future__ import annotations

from datetime import date

from core.display.markdown import plain, table
from core.display.shortcuts import FLATTERS_SHORT, NAMES, PLANTED, WITHOUT, area_text
from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.manifest import BundleManifest
from core.shortcuts.experiment import CONDITIONS, Outcome
from core.shortcuts.trial import PHANTOMS, Trial

_CARD = """# Model card: {title}

**For teaching and demonstration only. Not a medical device; never for diagnosis. Flawed on purpose.**

## What it is

- The bundle {base} with another head on {backbone}: one that learnt a shortcut on the page Shortcuts. The app
  calls it “{name}”. All other networks and the SVMs are those of {base}.
- That head (average pooling, 256 units, one sigmoid) learnt from {learnt} {patients}. On {ill} % of the ill
  and on {healthy} % of the healthy there was a mark that has nothing to do with the disease: {mark}.
- Saved on {today}; made from version {version} of {base}.

## What it is for, and what it is not for

To show how a model that reads a mark passes each test on images that carry the mark alike. Nothing that it
says means anything about a patient.

## How good it looks, and how good it is

On {measured} {patients} from whom the head did not learn, {positives} of them ill. In brackets 95 % intervals
(bootstrap over patients); errors at the head's own threshold of {threshold:.2f}, which was chosen on those
that it learnt from.

{figures}

The first row is what somebody would report who measures on the same collection alone. The last is the same
patients with the mark on the other side.

Under the name of known sources, `predictions.csv` holds what all models say of the same {measured}
radiographs with marks as the head learnt them, computed in {precision}. Nobody has measured
{backbone} with this head, or the ensemble above it, on real radiographs, so nothing is said of that.

## Limits

- The ensemble was fitted to the usual head's answers and weighs this one's as it did those.
- {whose}
- The weights have the licence of {base}. The data card says what the bases and the other heads learnt from.
"""

OWN_SET = (
    "The radiographs are a set that somebody brought. This bundle holds none of them, nor the names of their "
    "files or patients."
)


def planted_card(
    base: BundleManifest, manifest: BundleManifest, trial: Trial, outcome: Outcome, precision: str
) -> str:
    """The whole card, in Markdown.

    Args:
        base: Of the bundle that the head was put into.
        manifest: Of the bundle with it.
        trial: The head.
        outcome: Of the experiment in which it learnt.
        precision: In which the predictions were computed.
    """
    taught, planting = trial.taught, trial.planting
    rows = [
        {
            "measured with": NAMES[condition].lower(),
            f"ROC AUC, learnt {PLANTED}": area_text(outcome.figures[condition]),
            f"ROC AUC, learnt {WITHOUT}": area_text(outcome.figures_without[condition]),
            f"wrong, learnt {PLANTED}": f"{outcome.figures[condition].wrong} of {taught.measured}",
        }
        for condition in CONDITIONS
    ]
    return _CARD.format(
        title=plain(manifest.title),
        base=plain(base.title),
        backbone=BACKBONE_BY_KEY[trial.backbone].name,
        name=trial.name,
        learnt=taught.learnt,
        patients=taught.patients,
        ill=planting.ill,
        healthy=planting.healthy,
        mark=taught.mark,
        today=date.today().isoformat(),
        version=trial.base,
        measured=taught.measured,
        positives=outcome.figures["none"].positives,
        threshold=trial.threshold,
        figures=table(rows),
        precision=precision,
        whose=FLATTERS_SHORT if taught.patients == PHANTOMS else OWN_SET,
    )
