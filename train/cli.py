"""The command line of training: `python -m train --help`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import DataError
from core.models.backbones import BACKBONE_BY_KEY, BACKBONES, Backbone
from core.project import PROJECT, SHIPPED, gate_folder
from train import steps
from train.config import GateConfig
from train.data.facts import with_facts
from train.data.records import read_records
from train.options import (
    BUNDLES,
    RUN,
    Bundle,
    Data,
    Facts,
    Masks,
    Name,
    Names,
    NeededData,
    Scores,
    console,
    on_run,
    plainly,
    watching,
)
from train.run import Run, measured_on
from train.tools.progress import Reporter

if TYPE_CHECKING:
    from train.trials.left_out import Teaching

GATE = gate_folder()
ENGINES = ("local", "ray")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help=(
        "Builds the models that ThoraxLens serves.\n\n"
        "**The way of a bundle:** `pretrain` teaches each backbone what chest radiographs look like; "
        "`transfer` freezes it and trains the study's head on COVID-19 against normal; `findings` trains "
        "the findings network, `lungs` the one that outlines the lungs; `bundle` measures all of them on "
        "held-out images, fits severity and the SVM ensemble, and writes a folder that the app serves. `all` "
        "does all of it.\n\n"
        "**Data** is a folder with a `manifest.csv` (columns: path, label, split, source, group; optional "
        "findings, original), or nothing: then phantoms are rendered, whose truth is known.\n\n"
        "**Every step resumes:** results and checkpoints stay in the `--run` folder, so after an "
        "interruption give the same command again."
    ),
)


def _chosen(names: list[str] | None) -> tuple[Backbone, ...]:
    unknown = set(names or ()) - set(BACKBONE_BY_KEY)
    if unknown:
        known = ", ".join(BACKBONE_BY_KEY)
        raise DataError(f"There is no backbone {', '.join(sorted(unknown))}; choose from {known}.")
    return tuple(BACKBONE_BY_KEY[name] for name in names) if names else BACKBONES


@app.command()
def audit(
    data: NeededData,
) -> None:
    """Look for images of one split that are (nearly) copies of another's; exits with 1 if there are any."""
    from train.data.audit import find_leaks, report

    with plainly(), watching() as watch:
        found = find_leaks(read_records(data), data, RUN.parent / "audit", watch("Reading radiographs"))
    if found:
        console.print(report(found))
        raise typer.Exit(1)
    console.print("No group and no picture, or nearly the same picture, is in two splits.")


@on_run(app, "pretrain")
def _pretrain(run: Run, backbone: Names = None) -> None:
    """Teach backbones normal, COVID-19 and other pneumonia: from scratch, or on from a bundle's bases."""
    steps.pretrain_backbones(run, _chosen(backbone))


@on_run(app, "transfer")
def _transfer(run: Run, backbone: Names = None) -> None:
    """Train the study's head on frozen bases: COVID-19 against normal, from cached features."""
    steps.transfer_backbones(run, _chosen(backbone))


@on_run(app, "findings")
def _findings(run: Run) -> None:
    """Train the findings network on phantoms, and on labelled radiographs where there are any."""
    steps.train_findings_network(run)


@on_run(app, "lungs")
def _lungs(run: Run, lung_masks: Masks = None) -> None:
    """Train the network that outlines the lungs, on phantoms and on masks drawn by people."""
    steps.train_lung_network(run, lung_masks)


@on_run(app, "loso")
def _loso(
    run: Run,
    backbone: Names = None,
    retrain: Annotated[
        list[str] | None,
        typer.Option(help="Retrain this backbone whole for each source (several times for several); slow."),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="`local`: here; `ray`: on a Ray cluster that runs already.")
    ] = "local",
    ray_address: Annotated[str, typer.Option(help="Of the cluster, HOST:PORT.")] = "auto",
) -> None:
    """Leave one source out: train without it, measure on it. `bundle` records the result."""
    from train.trials.left_out import leave_sources_out

    whole = [each.key for each in _chosen(retrain)] if retrain else ()
    with _teaching(engine, ray_address, run) as teaching:
        leave_sources_out(run, whole, _chosen(backbone), teaching)


