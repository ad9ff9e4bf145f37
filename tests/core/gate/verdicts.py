"""A verdict to change in tests: an upright frontal chest radiograph that nothing speaks against."""

from typing import Any

from core.gate.kinds import KINDS, TURNS
from core.gate.verdict import Verdict


def verdict(**changes: Any) -> Verdict:
    plain: dict[str, Any] = {
        "kind": KINDS[0],
        "kind_share": 0.98,
        "frontal": 0.98,
        "turn": TURNS[0],
        "turn_share": 0.97,
        "inverted": 0.01,
        "mirrored": 0.1,
        "apex_missing": 0.1,
        "base_missing": 0.1,
        "distance": 0.6,
        "reasons": (),
        "hints": (),
    }
    return Verdict(**plain | changes)
