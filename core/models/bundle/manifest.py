"""What `bundle.json` says, as types that refuse anything incomplete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.gate.plausibility import PlausibilityLimits
from core.models.backbones import BACKBONE_BY_KEY, Backbone
from core.models.bundle.precisions import Precisions
from core.models.ensemble import SmallerSvm
from core.models.head import Pooling
from core.models.outline import OutlineLimits
from core.models.severity import SeverityModel, SeverityName
from core.models.third_answer import ThirdAnswer
from core.preprocessing import Preprocessing
from core.vocabulary import FINDINGS, FIRST_FINDINGS

FORMAT: Literal[6] = 6  # see core.models.bundle.upgrade for what each one changed

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
UnitInterval = Annotated[float, Field(ge=0, le=1)]
PerFinding = Annotated[list[float], Field(min_length=len(FIRST_FINDINGS), max_length=len(FINDINGS))]
Initialisation = Literal["scratch", "imagenet", "bundled", "kept"]  # where a base came from


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class BundleFile(_Entry):
    """A file of the bundle and the hash that it must have; names never lead out of the folder."""

    file: FileName
    sha256: Sha256


class Taught(_Entry):
    """A shortcut that a head was taught on purpose, on the page Shortcuts.

    Attributes:
        mark: What lay on radiographs where it learnt, as words: "letters", "a border".
        ill: On how many per cent of the ill.
        healthy: On how many per cent of the healthy.
        patients: Who they were, as words: "phantoms", or "radiographs of somebody's own".
        learnt: From how many radiographs it learnt.
        measured: On how many others it was measured.
        as_learnt: ROC AUC on these with marks as it learnt them: the internal figure.
        none: The same without marks.
        flipped: The same with the shares of the ill and the healthy exchanged.
    """

    mark: str
    ill: int = Field(ge=0, le=100)
    healthy: int = Field(ge=0, le=100)
    patients: str
    learnt: int = Field(ge=2)
    measured: int = Field(ge=2)
    as_learnt: UnitInterval
    none: UnitInterval
    flipped: UnitInterval

    @property
    def words(self) -> str:
        """What goes behind a backbone's name: taught letters on 80 % of the ill."""
        shares = ((self.ill, "ill"), (self.healthy, "healthy"))
        on = " and ".join(f"{share} % of the {who}" for share, who in shares if share)
        return f"taught {self.mark} on {on or 'nobody'}"


class BackboneFile(BundleFile):
    """One backbone's weights, where they came from, its operating point and its reference answer.

    `head` holds what stands on the base, so that a new head costs kilobytes; in older bundles the base's file
    holds it, too. `ranges` are what int8 adds, where that was verified. `taught` is said of a head that
    learnt a shortcut on purpose, and stands behind the backbone's name wherever that is shown.
    """

    head: BundleFile | None = None
    ranges: BundleFile | None = None
    taught: Taught | None = None
    initialisation: Initialisation
    threshold: UnitInterval = 0.5
    reference_probability: UnitInterval = 0.5

    @property
    def parts(self) -> tuple[BundleFile, ...]:
        """The files that hold it: the base's, and the head's where that is another."""
        return (self, self.head) if self.head else (self,)


class FindingsFile(BundleFile):
    """The stand-in findings network; operating points are probabilities, reference outputs raw.

    `roc_auc` holds what it reached for each finding on phantoms from which it did not learn, `ranges` what
    int8 adds, where that was verified.
    """

    ranges: BundleFile | None = None
    preprocessing: Preprocessing
    roc_auc: dict[str, UnitInterval] = {}
    operating_points: PerFinding = [0.5] * len(FINDINGS)
    reference_logits: PerFinding = [0.0] * len(FINDINGS)

    @field_validator("operating_points")
    @classmethod
    def _inside(cls, points: list[float]) -> list[float]:
        if not all(0 < point < 1 for point in points):
            raise ValueError("operating points lie between 0 and 1")
        return points

    @property
    def names(self) -> tuple[str, ...]:
        """The findings that the network knows: it can be older than the last ones of the table."""
        return FINDINGS[: len(self.operating_points)]


class LungsFile(BundleFile):
    """The lung network, the side of its input, and how well it overlaps with masks that it has not seen.

    `phantom_dice` is on held-out phantoms; `dice` is cross-validated on so many `images` with masks drawn by
    people, None where there were none. `misregistered` masks, drawn on another frame than their radiograph,
    were left out; `dice_with_all` counts them. `outlines` says when what it finds is nonsense; None where
    nobody measured that, and then nothing is.
    """

    size_px: int = Field(ge=32, le=1024, multiple_of=16)
    phantom_dice: UnitInterval
    dice: UnitInterval | None = None
    images: int = Field(default=0, ge=0)
    misregistered: int = Field(default=0, ge=0)
    dice_with_all: UnitInterval | None = None
    outlines: OutlineLimits | None = None


