"""What a network finds alike, in words and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from core.analysis.maps import reading_of
from core.analysis.results import Analysis
from core.analysis.similar import Near
from core.display.wording import counted, decision_at_threshold, listed, model_name, named
from core.vocabulary import ENSEMBLE, finding_name

PHANTOM_LABELS = {
    "normal": "no disease",
    "covid": "COVID-19-like",
    "pneumonia": "other pneumonia",
    "findings": "another finding",
}
ASKED = (
    "What does the network think is alike? Phantoms with and without disease are rendered once, and each "
    "network is shown them; those whose features lie nearest to this radiograph's then stand here, with "
    "what they truly show. Of all that are rendered a third are COVID-19-like and a third have another "
    "finding, a sixth have other pneumonia and a sixth no disease: chance alone would show as much."
)
CAVEAT = (
    "Near means that a network's head sees much the same numbers, the mean of each channel over the "
    "picture: body, breath and exposure count as well as disease. For a radiograph from a hospital all "
    "phantoms are far away, and the nearest of them says little. A similarity is a cosine: hold it against "
    "that of any two phantoms to the same network; those of two networks cannot be compared."
)


TOGETHER = (
    "The ensemble sees no picture, only five probabilities and 18 findings: alike to it is what is so to "
    "its backbones. Each ranks all cases, and the mean of the five ranks counts (1 is the nearest), because "
    "their cosines have no common unit."
)


def similar_words(near: Sequence[Near], model: str, analysis: Analysis) -> str:
    """What the nearest cases show, beside what the network answers."""
    counts = Counter(each.case.label for each in near)
    said = listed([f"{count} × {label or 'nothing known'}" for label, count in counts.most_common()])
    given = analysis.decision if model == ENSEMBLE else reading_of(analysis, model)
    return (
        f"**Of the {counted(len(near), 'phantom')} most alike to {named(model)}: {said}.** It answers "
        f"{given.probability:.2f} and {decision_at_threshold(given)}."
    )


def similar_table(near: Mapping[str, Sequence[Near]], usual: Mapping[str, float]) -> list[dict[str, str]]:
    """A row a model: what its nearest phantoms show, and how near they are.

    Args:
        near: By the key of a backbone, or the ensemble's.
        usual: The mean similarity of any two phantoms to each backbone; the ensemble has ranks instead.
    """
    labels = list(PHANTOM_LABELS.values())
    return [
        {
            "Network": model_name(model),
            **{label: str(sum(each.case.label == label for each in cases)) for label in labels},
            "Most similar": nearness(cases[0], model),
            "Least similar": nearness(cases[-1], model),
            "Any two phantoms": f"{usual[model]:.3f}" if model in usual else "",
        }
        for model, cases in near.items()
    ]


def nearness(near: Near, model: str) -> str:
    """How near a case is: its cosine, or of the ensemble its mean rank."""
    return f"mean rank {near.rank:.1f}" if model == ENSEMBLE else f"{near.similarity:.3f}"


def caption(near: Near, model: str) -> str:
    """Below a picture: what it shows and how near it is."""
    recipe = near.case.recipe
    found = ", ".join(finding_name(name).lower() for name, _ in recipe.findings) if recipe else ""
    return f"{found or near.case.label or 'no label'}, {nearness(near, model)}"
