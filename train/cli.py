"""The command line of training: `python -m train --help`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.errors import DataError, ThoraxLensError
from core.models.backbones import BACKBONE_BY_KEY, BACKBONES, Backbone
from core.models.bundle.manifest import Initialisation
from core.project import PROJECT, SHIPPED, bundles_folder
from train import steps as pipeline
from train.config import PRESETS
from train.data.records import read_manifest
from train.run import LeakPolicy, Run
from train.tools.progress import Progress as Told

BUNDLES = bundles_folder()

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help=(
        "Builds the models that ThoraxLens serves.\n\n"
        "**The way of a bundle:** `pretrain` teaches each backbone what chest radiographs look like; "
        "`transfer` freezes it and trains the study's head on COVID-19 against normal; `findings` trains "
        "the 18-findings network, `lungs` the one that outlines the lungs; `bundle` measures all of them on "
        "held-out images, fits severity and the SVM ensemble, and writes a folder that the app serves. `all` "
        "does all of it.\n\n"
        "**Data** is a folder with a `manifest.csv` (columns: path, label, split, source, group; optional "
        "findings, original), or nothing: then phantoms are rendered, whose truth is known.\n\n"
        "**Every step resumes:** results and checkpoints stay in the `--run` folder, so after an "
        "interruption give the same command again."
    ),
)
console = Console()

Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="THORAXLENS_DATA", help="Folder with a manifest.csv; phantoms without it."),
]
Folder = Annotated[Path, typer.Option("--run", help="Folder for checkpoints and results of this training.")]
Preset = Annotated[
    str,
    typer.Option(help="`default`: 224 px, average pooling. `study`: 150 px, Flatten head. `tiny`: minutes."),
]
Init = Annotated[
    str,
    typer.Option(
        help="Where the bases come from: `scratch` (pretrained here), `imagenet` (downloaded by Keras, as in "
        "the study), `bundled` (those of the bundle that ships learn on)."
    ),
]
Names = Annotated[
    list[str] | None, typer.Option("--backbone", help="Only these backbones (give it several times).")
]
Name = Annotated[str, typer.Option(help="Name of the bundle's folder under assets/bundles.")]
Scores = Annotated[
    Path | None,
    typer.Option(
        help="Radiologists' severity scores: CSV with filename, geographic_extent_mean, opacity_mean; where "
        "they saw nothing, an image counts as normal-looking. Without it the phantoms' truth is used."
    ),
]
Masks = Annotated[
    Path | None,
    typer.Option(
        help="Folder of lung masks drawn by people: for an image PATH.jpg of the data folder, PATH.png, "
        "bright where lung is. Without it phantoms alone teach the lung network."
    ),
]
Leaks = Annotated[
    str,
    typer.Option(
        help="When an image has a copy on the other side of a split: `stop`, or `drop` its whole group from "
        "the side that learns, and with `--init bundled` from both."
    ),
]
RUN = Path(".runs/default")


@contextmanager
def _plainly() -> Iterator[None]:
    """Says our own errors in one sentence and leaves with status 1."""
    try:
        yield
    except ThoraxLensError as error:
        console.print(f"[bold]Stopped.[/bold] {error}", highlight=False)
        raise typer.Exit(1) from error


@contextmanager
def _watching() -> Iterator[Callable[[str], Told]]:
    """Progress bars, one a task."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:

        def watch(title: str) -> Told:
            task = bars.add_task(title, total=None)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield watch


@contextmanager
def _run(
    folder: Path, preset: str, init: str, data: Path | None, leaks: str, severity_scores: Path | None
) -> Iterator[Run]:
    with _plainly(), _watching() as watch:
        if preset not in PRESETS:
            raise DataError(f"There is no preset '{preset}'; choose one of {', '.join(PRESETS)}.")
        for option, choice, choices in (("init", init, Initialisation), ("leaks", leaks, LeakPolicy)):
            if choice not in get_args(choices):
                known = ", ".join(get_args(choices))
                raise DataError(f"--{option} cannot be '{choice}'; choose one of {known}.")
        shipped = BUNDLES / SHIPPED
        bundled = shipped if shipped.is_dir() else None
        run = Run(
            folder,
            PRESETS[preset],
            data,
            init,  # type: ignore[arg-type]
            bundled,
            watch,
            console.print,
            leaks,  # type: ignore[arg-type]
            severity_scores,
        )
        run.save_configuration()
        yield run


