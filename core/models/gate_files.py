"""The gate as files: `gate.json`, which vouches for its weights and says how it was measured."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import BundleError
from core.gate.verdict import GateLimits
from core.models.bundle.files import REMEDY, verify_file
from core.models.bundle.manifest import BundleFile
from core.models.bundle.network_files import NetworkSource

MANIFEST_FILE, WEIGHTS_FILE = "gate.json", "gate.safetensors"


class GateRow(BaseModel):
    """How often the gate refused pictures of one kind.

    Attributes:
        what: The pictures, in words.
        how: Who judged them: "held out" (by gates that learnt others of their kind and source), "kind never
            taught", "source never taught".
        wanted: Whether they should be refused.
        images: How many there were.
        refused: How many of them were refused.
        why: How many were refused for each reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    how: str
    wanted: bool
    images: int = Field(ge=1)
    refused: int = Field(ge=0)
    why: dict[str, int] = {}


class GateManifest(BundleFile):
    """What `gate.json` says.

    Attributes:
        size_px: Side of the network's input.
        limits: From where on it refuses.
        rows: How it was measured.
        sources: Collections that it learnt from, and of how many pictures each.
        licence: Of its weights, which follows from those.
    """

    size_px: int = Field(ge=32, le=512)
    limits: GateLimits
    rows: list[GateRow]
    sources: dict[str, int]
    licence: str


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
    weights = verify_file(folder, manifest)
    return NetworkSource("gate", "gate", weights, manifest.sha256, manifest.size_px)
