"""torchxrayvision's official weights: read without running what they pickle, and never fed to the SVM."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analysis.load import load_models
from core.analysis.run import analyse
from core.errors import WeightsError
from core.models.findings import findings_input
from core.models.official import OFFICIAL, centre_square, official_path
from core.reading.radiograph import Radiograph
from core.vocabulary import FINDINGS

pytestmark = pytest.mark.proof
xrv = importlib.import_module("core.models.engine.torchxrayvision")


@pytest.fixture(scope="module")
def network() -> Any:
    """A DenseNet with random weights whose outputs are of the size of real ones."""
    torch = importlib.import_module("torch")
    torch.manual_seed(3)
    network = xrv.build_findings_network().eval()
    network.features.norm0.running_var.fill_(1e6)
    torch.nn.init.normal_(network.classifier.weight, std=1e-3)
    return network


def save(content: Any, path: Path, modern: bool) -> Path:
    importlib.import_module("torch").save(content, path, _use_new_zipfile_serialization=modern)
    return path


class Intruder:
    """Unpickles to a command."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.witness}",)


@pytest.mark.parametrize("modern", [True, False], ids=["zip", "before PyTorch 1.6"])
def test_whole_module_is_read(network: Any, tmp_path: Path, modern: bool) -> None:
    tensors = xrv.read_official_weights(save(network, tmp_path / "official.pt", modern))
    state = network.state_dict()
    assert set(tensors) == set(state)
    for name, value in state.items():
        np.testing.assert_array_equal(tensors[name], value.numpy())
    xrv.load_findings_network(tensors)


@pytest.mark.parametrize("hidden", [True, False], ids=["inside a network", "alone"])
@pytest.mark.parametrize("modern", [True, False], ids=["zip", "before PyTorch 1.6"])
def test_commands_in_the_file_are_refused_and_not_run(tmp_path: Path, modern: bool, hidden: bool) -> None:
    intruder: Any = Intruder(tmp_path / "witness")
    if hidden:
        module = importlib.import_module("torch").nn.Linear(2, 2)
        module.extra, intruder = intruder, module
    path = save(intruder, tmp_path / "official.pt", modern)
    with pytest.raises(WeightsError, match=r"cannot be loaded safely \(it asks for posix\.system\)"):
        xrv.read_official_weights(path)
    assert not (tmp_path / "witness").exists()


@pytest.mark.parametrize("keep", [0, 100, 100_000, -1])
@pytest.mark.parametrize("modern", [True, False], ids=["zip", "before PyTorch 1.6"])
def test_damaged_file_is_refused(network: Any, tmp_path: Path, modern: bool, keep: int) -> None:
    path = save(network, tmp_path / "official.pt", modern)
    content = path.read_bytes()
    path.write_bytes(b"<html>" if keep < 0 else content[:keep])
    with pytest.raises(WeightsError, match=r"official\.pt cannot be loaded safely"):
        xrv.read_official_weights(path)


def test_another_networks_weights_are_refused(network: Any) -> None:
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    del tensors["classifier.bias"]
    with pytest.raises(WeightsError, match=r"do not fit .* at classifier\.bias"):
        xrv.load_findings_network(tensors)


def test_official_findings_are_shown_and_the_ensemble_keeps_its_own(
    network: Any,
    random_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    drawn_radiograph: Callable[[int], Radiograph],
) -> None:
    """Also shows that a cache that cannot be written is replaced by a temporary folder."""
    before = analyse(drawn_radiograph(2), load_models(random_bundle))
    official_path().parent.mkdir(parents=True)
    save(network, official_path(), modern=False)
    occupied = tmp_path / "occupied"
    occupied.write_text("a file where the cache's folder should be")
    prepare = importlib.import_module("core.analysis.load").prepare

    def prepare_elsewhere(*arguments: Any) -> Any:
        monkeypatch.setenv("THORAXLENS_CACHE", str(occupied))
        return prepare(*arguments)

    monkeypatch.setattr("core.analysis.load.prepare", prepare_elsewhere)
    steps: list[str] = []
    models = load_models(random_bundle, progress=lambda message, done: steps.append(message))
    radiograph = drawn_radiograph(2)
    analysis = analyse(radiograph, models)

    torch = importlib.import_module("torch")
    image = findings_input(centre_square(radiograph.pixels), OFFICIAL.preprocessing)
    with torch.no_grad():
        expected = network(torch.from_numpy(image)).numpy()[0]
    np.testing.assert_allclose([finding.logit for finding in analysis.findings], expected, atol=1e-4)
    assert [finding.operating_point for finding in analysis.findings] == list(OFFICIAL.operating_points)
    assert analysis.severity[0].mean_absolute_error == 1.14
    opacity = expected[FINDINGS.index("Lung Opacity")]  # Cohen et al. 2020, arXiv:2005.11856, and its code
    fits = {"extent": (0.8705248, 3.4137437, 8), "opacity": (0.5484423, 2.5535977, 6)}
    for score in analysis.severity:
        coefficient, intercept, maximum = fits.pop(score.name)
        assert score.value == pytest.approx(np.clip(coefficient * opacity + intercept, 0, maximum), abs=1e-4)
    assert not fits
    assert (
        analysis.provenance.findings_source == "official"
        and OFFICIAL.name in analysis.provenance.findings_note
    )
    assert analysis.decision.probability == pytest.approx(before.decision.probability, abs=1e-6)
    assert any("findings network" in step for step in steps)


def test_unusable_official_weights_are_mentioned_and_not_used(random_bundle: Path) -> None:
    official_path().parent.mkdir(parents=True)
    official_path().write_bytes(b"<html>")
    models = load_models(random_bundle)
    assert models.official is None and "cannot be loaded safely" in models.findings_note
