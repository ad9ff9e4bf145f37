"""What a network finds alike, in words and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from core.analysis.results import Analysis
from core.analysis.similar import Near
from core.display.wording import counted, decision_at_threshold, listed, model_name
from core.vocabulary import finding_name

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
    "phantoms are far away, and the nearest of them says little; similarities of two networks cannot be "
    "compared."
)


def similar_words(near: Sequence[Near], model: str, analysis: Analysis) -> str:
    """What the nearest cases show, beside what the network answers."""
    counts = Counter(each.case.label for each in near)
    said = listed([f"{count} × {label or 'nothing known'}" for label, count in counts.most_common()])
    reading = next(each for each in analysis.readings if each.backbone.key == model)
    return (
        f"**Of the {counted(len(near), 'phantom')} most alike to {model_name(model)}: {said}.** It answers "
        f"{reading.probability:.2f} and {decision_at_threshold(reading)}."
    )


def similar_table(near: Mapping[str, Sequence[Near]]) -> list[dict[str, str]]:
    """A row a network: what its nearest phantoms show, and how near they are."""
    labels = list(PHANTOM_LABELS.values())
    return [
        {
            "Network": model_name(model),
            **{label: str(sum(each.case.label == label for each in cases)) for label in labels},
            "Most similar": f"{cases[0].similarity:.3f}",
            "Least similar": f"{cases[-1].similarity:.3f}",
        }
        for model, cases in near.items()
    ]


def caption(near: Near) -> str:
    """Below a picture: what it shows and how near it is."""
    recipe = near.case.recipe
    found = ", ".join(finding_name(name).lower() for name, _ in recipe.findings) if recipe else ""
    return f"{found or near.case.label or 'no label'}, {near.similarity:.3f}"