@contextmanager
def _teaching(engine: str, address: str, run: Run) -> Iterator[Teaching | None]:
    """Where sources left out are taught; None for here."""
    if engine not in ENGINES:
        raise DataError(f"--engine cannot be '{engine}'; choose one of {', '.join(ENGINES)}.")
    if engine == "local":
        yield None
        return
    from train.trials.cluster import ray_teaching

    with ray_teaching(address, run.report) as teaching:
        yield teaching


@on_run(app, "bundle")
def _bundle(run: Run, name: Name = "own") -> None:
    """Measure the networks on held-out images, fit severity and ensemble, write the bundle."""
    steps.check(run, name)
    steps.bundle_run(run, BUNDLES / name)
    _print_figures(BUNDLES / name)


@on_run(app, "all")
def _all(
    run: Run,
    name: Name = "own",
    lung_masks: Masks = None,
    at_once: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=16,
            help="Networks that learn beside each other; two, or one with a GPU or a single core.",
        ),
    ] = None,
) -> None:
    """Everything: the audit, all networks, sources left out, the bundle; resumes where it stopped."""
    from train.schedule import choose_at_once, learn

    steps.check(run, name)
    learn(run, lung_masks, at_once or choose_at_once())
    steps.bundle_run(run, BUNDLES / name)
    steps.judge_outlines(run, BUNDLES / name, lung_masks)
    _print_figures(BUNDLES / name)


@app.command()
def remeasure(
    data: Data = None,
    bundle: Bundle = BUNDLES / SHIPPED,
    severity_scores: Scores = None,
    facts: Facts = None,
    cut_margins: Annotated[
        bool, typer.Option(help="Whether uniform margins are cut before the networks see a radiograph.")
    ] = True,
) -> None:
    """Measure a bundle's networks anew: predictions, thresholds, ensemble, trials and cards."""
    from train.bundle.remeasure import Anew, audited, compare_on_validation, recorded
    from train.bundle.remeasure import remeasure as measure

    with plainly(), watching() as watch:
        listed = audited(bundle, data, RUN.parent / "audit", watch("Auditing the data"))
        records = with_facts(listed, facts or ())
        before = recorded(bundle)
        anew = Anew(records, data, severity_scores, cut_margins)
        measure(bundle, RUN.parent / "remeasure", anew, watch("Analysing held-out images"))
        console.print(compare_on_validation(before, recorded(bundle)))
    _print_figures(bundle)


@app.command()
def upgrade(bundle: Bundle = BUNDLES / SHIPPED) -> None:
    """Bring a bundle of an older format to today's; networks and predictions stay as they are."""
    from train.bundle.upgrade import upgrade_bundle

    with plainly():
        added = upgrade_bundle(bundle)
    console.print(f"{bundle.name}: {'now of the newest format' if added else 'nothing to add'}.")


@app.command()
def precisions(bundle: Bundle = BUNDLES / SHIPPED, data: Data = None) -> None:
    """Measure a bundle in bfloat16 and int8 beside float32, and record what a server may use."""
    from train.bundle.faster import add_precisions
    from train.cards.precisions import tabulate_precisions

    with plainly(), watching() as watch:
        manifest = add_precisions(bundle, measured_on(data), data, watch("Measuring precisions"))
    console.print(tabulate_precisions(manifest))


@app.command()
def outlines(
    data: NeededData,
    lung_masks: Annotated[
        Path, typer.Option(help="Folder of lung masks drawn by people: PATH.png for PATH.jpg.")
    ],
    bundle: Bundle = BUNDLES / SHIPPED,
) -> None:
    """Find when a bundle's outline of the lungs is nonsense, and record it."""
    from train.bundle.outlines import add_outlines

    with plainly(), watching() as watch:
        manifest = add_outlines(bundle, read_records(data), data, lung_masks, watch("Outlining lungs"))
    limits = manifest.lungs.outlines if manifest.lungs else None
    for split, each in limits.silence.items() if limits else ():
        console.print(f"{split}: no outline on {each.silent} of {each.images} radiographs")


