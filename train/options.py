"""The options that commands of training share, and how they become a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.errors import DataError, ThoraxLensError
from core.models.bundle.manifest import Initialisation
from core.project import SHIPPED, bundles_folder
from train.config import PRESETS
from train.run import LeakPolicy, Run
from train.tools.progress import Tally

BUNDLES = bundles_folder()
RUN = Path(".runs/default")
console = Console()

Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="THORAXLENS_DATA", help="Folder with a manifest.csv; phantoms without it."),
]
NeededData = Annotated[
    Path, typer.Option("--data", envvar="THORAXLENS_DATA", help="A folder with manifest.csv.")
]
Names = Annotated[
    list[str] | None, typer.Option("--backbone", help="Only these backbones (give it several times).")
]
Name = Annotated[str, typer.Option(help="Name of the bundle's folder under assets/bundles.")]
Bundle = Annotated[Path, typer.Option(help="The bundle's folder.")]
Scores = Annotated[
    Path | None,
    typer.Option(
        help="Radiologists' severity scores: CSV with filename, geographic_extent_mean, opacity_mean; where "
        "they saw nothing, an image counts as normal-looking. Without it the phantoms' truth is used."
    ),
]
Facts = Annotated[
    list[Path] | None,
    typer.Option(
        help="What collections say of people and of severity: CSV with path or filename, and any of sex, age "
        "and Brixia scores (s-global, j-global). Several times for several tables."
    ),
]
Masks = Annotated[
    Path | None,
    typer.Option(
        help="Folder of lung masks drawn by people: for an image PATH.jpg of the data folder, PATH.png, "
        "bright where lung is. Without it phantoms alone teach the lung network."
    ),
]


@dataclass(frozen=True)
class RunOptions:
    """What every command that works on a run is given."""

    data: Data = None
    run: Annotated[Path, typer.Option(help="Folder for checkpoints and results of this training.")] = RUN
    preset: Annotated[
        str,
        typer.Option(
            help="`default`: 224 px, average pooling; `gpu`: the same, and fourteen times as many draws; "
            "`study`: 150 px, Flatten head; `tiny`: minutes."
        ),
    ] = "default"
    init: Annotated[
        str,
        typer.Option(
            help="Where the bases come from: `scratch` (pretrained here), `imagenet` (downloaded by Keras, "
            "as in the study), `bundled` (those of the bundle that ships learn on, as does its findings "
            "network), `kept` (those stay as they are, and only what stands on them learns)."
        ),
    ] = "scratch"
    leaks: Annotated[
        str,
        typer.Option(
            help="When an image has a copy on the other side of a split: `stop`, or `drop` its whole group "
            "from the side that learns, and where a bundle's bases are used from both."
        ),
    ] = "stop"
    severity_scores: Scores = None
    facts: Facts = None

    def check(self) -> None:
        """Refuses choices that there are not.

        Raises:
            DataError: Naming the option and what it can be.
        """
        if self.preset not in PRESETS:
            raise DataError(f"There is no preset '{self.preset}'; choose one of {', '.join(PRESETS)}.")
        for option, choices in (("init", Initialisation), ("leaks", LeakPolicy)):
            choice, known = getattr(self, option), get_args(choices)
            if choice not in known:
                raise DataError(f"--{option} cannot be '{choice}'; choose one of {', '.join(known)}.")


def on_run(app: typer.Typer, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers a command that works on a run: it has the options of `RunOptions` before its own.

    Args:
        app: Where.
        name: Of the command.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        shared = [field.name for field in fields(RunOptions)]

        def command(**given: Any) -> None:
            options = RunOptions(**{option: given.pop(option) for option in shared})
            with plainly(), watching() as watch:
                function(_open(options, watch), **given)

        _, *own = inspect.signature(function, eval_str=True).parameters.values()
        options = inspect.signature(RunOptions, eval_str=True).parameters.values()
        keyword = inspect.Parameter.KEYWORD_ONLY
        signature = inspect.Signature([each.replace(kind=keyword) for each in (*options, *own)])
        command.__signature__ = signature  # type: ignore[attr-defined]  # what typer reads, with the next
        command.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
        command.__doc__ = function.__doc__
        return app.command(name)(command)

    return register


def _open(options: RunOptions, watch: Callable[[str], Tally]) -> Run:
    options.check()
    shipped = BUNDLES / SHIPPED
    run = Run(
        folder=options.run,
        config=PRESETS[options.preset],
        data=options.data,
        init=options.init,  # type: ignore[arg-type]  # checked above
        bundled=shipped if shipped.is_dir() else None,
        watch=watch,
        report=console.print,
        leaks=options.leaks,  # type: ignore[arg-type]
        severity_scores=options.severity_scores,
        facts=tuple(options.facts or ()),
    )
    run.save_configuration()
    return run


@contextmanager
def plainly() -> Iterator[None]:
    """Says our own errors in one sentence and leaves with status 1."""
    try:
        yield
    except ThoraxLensError as error:
        console.print(f"[bold]Stopped.[/bold] {error}", highlight=False)
        raise typer.Exit(1) from error


@contextmanager
def watching() -> Iterator[Callable[[str], Tally]]:
    """Progress bars, one a task."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:

        def watch(title: str) -> Tally:
            task = bars.add_task(title, total=None)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield watch