def _chosen(names: list[str] | None) -> tuple[Backbone, ...]:
    unknown = set(names or ()) - set(BACKBONE_BY_KEY)
    if unknown:
        known = ", ".join(BACKBONE_BY_KEY)
        raise DataError(f"There is no backbone {', '.join(sorted(unknown))}; choose from {known}.")
    return tuple(BACKBONE_BY_KEY[name] for name in names) if names else BACKBONES


@app.command()
def audit(
    data: Annotated[
        Path, typer.Option("--data", envvar="THORAXLENS_DATA", help="A folder with manifest.csv.")
    ],
) -> None:
    """Look for images of one split that are (nearly) copies of another's; exits with 1 if there are any."""
    from train.data.audit import find_leaks, report

    with _plainly(), _watching() as watch:
        found = find_leaks(read_manifest(data), data, RUN.parent / "audit", watch("Reading radiographs"))
    if found:
        console.print(report(found))
        raise typer.Exit(1)
    console.print("No group and no picture, or nearly the same picture, is in two splits.")


@app.command()
def pretrain(
    data: Data = None,
    run: Folder = RUN,
    preset: Preset = "default",
    init: Init = "scratch",
    leaks: Leaks = "stop",
    backbone: Names = None,
    severity_scores: Scores = None,
) -> None:
    """Teach backbones normal, COVID-19 and other pneumonia: from scratch, or on from a bundle's bases."""
    with _run(run, preset, init, data, leaks, severity_scores) as current:
        pipeline.pretrain_backbones(current, _chosen(backbone))


@app.command()
def transfer(
    data: Data = None,
    run: Folder = RUN,
    preset: Preset = "default",
    init: Init = "scratch",
    leaks: Leaks = "stop",
    backbone: Names = None,
    severity_scores: Scores = None,
) -> None:
    """Train the study's head on frozen bases: COVID-19 against normal, from cached features."""
    with _run(run, preset, init, data, leaks, severity_scores) as current:
        pipeline.transfer_backbones(current, _chosen(backbone))


@app.command()
def findings(
    data: Data = None,
    run: Folder = RUN,
    preset: Preset = "default",
    init: Init = "scratch",
    leaks: Leaks = "stop",
    severity_scores: Scores = None,
) -> None:
    """Train the 18-findings network on phantoms, and on labelled radiographs where there are any."""
    with _run(run, preset, init, data, leaks, severity_scores) as current:
        pipeline.train_findings_network(current)


@app.command()
def lungs(
    data: Data = None,
    run: Folder = RUN,
    preset: Preset = "default",
    init: Init = "scratch",
    leaks: Leaks = "stop",
    lung_masks: Masks = None,
    severity_scores: Scores = None,
) -> None:
    """Train the network that outlines the lungs, on phantoms and on masks drawn by people."""
    with _run(run, preset, init, data, leaks, severity_scores) as current:
        pipeline.train_lung_network(current, lung_masks)


@app.command()
def loso(
    data: Data = None,
    run: Folder = RUN,
    preset: Preset = "default",
    init: Init = "scratch",
    leaks: Leaks = "stop",
    severity_scores: Scores = None,
    backbone: Names = None,
    retrain: Annotated[
        list[str] | None,
        typer.Option(help="Retrain this backbone whole for each source (several times for several); slow."),
    ] = None,
) -> None:
    """Leave one source out: train without it, measure on it. `bundle` records the result."""
    from train.trials.left_out import leave_sources_out

    with _run(run, preset, init, data, leaks, severity_scores) as current:
        whole = [each.key for each in _chosen(retrain)] if retrain else ()
        leave_sources_out(current, whole, _chosen(backbone))


