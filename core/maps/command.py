"""Where a network looked on one radiograph: `python -m core.maps IMAGE --method KEY --out FILE`.

FILE ends in .png for the heat over the radiograph, in .npy for the map as float32, scaled to its peak, or in
.csv for a row a place; give --out several times for several. The methods are those of the page Explain. It
ends with 0, or with 1 where there is no map, saying why.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from core.analysis import maps
from core.analysis.results import Analysis
from core.display.explain import CLASS_NAMES
from core.display.overlay import small_greys, with_heat
from core.display.wording import named
from core.errors import BundleError, NotAskedError, RadiographError, ThoraxLensError
from core.explain.explainers import EXPLAINER_BY_KEY, METHOD_BY_KEY, QUESTIONER_BY_KEY
from core.explain.gradient_process import GRADIENT
from core.explain.gradients_on_demand import GradientsOnDemand
from core.explain.method import Map, Step
from core.explain.packed import pack, unpack
from core.gate.sentences import refusal
from core.margins import Box, share_of
from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.files import list_bundles
from core.project import SHIPPED, bundles_folder
from core.reading.radiograph import Radiograph
from core.service import Case, File, Loaded, Reading, Service
from core.vocabulary import ENSEMBLE
from core.whole_file import replacing

FAILED = 1
LONGEST_PX = 1024  # of the picture

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Found:
    """A map, and what it lies over.

    Attributes:
        heat: (rows, columns), in [0, 1].
        case: The radiograph.
        analysis: What the models say of it.
    """

    heat: Map
    case: Case
    analysis: Analysis


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        for out in options.out:
            if out.suffix.lower() not in WRITERS:
                raise RadiographError(f"{out} ends in none of {', '.join(WRITERS)}; name it so that it does.")
        found = find_map(options, _tell)
        for out in options.out:
            with replacing(out) as partial_file:
                partial_file.write_bytes(WRITERS[out.suffix.lower()](found))
    except ThoraxLensError as error:
        _tell(str(error))
        return FAILED
    sys.stdout.write(f"{_said(options, found)}\n")
    return 0


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _parser() -> argparse.ArgumentParser:
    what, _, details = str(__doc__).partition("\n\n")
    known = "; ".join(f"{each.key}: {each.name}" for each in METHOD_BY_KEY.values())
    parser = argparse.ArgumentParser(
        prog="python -m core.maps", description=what, epilog=f"{details} {known}."
    )
    parser.add_argument("image", metavar="IMAGE", type=Path, help="a radiograph, of any type the app reads")
    parser.add_argument("--out", type=Path, action="append", required=True, help=", ".join(WRITERS))
    parser.add_argument(
        "--method", choices=tuple(METHOD_BY_KEY), default="gradcam", help="default: %(default)s"
    )
    parser.add_argument(
        "--backbone",
        choices=(*BACKBONE_BY_KEY, ENSEMBLE),
        default=ENSEMBLE,
        help="the network, or the ensemble, each of whose backbones counts by what it added",
    )
    parser.add_argument("--towards", choices=("covid", "normal"), default="covid", help="the class")
    parser.add_argument("--bundle", metavar="NAME", default=SHIPPED, help="default: %(default)s")
    parser.add_argument("--ask-all", action="store_true", help="ask the networks where the gate refuses, too")
    return parser


def find_map(options: argparse.Namespace, say: Say) -> Found:
    """Reads the radiograph, asks the networks, and makes the map.

    Args:
        options: Of the command.
        say: Told how far it is.

    Raises:
        ThoraxLensError: If the file cannot be read, the gate refuses it, or the bundle or a network fails.
    """
    folder = _folder(options.bundle)
    try:
        file = File(options.image.read_bytes(), options.image.name)
    except OSError as error:
        raise RadiographError(f"{options.image} cannot be read ({error.strerror}).") from None
    service, reading = Service(at_once=1), Reading(insist=options.ask_all)
    loaded = service.load(folder, lambda text, _: say(text))
    case = service.read(file, loaded, say, reading)
    if case.analysis is None:
        raise NotAskedError(f"{refusal(case.verdict)} To ask all the same, add --ask-all.")
    if options.backbone not in (ENSEMBLE, *(row.key for row in loaded.models.manifest.rows)):
        raise BundleError(f"The bundle '{options.bundle}' has no {named(options.backbone)}; choose another.")
    heat = _heat(options, case.analysis, loaded, partial(service.read_again, file, reading), folder, say)
    return Found(heat, case, case.analysis)


def _folder(name: str) -> Path:
    found = {each.name: each.folder for each in list_bundles(bundles_folder())}
    if name not in found:
        raise BundleError(f"There is no bundle '{name}'; choose from {', '.join(found) or 'none'}.")
    return found[name].resolve()


def _heat(
    options: argparse.Namespace,
    analysis: Analysis,
    loaded: Loaded,
    pixels: Callable[[], Radiograph],
    folder: Path,
    say: Say,
) -> Map:
    covid = options.towards == "covid"
    if options.method in EXPLAINER_BY_KEY:
        explainer = EXPLAINER_BY_KEY[options.method]
        return maps.closed_map(analysis, options.backbone, explainer, covid=covid)
    keras, method = GradientsOnDemand(), QUESTIONER_BY_KEY[options.method]
    seen = maps.seen_by_backbones(pixels(), loaded.models, analysis)

    def one(model: str) -> Map:
        plain = maps.subject(seen, loaded.models, model, covid=covid)

        def gradient(grey: Map) -> Map:
            said = unpack(
                keras.ask(folder, {"task": GRADIENT, "model": model, "seen": pack(grey)})["gradient"]
            )
            return said if covid else -said

        def tell(step: Step) -> None:
            if step.done % 50 == 0 or step.done == step.total:
                say(f"{method.name}, {named(model)}: {step.done} of {step.total} questions")

        return maps.asked_map(method, replace(plain, gradient=gradient), tell)

    try:
        if options.backbone != ENSEMBLE:
            return one(options.backbone)
        return maps.ensemble_map(analysis, {key: one(key) for key in maps.added(analysis)}, covid=covid)
    finally:
        keras.end()


def to_png(found: Found) -> bytes:
    """The heat over the radiograph, as the viewer draws it."""
    frame = share_of(found.analysis.box, Box(0, 0, found.analysis.width_px, found.analysis.height_px))
    picture = with_heat(small_greys(found.case.picture, LONGEST_PX), found.heat, 1.0, frame)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def to_npy(found: Found) -> bytes:
    """The map, (rows, columns), float32 in [0, 1]."""
    file = io.BytesIO()
    np.save(file, found.heat.astype(np.float32), allow_pickle=False)
    return file.getvalue()


def to_csv(found: Found) -> bytes:
    """A row a place: its row and column, from 1, its middle in pixels of the radiograph, and its heat."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["row", "column", "x_px", "y_px", "heat"])
    box, (rows, columns) = found.analysis.box, found.heat.shape
    for (row, column), heat in np.ndenumerate(found.heat):
        x = box.left + (column + 0.5) / columns * box.width
        y = box.top + (row + 0.5) / rows * box.height
        writer.writerow([row + 1, column + 1, f"{x:.1f}", f"{y:.1f}", f"{heat:.6f}"])
    return file.getvalue().encode("utf-8")


WRITERS = {".png": to_png, ".npy": to_npy, ".csv": to_csv}


def _said(options: argparse.Namespace, found: Found) -> str:
    """What the map shows, in a sentence."""
    towards = CLASS_NAMES[options.towards == "covid"]
    method, model = METHOD_BY_KEY[options.method].name, named(options.backbone)
    lungs = maps.in_lungs(found.analysis, found.heat)
    if not found.heat.any():
        return f"{method} of {model} finds no heat for {towards}."
    said = f"{method} of {model} towards {towards}"
    return f"{said}: {100 * lungs.share:.0f} % of the heat lies in the lungs." if lungs else f"{said}."
