"""The gate from pictures to a folder, on a few squares; and how it is measured."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino
import pytest
from PIL import Image

from core.errors import BundleError, DataError, WeightsError
from core.gate.kinds import FLAGS, LATERAL, OUTPUTS
from core.gate.verdict import feature_distances, gate_shares
from core.models.bundle.network_files import NetworkSource
from core.models.engine.derive import convert_gate
from core.models.engine.keras import GATE_FEATURES, build_gate, load_weights, save_weights
from core.models.gate_files import GateRow, gate_source, read_gate
from core.phantom import draw_spec, render
from core.vocabulary import PHANTOM
from train.bundle.gate import build_gate_folder
from train.config import GateConfig
from train.data.odd import read_odd_pictures
from train.fitting import gate
from train.fitting.gate import KEYS, Pictures, ask_gate, draw_way, train_gate
from train.networks.oddities import draw_oddity
from train.tools.progress import Reporter
from train.trials import gate as module
from train.trials.gate import GateTrial, draw_trials, fold_of, gather, lessons, place_of, set_limits, summed

TINY = GateConfig(size_px=32, members=1, epochs=1, images=8, batch=8)
# Keras reads its variables through an interface that numpy calls outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def write(folder: Path, rows: list[dict[str, str]]) -> Path:
    folder.mkdir()
    random = np.random.default_rng(0)
    for row in rows:
        side = int(row.pop("side", 140))
        Image.fromarray(random.integers(0, 255, (side, side), np.uint8)).save(folder / row["path"])
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    splits = ("train", "train", "val", "test")
    rows = [
        {"path": f"{i}.png", "label": "normal", "split": splits[i % 4], "source": "ab"[i // 4 % 2],
         "group": f"g{i}", "hospital": ""}
        for i in range(16)
    ]  # fmt: skip
    return write(tmp_path / "pool", rows)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    rows = [
        {"path": f"{kind}{i}.png", "kind": kind, "source": "odd"} for kind in ("hand", "ct") for i in range(6)
    ] + [{"path": "side.png", "kind": "lateral", "source": "odd"}]
    return write(
        tmp_path / "odd", [*rows, {"path": "small.png", "kind": "ct", "source": "odd", "side": "90"}]
    )


@pytest.fixture
def data(pool: Path, odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> module.GateData:
    monkeypatch.setattr(module, "PHANTOMS", 2)
    monkeypatch.setattr(module, "HELD_OUT_PHANTOMS", 2)
    monkeypatch.setattr(module, "LATERALS", 3)
    monkeypatch.setattr(module, "HELD_OUT_LATERALS", 2)
    return gather(pool, odd, tmp_path / "cache", lambda title: lambda done, total: None)


def test_a_gate_is_trained_measured_and_vouched_for(data: module.GateData, tmp_path: Path) -> None:
    said: list[str] = []
    reporter = Reporter(lambda title: lambda done, total: None, said.append)
    target = tmp_path / "gate"
    manifest = build_gate_folder(data, TINY, tmp_path / "run", target, reporter)
    assert read_gate(target) == manifest and gate_source(target).size_px == 32
    assert manifest.members == gate_source(target).members == 1
    assert len(said) == 1 + len(draw_trials(data))
    counts = {(row.what, row.how): row for row in manifest.rows}
    held_out = counts["a slice, as of computed tomography", "held out"]
    assert held_out.images == 7 and held_out.why["unreadable"] == 1 and held_out.wanted
    assert counts["a radiograph of a hand", "kind never taught"].images == 6
    assert counts["radiographs from a", "source never taught"].images == 8
    assert counts["radiographs from a", "held out"].images == 2
    assert counts["phantoms", "held out"].images == 2
    assert counts["phantoms from the side", "held out"].images == 2
    assert counts["a lateral chest radiograph", "taught by phantoms alone"].images == 1
    assert manifest.sources == {"a": 4, "b": 4, "odd": 13, "phantom": 5}
    weights = target / manifest.file
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(BundleError, match="damaged"):
        gate_source(target)


def test_a_gate_is_the_mean_of_members_that_chance_tells_apart(data: module.GateData, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    target, learnt = tmp_path / "gate.safetensors", lessons(data, GateTrial())
    train_gate(learnt, replace(TINY, members=2), target, lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {2} and max(told) == (2, 2)
    together = build_gate(TINY.size_px, members=2)
    load_weights(together, target)
    said, apart = ask_gate(together, data.held_out, TINY.size_px), []
    for member in range(2):
        alone = build_gate(TINY.size_px)
        load_weights(alone, tmp_path / f"gate.{member}.safetensors")
        apart.append(ask_gate(alone, data.held_out, TINY.size_px))
    (first, its_features), (second, other_features) = apart
    assert not np.allclose(first, second, atol=1e-3)
    assert said[0] == pytest.approx((first + second) / 2, abs=1e-4)
    assert said[1] == pytest.approx(np.hstack([its_features, other_features]), abs=1e-4)
    with pytest.raises(WeightsError, match="another network"):
        load_weights(build_gate(TINY.size_px), target)
    with pytest.raises(WeightsError, match="another network"):
        load_weights(together, tmp_path / "gate.0.safetensors")

    whole = target.read_bytes()
    train_gate(learnt, replace(TINY, members=2), target, lambda done, total: pytest.fail("taught again"))
    target.unlink()
    (tmp_path / "gate.1.safetensors").unlink()
    told.clear()
    train_gate(learnt, replace(TINY, members=2), target, lambda done, total: told.append((done, total)))
    assert target.read_bytes() == whole and min(told) == (2, 2), "the first member is taken up"


def test_the_engine_says_of_a_gate_what_keras_says(tmp_path: Path) -> None:
    gate, file = build_gate(TINY.size_px, members=2), tmp_path / "gate.safetensors"
    random = np.random.default_rng(0)
    gate.set_weights([random.normal(0, 0.1, each.shape) ** 2 for each in gate.get_weights()])
    save_weights(gate, file)
    load_weights(gate, file)  # as stored
    seen = random.random((1, TINY.size_px, TINY.size_px, 1), dtype=np.float32)
    source = NetworkSource("gate", "gate", file, "0" * 64, TINY.size_px, members=2)
    found = openvino.Core().compile_model(convert_gate(source), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(
        [seen]
    )
    expected = gate.predict_on_batch(seen)
    assert [each.shape for each in expected] == [(1, OUTPUTS), (1, 2 * GATE_FEATURES)]
    for index, values in enumerate(expected):
        assert found[index] == pytest.approx(values, rel=1e-3, abs=1e-3 * float(np.abs(values).max()))


def test_a_trial_learns_from_nothing_that_it_is_measured_on(data: module.GateData) -> None:
    for trial in draw_trials(data):
        learnt = lessons(data, trial)
        assert trial.place not in set(learnt.sources.tolist())
        without = learnt.sources != PHANTOM if trial.rendered else slice(None)
        assert trial.kind is None or KEYS.index(trial.kind) not in learnt.kinds[without]
        if trial.fold is not None:
            left = [each for each in data.odd if fold_of(each) != trial.fold]
            assert (learnt.kinds > 0).sum() == len(left) + len(data.laterals)
    rendered = lessons(data, GateTrial(LATERAL, rendered=True))
    assert (rendered.kinds == KEYS.index(LATERAL)).sum() == len(data.laterals) > 0
    folds = [sum(fold_of(each) == fold for each in data.odd) for fold in range(module.FOLDS)]
    assert sum(folds) == len(data.odd) and max(folds) < len(data.odd)
    named = [(trial.kind, trial.place) for trial in draw_trials(data) if trial.fold is None]
    assert {kind for kind, _ in named} == {"hand", "ct", "lateral"}
    assert {place for _, place in named} == {"a", "b", None}
    assert len(named) == 4  # nothing is left out twice
    assert {place_of(each) for each in data.records} == {"a", "b"}


def test_limits_refuse_their_quota_of_validation_images() -> None:
    random = np.random.default_rng(0)
    raw = random.normal(0, 2, (2000, OUTPUTS)).astype(np.float32)
    features = random.normal(0, 1, (2000, 8)).astype(np.float32)
    limits = set_limits(features, raw, features)
    assert limits.not_frontal == module.NOT_FRONTAL == 0.4
    turned = 1 - gate_shares(raw)[1][:, 0] > limits.turned
    assert turned.mean() == pytest.approx(module.QUOTAS["turned"], abs=5e-4)
    far = feature_distances(features, limits) > limits.distance
    assert far.mean() == pytest.approx(module.QUOTAS["distance"], abs=5e-4)
    assert limits.inverted >= module.MIN_SHARE and limits.distance > 1


def test_rows_of_the_same_pictures_are_summed() -> None:
    rows = [
        GateRow(what="a", how="held out", wanted=True, images=3, refused=1, why={"kind": 1}),
        GateRow(what="b", how="held out", wanted=True, images=9, refused=9),
        GateRow(what="a", how="held out", wanted=True, images=2, refused=2, why={"kind": 1, "unlike": 1}),
    ]
    first, second = summed(rows)
    assert (first.images, first.refused, first.why) == (5, 3, {"kind": 2, "unlike": 1})
    assert second == rows[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "manifest.csv").unlink(), r"no manifest\.csv"),
        (lambda folder: (folder / "manifest.csv").write_text("path\na\n"), "lacks the columns"),
        (lambda folder: (folder / "manifest.csv").write_text("path,kind\na,cat\n"), "line 2: kind must be"),
    ],
)
def test_odd_folders_that_cannot_be_used(odd: Path, change: Callable[[Path], None], message: str) -> None:
    change(odd)
    with pytest.raises(DataError, match=message):
        read_odd_pictures(odd)


def test_oddities_are_squares_of_many_kinds() -> None:
    rendered = [render(draw_spec(seed, size_px=64)).pixels for seed in range(4)]
    pictures = [np.rint(pixels * 255).astype(np.uint8) for pixels in rendered]
    squares = np.stack([np.asarray(Image.fromarray(picture).resize((64, 64))) for picture in pictures])
    drawn = [draw_oddity(squares, np.random.default_rng(seed)) for seed in range(60)]
    assert {each.shape for each in drawn} == {(64, 64)} and {each.dtype for each in drawn} == {
        np.dtype(np.uint8)
    }
    assert not any((each == square).all() for each in drawn for square in squares)
    again = draw_oddity(squares, np.random.default_rng(7))
    assert np.array_equal(again, drawn[7])


def test_what_is_seen_lies_as_the_truth_says() -> None:
    """A wedge, bright at the top and at its left: how each draw lies can be read off it, but for patches."""
    wedge = np.add.outer(np.linspace(150, 0, 64), np.linspace(105, 0, 64)).astype(np.uint8)
    pictures = Pictures(wedge[None], np.array([0]), np.array(["clinic"]))
    config = GateConfig(size_px=32, images=400, batch=400, frontal=1.0, nothing=0.0)
    seen, truth = gate._Batches(pictures, config, lambda done, total: None)[0]
    tops, lefts = [], []
    for grey, (kind, quarters, mirrored, inverted, _, _) in zip(seen[..., 0], truth, strict=True):
        assert kind == 0 and inverted in (0, 1)
        upright = np.rot90(1 - grey if inverted else grey, -quarters)
        tops.append(np.median(upright[:10]) > np.median(upright[-10:]))
        if quarters or inverted:
            assert mirrored == gate.UNKNOWN
        else:
            lefts.append((np.median(upright[:, :10]) < np.median(upright[:, -10:])) == bool(mirrored))
    assert np.mean(tops) > 0.95 and np.mean(lefts) > 0.95 and len(lefts) > 100


def test_every_way_of_lying_is_drawn() -> None:
    random = np.random.default_rng(0)
    ways = {draw_way(random) for _ in range(400)}
    assert len(ways) == 16


def test_a_trial_has_a_name_of_its_own() -> None:
    trials = [GateTrial(), GateTrial("ct"), GateTrial("ct", "nih"), GateTrial(place="nih"), GateTrial(fold=0)]
    assert [trial.name for trial in trials] == ["gate", "gate-ct", "gate-ct-nih", "gate-nih", "gate-fold0"]
    assert GateTrial("ct", rendered=True).name == "gate-ct-rendered"


def test_pictures_of_a_kind_and_phantoms_of_it_are_two_halves_to_draw_from() -> None:
    squares = np.zeros((303, 32, 32), np.uint8)
    kinds = np.full(303, KEYS.index(LATERAL))
    pictures = Pictures(squares, kinds, np.array(["clinic"] * 3 + [PHANTOM] * 300))
    cells = gate._cells(pictures)[1]
    assert [len(half) for half in cells[0]] == [3, 300] and len(cells) == 1


def test_hints_are_measured_on_pictures_that_they_are_true_of_and_on_others() -> None:
    """Cut off above, below, mirrored: each makes of a wedge that is bright above and at its left another."""
    wedge = np.add.outer(np.arange(100, 0, -1), np.arange(100, 0, -1)).astype(np.uint8)
    made = {hint: change(wedge) for hint, (_, _, change) in module.HINTED.items()}
    assert tuple(made) == tuple(flag for flag in FLAGS if flag != "inverted")
    assert made["mirrored"][0].tolist() == wedge[0, ::-1].tolist()
    assert made["apex_missing"].tolist() == wedge[30:].tolist()
    assert made["base_missing"].tolist() == wedge[:70].tolist()
