"""In what precision a server runs: what was verified, what the processor has, and what the settings ask."""

from __future__ import annotations

import pytest

from core.analysis import arithmetic
from core.analysis.arithmetic import FLOAT32, choose_arithmetic
from core.models.bundle.precisions import Precisions
from tests.precision_records import combination

MEASURED = Precisions(
    processor="",
    trials=[],
    combinations=[combination(vgg16="bf16", resnet50="int8"), combination(vgg16="bf16")],
)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THORAXLENS_PRECISION", raising=False)


def with_processor(monkeypatch: pytest.MonkeyPatch, *precisions: str) -> None:
    monkeypatch.setattr(arithmetic, "processor_precisions", lambda: frozenset(("f32", *precisions)))


def test_the_fastest_verified_combination_serves_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with_processor(monkeypatch, "bf16", "int8")
    found = choose_arithmetic(MEASURED)
    assert found.precisions == {"vgg16": "bf16", "resnet50": "int8"}
    assert found.note == (
        "bfloat16 for VGG16, int8 for ResNet50, float32 for the rest. On validation images this flips none "
        "of the ensemble's 244 decisions, and its ROC AUC changes by 0.0003; on test images, which chose "
        "nothing, 3 of the ensemble's 244 decisions, and its ROC AUC changes by less than 0.0001. This "
        "processor has bfloat16 and int8."
    )


def test_a_processor_without_int8_gets_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with_processor(monkeypatch, "bf16")
    assert choose_arithmetic(MEASURED).precisions == {"vgg16": "bf16"}


@pytest.mark.parametrize(
    ("measured", "setting", "reason"),
    [
        (None, "", "nobody measured"),
        (MEASURED, "", "this processor has no instructions"),
        (MEASURED.model_copy(update={"combinations": []}), "", "flips decisions"),
        (MEASURED, "float32", "settings ask for it"),
        (MEASURED, "F32", "settings ask for it"),
    ],
)
def test_float32_is_left_and_says_why(
    measured: Precisions | None, setting: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_PRECISION", setting)
    with_processor(monkeypatch)
    found = choose_arithmetic(measured)
    assert found.combination is None and not found.precisions
    assert found.note.startswith("float32") and reason in found.note


def test_a_bundle_without_figures_runs_in_float32() -> None:
    assert choose_arithmetic(None) is FLOAT32
