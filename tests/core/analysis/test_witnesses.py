"""Who answers about changed pictures: the ensemble says of the unchanged one what the analysis says."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.load import Models
from core.analysis.maps import closed_map, seen_by_backbones
from core.analysis.run import analyse
from core.analysis.witnesses import ensemble_witness
from core.explain.explainers import EXPLAINERS, scaled
from core.reading.radiograph import Radiograph
from core.vocabulary import ENSEMBLE


@pytest.mark.parametrize("covid", [True, False])
def test_the_ensemble_answers_and_looks_as_it_does_in_the_analysis(
    random_models: Models, covid: bool
) -> None:
    pixels = np.random.default_rng(3).random((150, 120), dtype=np.float32)
    radiograph = Radiograph("any.png", pixels, (), "PNG", None, {})
    analysis = analyse(radiograph, random_models)
    seen = seen_by_backbones(radiograph, random_models, analysis)
    turns: list[int] = []
    witness = ensemble_witness(seen, random_models, lambda work: (turns.append(1), work())[1], covid=covid)
    said = analysis.decision.probability if covid else 1 - analysis.decision.probability
    assert witness.probability(seen) == pytest.approx(said, abs=1e-5)
    maps = witness.maps(seen)
    assert len(turns) == 2 and {*maps} == {each.key for each in EXPLAINERS}
    for each in EXPLAINERS:
        whole = closed_map(analysis, ENSEMBLE, each, covid=covid)
        assert scaled(maps[each.key])[0] == pytest.approx(whole, abs=0.02)
