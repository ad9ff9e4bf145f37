"""Similar cases: the nearest comes first, a case is nearest to itself, and labels are even."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.analysis import similar
from core.analysis.load import Models
from core.analysis.run import analyse
from core.display.similar import PHANTOM_LABELS, caption, similar_table, similar_words
from core.phantom.truth import eight_bits
from core.reading.radiograph import Radiograph
from core.vocabulary import ENSEMBLE


def test_the_phantoms_have_as_many_of_each_label() -> None:
    counts = Counter(each.label for each in similar.recipes())
    assert {*counts} == {*PHANTOM_LABELS} and len(similar.recipes()) == similar.COUNT
    assert counts["covid"] == counts["findings"] == 2 * counts["normal"] == 2 * counts["pneumonia"]


def test_a_case_is_nearest_to_itself(random_models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "COUNT", 7)
    *_, last = similar.gather(random_models, PHANTOM_LABELS, lambda work: work())
    assert last.done == last.total == 7 == len(last.neighbours)
    second = similar.recipes()[1]
    pixels = eight_bits(second.render(similar.SIZE_PX)).astype(np.float32) / np.float32(255)
    analysis = analyse(Radiograph("again.png", pixels, (), "PNG", None, {}), random_models)
    for model, vector in similar.vectors_of(analysis).items():
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)
        near = similar.nearest(similar.vectors_of(analysis), last.neighbours, model)
        assert near[0].case.recipe == second and near[0].similarity == pytest.approx(1, abs=0.01)
        assert [each.similarity for each in near] == sorted((each.similarity for each in near), reverse=True)
        assert len(near) == similar.NEAREST
        said = similar_words(near, model, analysis)
        assert "Of the 6 phantoms most alike" in said and "COVID-19-like" in said
        assert caption(near[0], model).startswith("COVID-19-like, 1.0")
    everybody = similar.nearest(similar.vectors_of(analysis), last.neighbours, ENSEMBLE)
    assert everybody[0].case.recipe == second and everybody[0].rank == 1
    assert caption(everybody[0], ENSEMBLE).endswith("mean rank 1.0")
    assert "most alike to the ensemble" in similar_words(everybody, ENSEMBLE, analysis)
    assert similar.nearest(similar.vectors_of(analysis), (), ENSEMBLE) == ()
    row = similar_table({model: near}, {model: similar.usual_similarity(last.neighbours, model)})[0]
    assert row["Any two phantoms"] <= row["Most similar"]
    assert sum(int(row[label]) for label in PHANTOM_LABELS.values()) == similar.NEAREST
