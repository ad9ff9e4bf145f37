"""Framing as a trial: what is done to the images, which are asked about, and what is recorded."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.evaluation.trials import MoveInterval
from core.models.ensemble import Ensemble, PlattSigmoid
from core.vocabulary import PHANTOM
from train.data.records import Record
from train.outputs import Outputs
from train.trials import framing
from train.trials.framing import CHANGES, measure_framing

PICTURE = np.add.outer(np.linspace(0, 0.6, 120), 0.2 + 0.2 * np.sin(np.arange(80) / 2)).astype(np.float32)


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_changes_what_it_says(name: str) -> None:
    changed = CHANGES[name](PICTURE)
    assert changed.dtype == np.float32 and changed.min() >= 0 and changed.max() <= 1
    expected = {
        "10 % cut off": (108, 72),
        "20 % cut off": (96, 64),
        "30 % cut off": (84, 56),
        "20 % cut off above and left": (96, 64),
        "20 % cut off below and right": (96, 64),
        "half the size": (60, 40),
        "1.2 times as wide": (120, 96),
    }
    assert changed.shape == expected.get(name, PICTURE.shape)
    steps = [np.abs(np.diff(each, axis=1)).mean() for each in (PICTURE, changed)]
    if name == "sharpened":
        assert steps[1] > 1.1 * steps[0]
    elif name == "blurred":
        assert steps[1] < 0.9 * steps[0]
    elif "cut off above" in name:
        assert (changed == PICTURE[24:, 16:]).all()
    elif "cut off below" in name:
        assert (changed == PICTURE[:96, :64]).all()
    elif "cut off" in name:
        assert (changed == PICTURE[(120 - len(changed)) // 2 :][: len(changed)][:, (80 - changed.shape[1]) // 2 :][:, : changed.shape[1]]).all()  # fmt: skip # noqa: E501


def records() -> list[Record]:
    cells = [("covid", "a", "test")] * 3 + [("covid", "b", "test")] * 60 + [("normal", "x", "test")] * 5
    cells += [("normal", PHANTOM, "test")] * 4 + [("covid", "a", "val"), ("pneumonia", "x", "test")]
    return [
        Record(f"{row}.png", label, split, source, f"g{row}")
        for row, (label, source, split) in enumerate(cells)
    ]


def outputs(answers: np.ndarray) -> Outputs:
    count = len(answers)
    return Outputs(
        ("vgg16",), answers[:, None], np.zeros((count, 18)), np.zeros((count, 1)), ("contrast",), {}
    )


def test_every_source_has_its_turn_and_what_moved_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    listed, asked = records(), []

    def run(chosen, data, networks, progress, change):
        asked.append((len(chosen), {each.source for each in chosen}))
        return outputs(np.full(len(chosen), 0.8))

    findings = SimpleNamespace(operating_points=[0.5] * 18)
    bundle = SimpleNamespace(manifest=SimpleNamespace(findings=findings))
    monkeypatch.setattr(framing, "run_networks", run)
    svm = Ensemble(("vgg16",), np.zeros(19), np.ones(19), np.eye(19)[0], 0.0, PlattSigmoid(1.0, 0.0), 0.5)
    found = measure_framing(
        listed, outputs(np.full(len(listed), 0.2)), (svm, {"vgg16": 0.5, "ensemble": 0.6}), None, bundle, 40
    )
    assert asked == [(45, {"a", "b", "x"})] * len(CHANGES)
    assert len(found) == len(CHANGES) * 2 * 2
    row = next(each for each in found if (each.model, each.label) == ("vgg16", "normal"))
    assert (row.images, row.mean_before, row.mean_after) == (5, pytest.approx(0.2), pytest.approx(0.8))
    assert (row.called_before, row.called_after) == (0, 1)
    assert {each.images for each in found if each.label == "covid"} == {40}


def test_a_move_has_an_interval_over_patients_where_the_draws_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two patients, of whom one moves across the threshold and has three of four images."""
    listed = [Record(f"{row}.png", "normal", "test", "x", "b" if row else "a") for row in range(4)]

    def run(chosen, data, networks, progress, change):
        return outputs(np.array([0.8 if each.group == "b" else 0.2 for each in chosen]))

    findings = SimpleNamespace(operating_points=[0.5] * 18)
    bundle = SimpleNamespace(manifest=SimpleNamespace(findings=findings))
    monkeypatch.setattr(framing, "run_networks", run)
    svm = Ensemble(("vgg16",), np.zeros(19), np.ones(19), np.zeros(19), 0.0, PlattSigmoid(1.0, 0.0), 0.6)
    thresholds = {"vgg16": 0.5, "ensemble": 0.6}
    found = measure_framing(listed, outputs(np.full(4, 0.2)), (svm, thresholds), None, bundle, 40)
    moving, still = found[:2]
    assert (moving.mean_move, moving.called_move) == (pytest.approx(0.45), 0.75)
    assert moving.called_move_interval == MoveInterval(low=0.0, high=1.0)
    assert moving.mean_move_interval and moving.mean_move_interval.high == pytest.approx(0.6)
    assert still.mean_move_interval is still.called_move_interval is None
