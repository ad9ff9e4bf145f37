"""A bundle: the folder of models that the app serves, and the manifest that vouches for it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.backbones import BACKBONES
from core.errors import BundleError
from core.findings import FINDINGS, SeverityModel, SeverityName
from core.gradcam import Pooling
from core.preprocessing import Preprocessing

FORMAT = 1
MANIFEST_FILE = "bundle.json"
REMEDY = "restore the folder from where it came, or build the bundle again"

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Precision = Literal["f32", "bf16"]
PerFinding = Annotated[list[float], Field(min_length=len(FINDINGS), max_length=len(FINDINGS))]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class BundleFile(_Entry):
    """A file of the bundle and the hash that it must have; names never lead out of the folder."""

    file: FileName
    sha256: Sha256


class BackboneFile(BundleFile):
    """One backbone's weights, where they came from, its operating point and its reference answer."""

    initialisation: Literal["scratch", "imagenet", "bundled"]
    threshold: Share = 0.5
    reference_probability: Share = 0.5


class FindingsFile(BundleFile):
    """The stand-in findings network; operating points are probabilities, reference outputs raw."""

    preprocessing: Preprocessing
    operating_points: PerFinding = [0.5] * len(FINDINGS)
    reference_logits: PerFinding = [0.0] * len(FINDINGS)

    @field_validator("operating_points")
    @classmethod
    def _inside(cls, points: list[float]) -> list[float]:
        if not all(0 < point < 1 for point in points):
            raise ValueError("operating points lie between 0 and 1")
        return points


class EnsembleFile(BundleFile):
    """The SVM, its operating point on the calibrated probability, and its reference answer."""

    threshold: Share
    reference_probability: Share


class SeverityFit(_Entry):
    """A linear model of one severity score on the stand-in's 18 raw outputs, with its error."""

    weights: PerFinding
    intercept: float
    maximum: float = Field(gt=0)
    mean_absolute_error: float = Field(ge=0)
    baseline_error: float = Field(ge=0)
    correlation: float = Field(ge=-1, le=1)
    images: int = Field(ge=1)

    def model(self, name: SeverityName) -> SeverityModel:
        """The same fit, as the analysis computes with it."""
        return SeverityModel(
            name=name,
            weights=tuple(self.weights),
            intercept=self.intercept,
            maximum=self.maximum,
            mean_absolute_error=self.mean_absolute_error,
            baseline_error=self.baseline_error,
            images=self.images,
        )


class DataSource(_Entry):
    """Where training images came from: citation, licence and how many of each class."""

    name: str
    citation: str
    licence: str
    counts: dict[str, int]


class NetworksManifest(_Entry):
    """What it takes to run the networks: all that exists of a bundle before its ensemble is fitted."""

    preprocessing: Preprocessing
    pooling: Pooling
    backbones: dict[str, BackboneFile]
    findings: FindingsFile

    @field_validator("backbones")
    @classmethod
    def _complete(cls, backbones: dict[str, BackboneFile]) -> dict[str, BackboneFile]:
        expected = {backbone.key for backbone in BACKBONES}
        if set(backbones) != expected:
            raise ValueError(f"the backbones must be exactly {', '.join(sorted(expected))}")
        return backbones

    def files(self) -> Iterator[BundleFile]:
        """Every file that the manifest vouches for."""
        yield from self.backbones.values()
        yield self.findings


class BundleManifest(NetworksManifest):
    """Everything that `bundle.json` says."""

    format: Literal[1] = FORMAT
    name: FileName
    title: str
    created: str
    description: str
    severity: dict[SeverityName, SeverityFit]
    ensemble: EnsembleFile
    predictions: BundleFile
    reference: BundleFile
    verified_precisions: list[Precision] = ["f32"]
    training: dict[str, Any]
    sources: list[DataSource]
    training_statistics: dict[str, Any]

    @field_validator("severity")
    @classmethod
    def _both(cls, severity: dict[SeverityName, SeverityFit]) -> dict[SeverityName, SeverityFit]:
        if set(severity) != {"extent", "opacity"}:
            raise ValueError("severity needs extent and opacity")
        return severity

    def files(self) -> Iterator[BundleFile]:
        """Every file that the manifest vouches for."""
        yield from super().files()
        yield from (self.ensemble, self.predictions, self.reference)


@dataclass(frozen=True)
class BundleListing:
    """One folder that claims to be a bundle: its manifest, or the problem with it."""

    folder: Path
    manifest: BundleManifest | None
    problem: str | None

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.folder.name


def list_bundles(folder: Path) -> tuple[BundleListing, ...]:
    """Finds the bundles in a folder, whole and damaged ones, by name.

    Manifests are read and files looked for; hashes are left to `verify_files`, which reads everything.
    """
    candidates = sorted(path for path in folder.glob("*") if path.is_dir() and not path.name.startswith("."))
    return tuple(_listing(candidate) for candidate in candidates)


def _listing(folder: Path) -> BundleListing:
    try:
        manifest = read_manifest(folder)
        for entry in manifest.files():
            bundle_path(folder, entry)
    except BundleError as error:
        return BundleListing(folder, None, str(error))
    return BundleListing(folder, manifest, None)


def read_manifest(folder: Path) -> BundleManifest:
    """Reads `bundle.json`.

    Raises:
        BundleError: If it is missing, not JSON, of another format, or incomplete.
    """
    try:
        text = (folder / MANIFEST_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BundleError(f"The bundle '{folder.name}' has no readable {MANIFEST_FILE}; {REMEDY}.") from None
    declared = re.search(r'"format"\s*:\s*(-?\d+)', text)
    if declared and int(declared[1]) != FORMAT:
        raise BundleError(
            f"The bundle '{folder.name}' has format {declared[1]}, and this ThoraxLens reads format {FORMAT}; "
            "use the version of ThoraxLens that built it, or build it again."
        )
    try:
        return BundleManifest.model_validate_json(text)
    except ValidationError as error:
        raise BundleError(
            f"The bundle '{folder.name}' has a damaged {MANIFEST_FILE} ({_first_problem(error)}); {REMEDY}."
        ) from None


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    return ": ".join(part for part in (".".join(map(str, problem["loc"])), problem["msg"]) if part)


def write_manifest(folder: Path, manifest: BundleManifest) -> None:
    """Writes `bundle.json`, readable by people."""
    text = manifest.model_dump_json(indent=1)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def bundle_path(folder: Path, entry: BundleFile) -> Path:
    """The path of one of the bundle's files.

    Raises:
        BundleError: If it is missing, not a plain file, or leads out of the bundle's folder.
    """
    path = folder / entry.file
    if not path.is_file():
        raise BundleError(f"The bundle '{folder.name}' lacks {entry.file}; {REMEDY}.")
    if path.resolve().parent != folder.resolve():
        raise BundleError(f"{entry.file} in the bundle '{folder.name}' leads out of its folder; {REMEDY}.")
    return path


def verify_files(folder: Path, manifest: NetworksManifest) -> None:
    """Compares every file's SHA-256 with the manifest, before anything is parsed.

    Raises:
        BundleError: Names the first file that is missing or damaged, and how.
    """
    for entry in manifest.files():
        path = bundle_path(folder, entry)
        if file_sha256(path) != entry.sha256:
            raise BundleError(f"{entry.file} in the bundle '{folder.name}' {_damage(path)}; {REMEDY}.")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damage(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    if not start:
        return "is empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, not weights"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself"
    return "is damaged or incomplete: its SHA-256 differs from the manifest's"
