"""Trials on networks: planted markers of the source are found, planted shortcuts survive covered lungs."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import DataError
from core.evaluation.trials import LeftOutSources, MeasuredAuc
from core.models.backbones import BACKBONES
from core.models.inference import Networks
from core.preprocessing import Preprocessing
from core.vocabulary import FINDINGS
from train.data.records import Record
from train.outputs import Outputs, run_networks
from train.trials.held_out import classify_sources, cover_all_lungs
from train.trials.kept import LEFT_OUT, keep_left_out, read_left_out

PLANTED, HONEST = BACKBONES[0].key, BACKBONES[1].key
CHANNELS, EACH = 40, 40


def records_of(sources: tuple[str, ...], label: str = "covid") -> list[Record]:
    """So many images of each source for validation, and as many for the test."""
    return [
        Record(f"{source}/{split}/{i}.png", label, split, source, f"{source}-{split}-{i}")
        for source in sources
        for split in ("val", "test")
        for i in range(EACH)
    ]


def outputs_of(records: list[Record], pooled: dict[str, np.ndarray]) -> Outputs:
    shapes = len(pooled), len(FINDINGS), 1
    return Outputs(tuple(pooled), *(np.zeros((len(records), width)) for width in shapes), ("x",), pooled)


@pytest.fixture
def pooled() -> dict[str, np.ndarray]:
    """Noise for every backbone; in the first one's, four channels mark the source."""
    random = np.random.default_rng(3)
    features = {each.key: random.normal(size=(4 * EACH, CHANNELS)).astype(np.float32) for each in BACKBONES}
    features[PLANTED][2 * EACH :, 7:11] += 12
    return features


def test_a_planted_marker_of_the_source_is_found_and_noise_is_not(pooled: dict[str, np.ndarray]) -> None:
    records = records_of(("a", "b"))
    found = {row.model: row for row in classify_sources(records, outputs_of(records, pooled))}
    assert set(found) == {each.key for each in BACKBONES}
    planted, honest = found[PLANTED], found[HONEST]
    assert planted.label == "covid" and planted.sources == ("a", "b")
    assert planted.fitted == 2 * EACH
    assert planted.measured.images == 2 * EACH and planted.measured.positives == EACH
    assert planted.measured.roc_auc == pytest.approx(1, abs=1e-3)
    for row in (planted, honest):
        assert row.shuffled is not None and abs(row.shuffled - 0.5) < 0.1
        assert row.shuffled_low is not None and row.shuffled_low < row.shuffled
    assert honest.measured.low is not None and honest.measured.low < 0.5 < (honest.measured.high or 0)


def test_one_source_too_few_images_and_phantoms_give_no_rows(pooled: dict[str, np.ndarray]) -> None:
    alone = records_of(("a",))
    few = [*alone, *records_of(("b",))[:3]]
    rendered = [*alone, *records_of(("phantom",))]
    mixed = [*alone, *records_of(("b",), "normal")]
    for records in (alone, few, rendered, mixed):
        cut = {key: features[: len(records)] for key, features in pooled.items()}
        assert classify_sources(records, outputs_of(records, cut)) == ()


SIDE = 64
LUNGS = (slice(16, 48), slice(16, 48))  # the lung network's answer; the cover reaches a little further
CORNER = (slice(0, 6), slice(0, 6))


