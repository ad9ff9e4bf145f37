"""The gate as files: `gate.json`, which vouches for its weights and says how it was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import BundleError
from core.gate.kinds import FLAGS, KINDS, TURNS
from core.gate.verdict import GateLimits
from core.models.bundle.files import file_sha256
from core.models.bundle.manifest import BundleFile
from core.models.bundle.network_files import NetworkSource

MANIFEST_FILE, WEIGHTS_FILE = "gate.json", "gate.safetensors"
REMEDY = "restore its folder from where it came, or train it with `python -m train gate`"
OUTPUT_NAMES = [*(kind.key for kind in KINDS), *(turn.name for turn in TURNS), *FLAGS]
How = Literal["held out", "kind never taught", "taught by phantoms alone", "source never taught"]


class GateRow(BaseModel):
    """How often the gate refused pictures of one kind.

    Attributes:
        what: The pictures, in words.
        how: "Held out" by gates that learnt others of their kind and source; or these were never taught, or
            only as phantoms.
        hint: A flag that is said and refuses nothing, if this row is about one; else empty.
        wanted: Whether they should be refused, or the flag be said.
        images: How many there were.
        refused: Of how many that happened.
        why: How many were refused for each reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    how: How
    hint: str = ""
    wanted: bool
    images: int = Field(ge=1)
    refused: int = Field(ge=0)
    why: dict[str, int] = {}


class GateManifest(BundleFile):
    """What `gate.json` says.

    Attributes:
        size_px: Side of the network's input.
        members: Of how many networks that differ by the chance of their training it is the mean.
        limits: From where on it refuses.
        rows: How it was measured.
        sources: Collections that it learnt from, and of how many pictures each.
        licence: Of its weights, which follows from those.
        configuration: How it was trained.
        outputs: Names of its network's outputs; others are another gate's.
    """

    size_px: int = Field(ge=32, le=512)
    members: int = Field(default=1, ge=1, le=16)
    limits: GateLimits
    rows: list[GateRow]
    sources: dict[str, int]
    licence: str
    configuration: dict[str, Any]
    outputs: list[str]
    format: Literal[1] = 1

    @field_validator("outputs")
    @classmethod
    def _known(cls, outputs: list[str]) -> list[str]:
        if outputs != OUTPUT_NAMES:
            raise ValueError("its kinds are others than those that this ThoraxLens knows")
        return outputs


def read_gate(folder: Path) -> GateManifest:
    """Reads `gate.json`.

    Raises:
        BundleError: If it is missing or damaged.
    """
    file = folder / MANIFEST_FILE
    try:
        return GateManifest.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise BundleError(f"The gate has no readable {file}; {REMEDY}.") from None
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        raise BundleError(f"The gate has a damaged {file} ({problem}); {REMEDY}.") from None


def gate_source(folder: Path) -> NetworkSource:
    """The gate's network, as a file to be derived.

    Raises:
        BundleError: If a file of the gate is missing or damaged.
    """
    manifest = read_gate(folder)
    weights = folder / WEIGHTS_FILE
    if not weights.is_file() or file_sha256(weights) != manifest.sha256:
        raise BundleError(f"The gate's weights {weights} are missing or damaged; {REMEDY}.")
    return NetworkSource("gate", "gate", weights, manifest.sha256, manifest.size_px, members=manifest.members)
