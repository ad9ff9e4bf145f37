"""The published schema: it holds for every kind of analysis, and for nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from core.analysis.changed import Changed
from core.analysis.results import Analysis
from core.analysis.run import analyse, look
from core.export.json_csv import SCHEMA, to_json
from core.gate.kinds import KIND_BY_KEY
from core.gate.way import Way
from core.models.third_answer import ERROR_RATES, rate_key
from core.project import PROJECT
from core.vocabulary import ENSEMBLE
from tests.core.gate.verdicts import verdict

PUBLISHED: dict[str, Any] = json.loads((PROJECT / "docs" / "analysis.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(PUBLISHED)


def problems(record: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(record)]


def kinds(analysis: Analysis) -> Iterator[tuple[str, Analysis]]:
    """Analyses of every kind, by name."""
    knee = verdict(
        kind=KIND_BY_KEY["knee"], frontal=0.01, reasons=("kind", "unlike"), header=("not_frontal",)
    )
    hinted = verdict(hints=("mirrored", "apex_missing"))
    rates = [rate_key(rate) for rate in ERROR_RATES]
    silent = dict(zip(rates, ("covid", "both", "neither"), strict=False)) | {rates[-1]: "normal"}
    yield "nobody asked the gate", analysis
    yield "let pass", replace(analysis, verdict=hinted, way=Way(mirrored=True, quarters=3, inverted=True))
    yield "asked all the same", replace(analysis, verdict=knee, severity=())
    yield "third answers", replace(analysis, third_answers={ENSEMBLE: silent, "vgg16": silent})
    cold = replace(analysis.readings[0], heat_peak=0.0, heatmap=np.zeros((7, 5), np.float32))
    yield "no heat", replace(analysis, readings=(cold,), findings=(), warnings=())
    unknown = tuple(replace(finding, roc_auc=None) for finding in analysis.findings)
    yield "findings that nobody measured", replace(analysis, findings=unknown)


def test_it_is_a_schema_of_the_version_that_is_exported() -> None:
    Draft202012Validator.check_schema(PUBLISHED)
    assert PUBLISHED["properties"]["schema"]["const"] == SCHEMA
    assert PUBLISHED["$id"] == f"urn:{SCHEMA.replace('-', ':').replace('/', ':')}"


def test_every_kind_of_analysis_holds_to_it(analysis: Analysis) -> None:
    found = {name: problems(json.loads(to_json(each))) for name, each in kinds(analysis)}
    assert len(found) == 6 and {name: each for name, each in found.items() if each} == {}


def test_the_changed_radiograph_may_be_there_and_nothing_else(analysis: Analysis) -> None:
    asked = [Changed("cut", {ENSEMBLE: 0.5, "vgg16": 1.0})]
    record = json.loads(to_json(analysis, asked))
    assert record["changed"] == {"cut": {ENSEMBLE: 0.5, "vgg16": 1.0}} and problems(record) == []
    record["changed"]["turned"] = {ENSEMBLE: 0.5}
    assert problems(record)


def test_what_networks_say_holds_to_it(random_models, drawn_radiograph) -> None:
    radiograph = drawn_radiograph(3)
    said = analyse(radiograph, random_models, verdict=look(radiograph, random_models))
    assert problems(json.loads(to_json(said))) == []


def places(record: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every named value of a record, of lists to those of the first entry."""
    if isinstance(record, dict):
        for key, value in record.items():
            yield (*path, key)
            yield from places(value, (*path, key))
    elif isinstance(record, list) and record:
        yield from places(record[0], (*path, 0))


def holder(record: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        record = record[step]
    return record


@pytest.mark.parametrize("change", ["left out", "renamed", "of another type"])
def test_nothing_can_change_unnoticed(analysis: Analysis, change: str) -> None:
    whole = json.loads(to_json(replace(analysis, verdict=verdict())))
    paths = list(places(whole))
    assert len(paths) > 70
    unnoticed = []
    for path in paths:
        record = copy.deepcopy(whole)
        inside = holder(record, path)
        value = inside[path[-1]]
        if change != "of another type":
            del inside[path[-1]]
        if change == "renamed":
            inside[f"{path[-1]}_"] = value
        if change == "of another type":
            inside[path[-1]] = {"neither": "of them"}
        if not problems(record):
            unnoticed.append(path)
    free = {("third_answers",)} if change == "of another type" else set()
    assert set(unnoticed) <= free