@app.command()
def pointing(
    data: NeededData,
    boxes: Annotated[
        Path, typer.Option(help="CSV of radiologists' boxes: image, finding, x, y, w, h in pixels of 1024.")
    ],
    bundle: Bundle = BUNDLES / SHIPPED,
) -> None:
    """Ask whether a bundle's maps of findings point into radiologists' boxes, and record it."""
    from train.bundle.pointing import add_pointing

    with plainly(), watching() as watch:
        rows = add_pointing(bundle, read_records(data), data, boxes, watch("Asking for maps"))
    for row in rows:
        console.print(
            f"{row.finding}: {row.hits} of {row.asked} in a box; a random map {row.random:.2f}, "
            f"the centre {row.centre / row.asked:.2f}"
        )


@app.command()
def ensemble(
    table: Annotated[
        Path, typer.Option(help="CSV: the backbones' probabilities, the findings, label (1 = COVID-19).")
    ],
) -> None:
    """Fit the study's SVM to any table of features, and print its three rows as they should be."""
    from train.fitting.study import fit_study_table, print_report

    with plainly():
        print_report(fit_study_table(table))


@app.command()
def evaluate(
    bundle: Bundle = BUNDLES / SHIPPED,
    data: Data = None,
    verify: Annotated[bool, typer.Option(help="Recompute every row from the weights first.")] = False,
    images: Annotated[int | None, typer.Option(help="Verify only so many rows, stratified.")] = None,
) -> None:
    """Print a bundle's figures; with --verify, recompute its predictions and say how far they differ."""
    with plainly():
        if verify:
            _verify(bundle, data, images)
        _print_figures(bundle)


def _print_figures(bundle: Path) -> None:
    from train.bundle.verify import report  # here: a machine with a GPU may lack what measuring needs

    console.print(report(bundle))


def _verify(bundle: Path, data: Path | None, images: int | None) -> None:
    from train.bundle.verify import TOLERANCE, verify

    records = measured_on(data)
    with watching() as watch:
        found = verify(bundle, records, data, images, watch("Recomputing predictions"))
    worst = max(found.largest.values())
    console.print(f"{found.images} rows recomputed; largest difference of a probability {worst:.1e}")
    if worst > TOLERANCE:
        raise DataError(f"The bundle's predictions differ by {worst:.1e} from its weights; build it again.")


@app.command()
def gate(
    data: NeededData,
    odd: Annotated[
        Path,
        typer.Option(help="A folder of pictures that are no frontal chests: manifest.csv with path, kind."),
    ],
    run: Annotated[Path, typer.Option(help="Folder for checkpoints and results.")] = RUN.parent / "gate",
    target: Annotated[Path, typer.Option(help="The gate's folder.")] = GATE,
) -> None:
    """Train the gate, which says what a picture is before anything else is asked, and measure it."""
    from train.bundle.gate import build_gate_folder
    from train.trials.gate import gather

    with plainly(), watching() as watch:
        reporter = Reporter(watch, console.print)
        manifest = build_gate_folder(
            gather(data, odd, run / "cache", watch), GateConfig(), run, target, reporter
        )
    for row in manifest.rows:
        console.print(f"{row.what} ({row.how}): {row.refused} of {row.images} refused")


@app.command()
def official() -> None:
    """Download torchxrayvision's official findings weights into its own cache, where the app finds them."""
    from core.models.engine.downloads import download_official_findings

    with plainly(), watching() as watch:
        told = watch("Downloading")
        path = download_official_findings(lambda text, share: told(round(100 * share), 100))
        console.print(f"{path}: the app uses it from its next start on.")


@app.command()
def samples(
    folder: Annotated[Path, typer.Option(help="Where to write them.")] = PROJECT / "assets" / "samples",
) -> None:
    """Render the app's sample radiographs again, byte for byte."""
    from train.samples import write_samples

    for path in write_samples(folder):
        console.print(path.name)
