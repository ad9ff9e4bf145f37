"""Analyses many files into one table: `python -m core.batch IN... --out FILE`.

IN is a file, a folder (with all below it), a ZIP or a pattern. The table has a row a file; its name ends in
.csv, .parquet, .xlsx or .jsonl. What is done lies in FILE.partial until all is: after an interruption, the
same command goes on where it stopped. It ends with 0 when every file could be read, with 3 when some rows
hold an error instead, with 1 when there is no table, and with 130 when it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import get_args

from core.batch.analyst import Choice, Settings, identify, open_analyst
from core.batch.cluster import ray_engine
from core.batch.columns import columns
from core.batch.engine import Engine, local_engine, usable_cores
from core.batch.formats import check_room, find_format
from core.batch.journal import journal_path, open_journal
from core.batch.meter import Meter, summarise
from core.batch.run import BatchTable, Standing, make_rows
from core.batch.sources import BatchSource, find_sources
from core.display.wording import counted
from core.errors import BatchError, BundleError, ThoraxLensError
from core.models.bundle.files import list_bundles, read_manifest
from core.project import SHIPPED, bundles_folder

FAILED, SOME_UNREAD, INTERRUPTED = 1, 3, 130  # exit statuses


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    options = _parser().parse_args(arguments)
    meter = Meter(sys.stderr)
    try:
        return _run(options, meter)
    except ThoraxLensError as error:
        meter.say(str(error))
        return FAILED
    except KeyboardInterrupt:
        meter.say(
            f"Stopped. What is done is kept in {journal_path(options.out)}; "
            "the same command goes on from there."
        )
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    what, _, details = str(__doc__).partition("\n\n")
    parser = argparse.ArgumentParser(prog="python -m core.batch", description=what, epilog=details)
    parser.add_argument(
        "files", metavar="IN", nargs="+", help="a file, a folder, a ZIP, or a pattern in quotes"
    )
    parser.add_argument("--out", type=Path, required=True, help="the table: .csv, .parquet, .xlsx or .jsonl")
    parser.add_argument("--bundle", metavar="NAME", default=SHIPPED, help="default: %(default)s")
    parser.add_argument("--ask-all", action="store_true", help="ask the networks where the gate refuses, too")
    parser.add_argument(
        "--precision",
        choices=get_args(Choice),
        default="f32",
        help="verified: the fastest that the bundle verified and this processor has; default: %(default)s",
    )
    parser.add_argument("--jobs", metavar="N", type=_count, help="files at once; default: one a core")
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help="default: %(default)s")
    parser.add_argument("--ray-address", metavar="ADDRESS", default="auto", help="of the cluster, HOST:PORT")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("give a number from 1 on")
    return int(text)


def _run(options: argparse.Namespace, meter: Meter) -> int:
    partial = journal_path(options.out)
    find_format(options.out)
    if options.out.exists():
        raise BatchError(f"{options.out} is there already; delete it, or name another --out.")
    sources = find_sources(options.files, leave_out=(options.out, partial))
    check_room(options.out, len(sources))
    folder = _bundle(options.bundle)
    settings = identify(folder, ask_all=options.ask_all, precision=options.precision)
    table = BatchTable(options.out, columns(read_manifest(folder)), settings)
    with open_journal(partial, settings) as journal:
        if journal.known:
            meter.say(f"Going on: {partial} holds {counted(len(journal.known), 'row')} already.")
        if journal.damaged:
            meter.say(
                f"Damaged lines in {partial}, passed over: {journal.damaged:,}; their files are read anew."
            )
        with _engine(options, folder, settings, meter) as engine:
            rows = make_rows(sources, journal, engine, meter)
        table.write(sources, journal, rows)
    partial.unlink()
    return _report(sources, [each.status for each in rows], options.out, meter)


def _bundle(name: str) -> Path:
    """The folder of a bundle that is there, whole or not."""
    known = [each.name for each in list_bundles(bundles_folder())]
    if name not in known:
        raise BundleError(f"There is no bundle '{name}'; choose from {', '.join(known) or 'none'}.")
    return bundles_folder() / name


@contextmanager
def _engine(options: argparse.Namespace, folder: Path, settings: Settings, meter: Meter) -> Iterator[Engine]:
    if options.engine == "ray":
        with ray_engine(settings, options.ray_address, options.jobs) as engine:
            yield engine
        return
    threads = options.jobs or usable_cores()
    analyst = open_analyst(folder, settings, threads, lambda sentence, _: meter.say(f"{sentence} ..."))
    with closing(analyst):
        yield local_engine(analyst, threads)


def _report(sources: Sequence[BatchSource], statuses: Sequence[str], out: Path, meter: Meter) -> int:
    standing = Standing(len(sources))
    standing.counts.update(statuses)
    meter.say(f"{summarise(standing)}. The table: {out}")
    return SOME_UNREAD if {"unreadable", "failed"} & set(statuses) else 0
