"""Which models are compared, on which images, at which operating point."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.errors import DataError
from core.evaluation.comparison import OTHERS, Answers, Question, ask, enter, inputs
from core.evaluation.metrics import roc_auc, youden_threshold
from core.evaluation.mistakes import decided_images, find_file, find_mistakes, sureness
from core.evaluation.predictions import Predictions
from core.models.backbones import BACKBONES
from core.models.ensemble import FEATURES, Ensemble
from core.vocabulary import FINDINGS
from train.fitting.smaller_svms import fit_smaller_svms

POINTS = [0.5] * len(FINDINGS)
KEYS = [each.key for each in BACKBONES]
ALONE = len(BACKBONES)  # columns of backbones, before the ensemble's


def test_every_model_enters(table: Predictions, svms: dict[str, Ensemble]) -> None:
    entrants, missing = enter(table, POINTS, svms)
    assert [each.key for each in entrants] == [*KEYS, *OTHERS] and missing == ""
    assert [each.name for each in entrants][:ALONE] == [each.name for each in BACKBONES]


def test_baselines_by_hand(answers: Answers, table: Predictions) -> None:
    scores = dict(zip([each.key for each in answers.entrants], answers.scores.T, strict=True))
    alone = table.scores[answers.rows, :ALONE]
    assert scores["mean"] == pytest.approx(alone.mean(axis=1))
    assert scores["vote"] == pytest.approx((alone >= 0.5).sum(axis=1) / ALONE)
    assert scores["ensemble"] == pytest.approx(table.scores[answers.rows, ALONE])
    validation = (table.split == "val") & (table.label != "pneumonia")
    truth = table.label[validation] == "covid"
    best = max(range(ALONE), key=lambda column: roc_auc(truth, table.scores[validation, column]))
    (single,) = [each for each in answers.entrants if each.key == "best"]
    assert single.same_as == KEYS[best] and BACKBONES[best].name in single.name
    assert scores["best"] == pytest.approx(alone[:, best])
    (mean,) = [each for each in answers.entrants if each.key == "mean"]
    assert mean.threshold == youden_threshold(truth, table.scores[validation, :ALONE].mean(axis=1))


def test_the_small_svms_see_their_inputs_alone(table: Predictions) -> None:
    """And no image but validation ones: what the others say changes nothing."""
    fits = fit_smaller_svms(table, POINTS)
    svms = {key: each.svm for key, each in fits.items()}
    entrants = {each.key: each for each in enter(table, POINTS, svms)[0]}
    other = replace(table, findings=np.zeros_like(table.findings))
    first, second = (entrants["svm_probabilities"].score(each) for each in (table, other))
    assert first == pytest.approx(second) and roc_auc(table.label == "covid", first) > 0.9
    assert len(set(entrants["svm_findings"].score(other))) == 1
    scrambled = table.scores.copy()
    scrambled[table.split != "val"] = 0.5
    again = fit_smaller_svms(replace(table, scores=scrambled), POINTS)["svm_probabilities"].svm
    assert again.weights == pytest.approx(svms["svm_probabilities"].weights)
    assert again.threshold == entrants["svm_probabilities"].threshold


def test_inputs_are_the_ensembles(table: Predictions) -> None:
    found = inputs(table, POINTS)
    assert found.shape == (180, len(FEATURES)) and (found[:, :ALONE] == table.scores[:, :ALONE]).all()
    assert found[:, ALONE:] == pytest.approx(1 / (1 + np.exp(-table.findings)))


def test_without_validation_images_the_rest_is_compared(
    drawn_predictions: Callable[..., Predictions],
) -> None:
    table = drawn_predictions(splits=("test",))
    assert fit_smaller_svms(table, POINTS) == {}
    entrants, missing = enter(table, POINTS, {})
    assert [each.key for each in entrants] == [*KEYS, "ensemble"]
    assert "validation images" in missing


def test_an_older_bundle_lacks_the_smaller_svms_and_says_so(table: Predictions) -> None:
    entrants, missing = enter(table, POINTS, {})
    assert [each.key for each in entrants] == [*KEYS, "ensemble", "mean", "vote", "best"]
    assert "python -m train upgrade" in missing


def test_a_question_chooses_images_and_operating_points(
    table: Predictions, svms: dict[str, Ensemble]
) -> None:
    entrants, _ = enter(table, POINTS, svms)
    asked = ask(Question("test", ("covid-0", "normal-1"), threshold=0.3), table, entrants)
    assert set(table.split[asked.rows]) == {"test"}
    assert set(table.source[asked.rows]) == {"covid-0", "normal-1"}
    assert (asked.thresholds == 0.3).all() and (asked.called == (asked.scores >= 0.3)).all()
    assert (asked.labels == (table.label[asked.rows] == "covid")).all()
    own = ask(Question(None), table, entrants)
    assert own.labels.size == 150 and own.thresholds[ALONE] == 0.4
    other = ask(Question("test", negatives="pneumonia"), table, entrants)
    assert set(table.label[other.rows]) == {"covid", "pneumonia"}
    assert ask(Question("test", negatives="both"), table, entrants).labels.size == 60
    more = replace(table, label=np.where(table.label == "pneumonia", "other", table.label))
    assert set(more.label[ask(Question("test", negatives="other"), more, entrants).rows]) == {
        "covid",
        "other",
    }
    assert ask(Question("test", negatives="all"), more, entrants).labels.size == 60


def test_a_question_about_nothing_is_refused(table: Predictions) -> None:
    with pytest.raises(DataError, match="choose another"):
        ask(Question("seed_test"), table, enter(table, POINTS, {})[0])


def test_mistakes_are_wrong_and_the_surest_come_first(answers: Answers, table: Predictions) -> None:
    places = find_mistakes(answers, "vgg16")
    wrong = answers.called[:, 0] != (answers.labels == 1)
    assert sorted(places) == np.flatnonzero(wrong).tolist() and len(places) > 3
    found = decided_images(table, answers, "vgg16", places[:3])
    for place, each in zip(places[:3], found, strict=True):
        assert not each.is_right and 1 <= each.wrong <= each.backbones == ALONE
        assert each.path == table.path[answers.rows[place]] and each.score == answers.scores[place, 0]
    distances = [abs(each.score - 0.5) for each in found]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] == pytest.approx((wrong * np.abs(answers.scores[:, 0] - 0.5)).max())
    (right,) = decided_images(table, answers, "vgg16", [int(np.flatnonzero(~wrong)[0])])
    assert right.is_right


def test_sureness_counts_the_room_on_each_side(answers: Answers) -> None:
    """0.5 against an operating point of 0.9 is surer than 0.95."""
    assert sureness(np.array([0.95, 0.5, 1.0, 0.0]), 0.9) == pytest.approx([0.5, 4 / 9, 1, 1])
    models = len(answers.entrants)
    scores = np.tile([[0.95], [0.5]], (30, 1)).repeat(models, axis=1)
    odd = replace(answers, scores=scores[: answers.labels.size], thresholds=np.full(models, 0.9))
    odd = replace(odd, labels=(odd.scores[:, 0] < 0.9).astype(int))
    first, *_, last = find_mistakes(odd, "vgg16")
    assert (odd.scores[first, 0], odd.scores[last, 0]) == (0.95, 0.5)


def test_a_file_outside_the_folder_is_never_read(tmp_path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "in.png").write_bytes(b"in")
    (tmp_path / "out.png").write_bytes(b"out")
    assert find_file(folder, "in.png") == b"in"
    assert find_file(folder, "gone.png") is None
    for path in ("../out.png", str(tmp_path / "out.png")):
        with pytest.raises(DataError, match="outside"):
            find_file(folder, path)
