"""What the bundle that ships says of faster arithmetic, against the same networks in float32."""

from __future__ import annotations

import pytest

from core.analysis.load import Models, load_models
from core.models.engine.openvino import processor_precisions
from core.models.findings import op_norm, sigmoid
from core.models.inference import RawOutputs, raw_outputs
from core.phantom.samples import list_samples
from core.project import PROJECT, SHIPPED
from core.reading.radiograph import read_radiograph

pytestmark = pytest.mark.proof
SAMPLES = [each.path for each in list_samples() if each.key != "lateral"]  # no network was measured on such
LEEWAY = 1.5  # the samples are phantoms, and few of the images on which the bounds were measured are


@pytest.fixture(scope="module")
def both() -> tuple[Models, Models]:
    """As it serves here, and in float32."""
    folder = PROJECT / "assets" / "bundles" / SHIPPED
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("THORAXLENS_PRECISION", raising=False)
        served = load_models(folder)
        patch.setenv("THORAXLENS_PRECISION", "f32")
        return served, load_models(folder)


def test_the_shipped_bundle_serves_what_this_processor_has_of_what_was_verified(
    both: tuple[Models, Models],
) -> None:
    served, exact = both
    precisions = served.manifest.precisions
    assert precisions, "measure it with `python -m train precisions`"
    assert served.arithmetic.combination == precisions.best(processor_precisions())
    assert set(exact.networks.precisions.values()) == {"f32"}


def test_answers_to_the_samples_stay_within_the_recorded_changes(both: tuple[Models, Models]) -> None:
    served, _ = both
    combination, precisions = served.arithmetic.combination, served.manifest.precisions
    if not combination or not precisions:
        pytest.skip("this processor computes in float32 alone")
    bounds = {
        key: max(each.largest_change for each in trial.splits.values())
        for key, precision in combination.precisions.items()
        if (trial := precisions.trial(key, precision))
    }
    for sample in SAMPLES:
        pixels = read_radiograph(sample.read_bytes(), sample.name).pixels
        answers = [raw_outputs(pixels, each.networks) for each in both]
        moved = {
            key: abs(answers[0].probabilities[key] - each) for key, each in answers[1].probabilities.items()
        }
        moved["findings"] = findings_moved(served, *answers)
        for key, by in moved.items():
            assert by <= LEEWAY * bounds.get(key, 1e-6), (sample.name, key, by)


def findings_moved(models: Models, *answers: RawOutputs) -> float:
    points = models.manifest.findings.operating_points
    first, second = (op_norm(sigmoid(each.logits), points) for each in answers)
    return float(abs(first - second).max())
