"""The gate as it is asked: about a picture and its mirror image alike."""

from __future__ import annotations

import numpy as np
import pytest

from core.models.gate import Gate, load_gate
from core.phantom import draw_spec, render
from core.phantom.seeds import SEEDS
from core.project import gate_folder


@pytest.fixture(scope="module")
def gate() -> Gate:
    return load_gate(gate_folder())


@pytest.mark.parametrize("seed", SEEDS["gate_held_out"][:4])
@pytest.mark.parametrize("quarters", range(4))
def test_a_mirror_image_is_judged_as_the_picture_is(gate: Gate, seed: int, quarters: int) -> None:
    pixels = np.rot90(render(draw_spec(seed)).pixels, quarters)
    one, other = gate.look(pixels), gate.look(np.ascontiguousarray(pixels[:, ::-1]))
    assert one.kind == other.kind and one.refused == other.refused
    for share in ("kind_share", "frontal", "inverted", "apex_missing", "base_missing", "distance"):
        assert getattr(one, share) == pytest.approx(getattr(other, share), abs=2e-3)
    assert one.mirrored + other.mirrored == pytest.approx(1, abs=2e-3)
    assert one.turn.quarters == -other.turn.quarters % 4
