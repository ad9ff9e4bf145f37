"""Recipes: what a seed shows does not depend on what else could be shown."""

import pytest

from core.phantom import PhantomSpec, spec
from core.phantom.spec import chosen_findings, draw_later_findings, lesion_stream, streams
from core.vocabulary import FINDINGS
from train.fitting import findings as training

NEW = "Foreign Body"  # stands for a finding that somebody adds to the table


def drawn(seeds: range) -> list[dict[str, float]]:
    return [chosen_findings(PhantomSpec(seed, label="findings"), streams(seed)["lesions"]) for seed in seeds]


def first_numbers(names: tuple[str, ...]) -> dict[str, float]:
    return {name: float(lesion_stream(7, name).random()) for name in names}


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spec, "FINDINGS", (*FINDINGS, NEW))
    monkeypatch.setattr(training, "FINDINGS", (*FINDINGS, NEW))


def test_a_finding_more_leaves_what_the_others_show_and_how(request: pytest.FixtureRequest) -> None:
    names, seeds = (*FINDINGS, "covid"), range(300)
    before, crowds, lesions = (
        drawn(seeds),
        [training.draw_crowd(seed) for seed in seeds],
        first_numbers(names),
    )
    assert draw_later_findings(5) == {}

    request.getfixturevalue("one_more")
    after = drawn(seeds)
    shown = sum(NEW in each for each in after)
    assert 10 < shown < 50  # about as often as each of the others: 26 of 300
    assert [{name: each[name] for name in each if name != NEW} for each in after] == before
    assert [tuple(pair for pair in training.draw_crowd(seed) if pair[0] != NEW) for seed in seeds] == crowds
    assert first_numbers(names) == lesions


def test_every_finding_and_the_disease_has_a_stream_of_its_own(one_more: None) -> None:
    names = (*FINDINGS, NEW, "covid")
    assert len(set(first_numbers(names).values())) == len(names)