def network_that_reads(place: tuple[slice, slice]):
    """A backbone that is sure of COVID-19 as far as a place is bright."""

    def network(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        grey = batch[0, ..., 0] - batch[0, ..., 0].min()
        share = grey[place].mean() / max(float(grey.max()), 1e-6)
        return np.full((1, 2, 2, 3), share, np.float32), np.array([[share]], np.float32)

    return network


@pytest.fixture
def networks() -> Networks:
    """The first backbone reads a corner, all others the lungs; the findings network says nothing."""
    recipe = Preprocessing(size_px=SIDE, border_share=0, equalise=False)
    found = np.zeros((1, SIDE, SIDE, 1), np.float32)
    found[0, *LUNGS, 0] = 1
    manifest = SimpleNamespace(
        backbones=tuple(each.key for each in BACKBONES),
        rows=BACKBONES,
        preprocessing=recipe,
        findings=SimpleNamespace(preprocessing=recipe, operating_points=[0.5] * len(FINDINGS)),
        lungs=SimpleNamespace(size_px=SIDE),
    )
    places = {each.key: CORNER if each.key == PLANTED else LUNGS for each in BACKBONES}
    return Networks(
        manifest=manifest,
        backbones={key: network_that_reads(place) for key, place in places.items()},
        heads={},
        findings=lambda batch: (np.zeros((1, len(FINDINGS)), np.float32),),
        lungs=lambda batch: (found,),
        precisions={},
    )


class MeanOfBackbones:
    """In place of the SVM."""

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        return features[:, : len(BACKBONES)].mean(axis=1)


@pytest.fixture
def shortcuts(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """COVID-19 images are brighter in the lungs, and have a bright corner besides."""
    records = [
        Record(f"{i}.png", ("covid", "normal")[i % 2], "test", "clinic", f"g{i}") for i in range(12)
    ] + [
        Record("p.png", "pneumonia", "test", "clinic", "gp"),
        Record("v.png", "covid", "val", "clinic", "gv"),
    ]

    def pixels(record: Record, data: Path | None, recipe: Preprocessing) -> np.ndarray:
        random = np.random.default_rng(int(record.group[1:]) if record.group[1:].isdigit() else 99)
        grey = random.uniform(0.2, 0.4, (SIDE, SIDE)).astype(np.float32)
        grey[-4:, -4:], grey[30, 5] = 1, 0  # the same darkest and brightest in all
        if record.label == "covid":
            grey[LUNGS] += 0.3
            grey[CORNER] += 0.3
        return grey

    monkeypatch.setattr("train.outputs.read_inside", pixels)
    return records


def test_a_shortcut_outside_the_lungs_survives_covering_and_one_inside_does_not(
    networks: Networks, shortcuts: list[Record]
) -> None:
    outputs = run_networks(shortcuts, None, networks)
    rows = cover_all_lungs(shortcuts, outputs, MeanOfBackbones(), None, networks)
    found = {row.model: row for row in rows}
    assert set(found) == {*(each.key for each in BACKBONES), "ensemble"}
    for row in rows:
        assert row.split == "test" and row.visible.images == row.covered.images == 12
        assert row.visible.roc_auc == 1
    assert found[PLANTED].covered.roc_auc == 1
    assert found[HONEST].covered.roc_auc == pytest.approx(0.5)  # nothing is left: all images tie
    assert found["ensemble"].covered.roc_auc == 1


def test_without_a_lung_network_nothing_is_covered(networks: Networks, shortcuts: list[Record]) -> None:
    bare = Networks(networks.manifest, networks.backbones, {}, networks.findings, None, "f32")
    assert cover_all_lungs(shortcuts, None, MeanOfBackbones(), None, bare) == ()


def test_pooled_features_are_means_over_the_feature_map(networks: Networks, shortcuts: list[Record]) -> None:
    outputs = run_networks(shortcuts, None, networks)
    for column, backbone in enumerate(BACKBONES):
        pooled = outputs.pooled[backbone.key]
        assert pooled.shape == (len(shortcuts), 3) and pooled.dtype == np.float32
        np.testing.assert_allclose(pooled[:, 0], outputs.probabilities[:, column], rtol=1e-5)
    some = outputs.take(np.array([3, 1]))
    np.testing.assert_array_equal(some.pooled[PLANTED], outputs.pooled[PLANTED][[3, 1]])


def test_rows_of_left_out_sources_are_kept_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    measured = MeasuredAuc(images=2, positives=1, roc_auc=1.0, low=None, high=None)
    row = LeftOutSources(model=HONEST, base="frozen", covid_source="a", normal_source="b", measured=measured)
    easier = row.model_copy(update={"normal_source": None, "model": PLANTED})
    folder = tmp_path / LEFT_OUT
    keep_left_out(folder / "a.json", (easier,))
    keep_left_out(folder / "b.json", (row,))
    assert read_left_out(tmp_path) == (row, easier)
    assert read_left_out(tmp_path / "nowhere") == ()
    (folder / "b.json").write_text("[{}]")
    with pytest.raises(DataError, match=r"b\.json is damaged; delete it"):
        read_left_out(tmp_path)