@app.command()
def bundle(
    data: Data = None,
    run: Folder = RUN,
    preset: Preset = "default",
    init: Init = "scratch",
    leaks: Leaks = "stop",
    name: Name = "own",
    severity_scores: Scores = None,
) -> None:
    """Measure the networks on held-out images, fit severity and ensemble, write the bundle."""
    with _run(run, preset, init, data, leaks, severity_scores) as current:
        pipeline.check(current, name)
        pipeline.bundle_run(current, BUNDLES / name)
    _print_figures(BUNDLES / name)


@app.command(name="all")
def everything(
    data: Data = None,
    run: Folder = RUN,
    preset: Preset = "default",
    init: Init = "scratch",
    leaks: Leaks = "stop",
    name: Name = "own",
    lung_masks: Masks = None,
    severity_scores: Scores = None,
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

    with _run(run, preset, init, data, leaks, severity_scores) as current:
        pipeline.check(current, name)
        learn(current, lung_masks, at_once or choose_at_once())
        pipeline.bundle_run(current, BUNDLES / name)
    _print_figures(BUNDLES / name)


@app.command()
def remeasure(
    data: Data = None,
    bundle: Annotated[Path, typer.Option(help="The bundle's folder.")] = BUNDLES / SHIPPED,
    severity_scores: Scores = None,
    cut_margins: Annotated[
        bool, typer.Option(help="Whether uniform margins are cut before the networks see a radiograph.")
    ] = True,
) -> None:
    """Measure a bundle's networks anew: predictions, operating points, ensemble, trials and cards."""
    from train.bundle.remeasure import audited, compare_on_validation, recorded
    from train.bundle.remeasure import remeasure as measure

    with _plainly(), _watching() as watch:
        records = audited(bundle, data, RUN.parent / "audit", watch("Auditing the data"))
        before = recorded(bundle)
        told = watch("Analysing held-out images")
        measure(bundle, RUN.parent / "remeasure", records, data, severity_scores, cut_margins, told)
        console.print(compare_on_validation(before, recorded(bundle)))
    _print_figures(bundle)


@app.command()
def ensemble(
    table: Annotated[Path, typer.Option(help="CSV: five probabilities, 18 findings, label (1 = COVID-19).")],
) -> None:
    """Fit the study's SVM to any table of features, and print its three rows as they should be."""
    from train.fitting.study import fit_study_table, print_report

    with _plainly():
        print_report(fit_study_table(table))


@app.command()
def evaluate(
    bundle: Annotated[Path, typer.Option(help="The bundle's folder.")] = BUNDLES / SHIPPED,
    data: Data = None,
    verify: Annotated[bool, typer.Option(help="Recompute every row from the weights first.")] = False,
    images: Annotated[int | None, typer.Option(help="Verify only so many rows, stratified.")] = None,
) -> None:
    """Print a bundle's figures; with --verify, recompute its predictions and say how far they differ."""
    with _plainly():
        if verify:
            _verify(bundle, data, images)
        _print_figures(bundle)


def _print_figures(bundle: Path) -> None:
    from train.bundle.verify import report

    console.print(report(bundle))


def _verify(bundle: Path, data: Path | None, images: int | None) -> None:
    from train.bundle import verify as evaluation

    records = pipeline.measured_on(data)
    with _watching() as watch:
        found = evaluation.verify(bundle, records, data, images, watch("Recomputing predictions"))
    worst = max(found.largest.values())
    console.print(f"{found.images} rows recomputed; largest difference of a probability {worst:.1e}")
    if worst > evaluation.TOLERANCE:
        raise DataError(f"The bundle's predictions differ by {worst:.1e} from its weights; build it again.")


@app.command()
def official() -> None:
    """Download torchxrayvision's official findings weights into its own cache, where the app finds them."""
    from core.models.engine.downloads import download_official_findings

    with _plainly(), _watching() as watch:
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