class EnsembleFile(BundleFile):
    """The SVM, its operating point on the calibrated probability, and its reference answer."""

    threshold: UnitInterval
    reference_probability: UnitInterval


class SmallerSvmFile(BundleFile):
    """One of the study's two smaller SVMs, for comparison, and its operating point."""

    threshold: UnitInterval


class SeverityFit(_Entry):
    """A linear model of one severity score on the stand-in's raw outputs, with its error."""

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
    """Where images came from: citation, licence and how many of each split.

    `classes` counts them by split and label, `views` by projection where the data say so, and `population`
    says in words whose chests they show; older bundles know none of the three.
    """

    name: str
    citation: str
    licence: str
    counts: dict[str, int]
    classes: dict[str, dict[str, int]] = {}
    views: dict[str, int] = {}
    population: str = ""


class NetworksManifest(_Entry):
    """What it takes to run the networks: all that exists of a bundle before its ensemble is fitted."""

    preprocessing: Preprocessing
    pooling: Pooling
    backbones: dict[str, BackboneFile]
    findings: FindingsFile
    lungs: LungsFile | None = None

    @field_validator("backbones")
    @classmethod
    def _known(cls, backbones: dict[str, BackboneFile]) -> dict[str, BackboneFile]:
        """In the order of the table, of which a bundle may hold a part: it can be older than a row."""
        if unknown := sorted(set(backbones) - set(BACKBONE_BY_KEY)):
            raise ValueError(f"this ThoraxLens does not know the backbone {unknown[0]}")
        if not backbones:
            raise ValueError("a bundle needs a backbone")
        return {key: backbones[key] for key in BACKBONE_BY_KEY if key in backbones}

    @property
    def rows(self) -> tuple[Backbone, ...]:
        """The bundle's backbones, as rows of the table; a name says so where a head was taught a shortcut."""
        return tuple(_named(BACKBONE_BY_KEY[key], entry.taught) for key, entry in self.backbones.items())

    def files(self) -> Iterator[BundleFile]:
        """Every file that the manifest vouches for."""
        for backbone in self.backbones.values():
            yield from backbone.parts
        yield self.findings
        networks: list[BackboneFile | FindingsFile] = [*self.backbones.values(), self.findings]
        yield from (network.ranges for network in networks if network.ranges)
        if self.lungs:
            yield self.lungs


def _named(backbone: Backbone, taught: Taught | None) -> Backbone:
    return replace(backbone, name=f"{backbone.name}, {taught.words}") if taught else backbone


class BundleManifest(NetworksManifest):
    """Everything that `bundle.json` says; older bundles have neither trials nor cards.

    `third_answers` says of each model, by backbone key and "ensemble", when it may answer at which error
    rate; empty where no held-out images calibrated that. `licence` is that of the weights, which follows from
    the images that they learnt from; empty where nobody stated it. `precisions` says what faster arithmetic
    changes, None where nobody measured that: all other figures are those of float32.
    """

    format: Literal[6] = FORMAT
    name: FileName
    title: str
    created: str
    description: str
    licence: str
    severity: dict[SeverityName, SeverityFit]
    ensemble: EnsembleFile
    smaller_svms: dict[SmallerSvm, SmallerSvmFile]
    third_answers: dict[str, list[ThirdAnswer]]
    predictions: BundleFile
    reference: BundleFile
    trials: BundleFile | None = None
    model_card: BundleFile | None = None
    data_card: BundleFile | None = None
    precisions: Precisions | None = None
    training: dict[str, Any]
    sources: list[DataSource]
    training_statistics: PlausibilityLimits

    @field_validator("severity")
    @classmethod
    def _both(cls, severity: dict[SeverityName, SeverityFit]) -> dict[SeverityName, SeverityFit]:
        if set(severity) != {"extent", "opacity"}:
            raise ValueError("severity needs extent and opacity")
        return severity

    @model_validator(mode="after")
    def _one_number_a_finding(self) -> BundleManifest:
        per_finding = (self.findings.reference_logits, *(fit.weights for fit in self.severity.values()))
        if any(len(numbers) != len(self.findings.names) for numbers in per_finding):
            raise ValueError("operating points, reference outputs and severity weights differ in number")
        return self

    def source_name(self, key: str) -> str:
        """A source as people cite it, as far as its year, or as far as its first comma where there is none.

        Args:
            key: In the bundle's tables; it is its own name where the bundle does not cite it.
        """
        citation = next((each.citation for each in self.sources if each.name == key), "")
        cited = re.match(r".*?\b(?:19|20)\d\d\b", citation)
        return cited.group() if cited else citation.partition(",")[0] or key

    def files(self) -> Iterator[BundleFile]:
        """Every file that the manifest vouches for."""
        yield from super().files()
        yield from (self.ensemble, *self.smaller_svms.values(), self.predictions, self.reference)
        yield from (file for file in (self.trials, self.model_card, self.data_card) if file)
