"""Many users, idle sessions and closed tabs against the app: `python tests/load/run.py [USERS [SECONDS]]`.

Needs the models prepared. It starts a server of its own, and all of it stays on 127.0.0.1.
"""

from __future__ import annotations

import os
import platform
import socket
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT / "tests" / "load")]

from clicks import ANALYSE, COMPARE, Click, Made, analyse_clicks, compare_clicks, make, percentile, timed, use  # noqa: E402
from replicas import app, free_port  # noqa: E402
from visitor import Visitor  # noqa: E402

USERS, SECONDS, PAUSE_S = 20, 60.0, 5.0
IDLE, TABS, AT_ONCE = 50, 100, 10  # sessions; tabs, and as many of them at a time
FORGOTTEN_S = 125  # Streamlit keeps the session of a closed tab for two minutes, should it come back
ROUNDS = 30  # clicks of one visitor alone on each page, of which the first third only warms up


def machine() -> str:
    """What this ran on, and how busy that was before."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{platform.node()}: {os.cpu_count()} cores ({model or platform.machine()}), load {load}"


def resident_mb(process_id: int) -> float:
    """Resident memory of a process."""
    lines = Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


def cpu_s(process_id: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alone(url: str, process_id: int) -> None:
    """One visitor: what a click takes, in wall and processor time, and what it sends."""
    for page, clicks in ((ANALYSE, analyse_clicks), (COMPARE, compare_clicks)):
        found: dict[str, list[tuple[Made, float]]] = {}
        with Visitor(url) as visitor:
            first = timed(visitor, "opened", lambda page=page: visitor.run(page))
            for row, click in zip(range(ROUNDS), clicks(visitor), strict=False):
                made = _with_cpu(visitor, click, process_id)
                if row >= ROUNDS // 3:
                    found.setdefault(click.name, []).append(made)
        print(f"  {page or 'analyse'}, first view: {first.ms:.0f} ms, {first.sent_bytes / 1000:.0f} KB")
        for name, rows in found.items():
            wall = statistics.median(made.ms for made, _ in rows)
            cpu = statistics.fmean(cpu for _, cpu in rows)
            most = max(made.sent_bytes for made, _ in rows)
            print(f"  {name}: {wall:.0f} ms ({cpu * 1000:.0f} of a processor), at most {most / 1000:.0f} KB")


def _with_cpu(visitor: Visitor, click: Click, process_id: int) -> tuple[Made, float]:
    before = cpu_s(process_id)
    made = make(visitor, click)
    time.sleep(0.05)  # what the server tidies up afterwards counts, too
    return made, cpu_s(process_id) - before


def together(url: str, users: int, seconds: float) -> int:
    """Many users; returns how many of them met an error."""
    made, errors = use(lambda: Visitor(url), users, seconds, PAUSE_S)
    for name in sorted({each.name for each in made}):
        _row(name, [each for each in made if each.name == name])
    _row("all", made)
    print(f"  errors: {len(errors)} {errors[:1] or ''}")
    return len(errors)


def _row(name: str, made: Sequence[Made]) -> None:
    print(
        f"  {name}: {len(made)} times, p50 {percentile(made, 50):.0f} ms, p95 {percentile(made, 95):.0f} ms, "
        f"{statistics.fmean(each.sent_bytes for each in made) / 1000:.0f} KB on average"
    )


def idle(url: str, memory: Callable[[], float]) -> None:
    """Sessions in which nobody does anything: their memory, and how soon the server says that it is well."""
    before = memory()
    with ExitStack() as stack:
        visitors = [stack.enter_context(Visitor(url)) for _ in range(IDLE)]
        for place, visitor in enumerate(visitors):
            visitor.run((ANALYSE, COMPARE)[place % 2])
        times = []
        for _ in range(20):
            start = time.perf_counter()
            visitors[0].fetch("/healthz")
            times.append((time.perf_counter() - start) * 1000)
            time.sleep(0.1)
        print(f"  {before:.0f} MB before, {memory():.0f} MB with them; health within {max(times):.0f} ms")


def closed(url: str, memory: Callable[[], float]) -> None:
    """Tabs that are closed in the middle: what is left of them in memory."""
    before = memory()
    for _ in range(TABS // AT_ONCE):
        visitors = [Visitor(url).__enter__() for _ in range(AT_ONCE)]
        for place, visitor in enumerate(visitors):
            visitor.run((ANALYSE, COMPARE)[place % 2])
            visitor.socket.socket.shutdown(socket.SHUT_RDWR)  # no word of farewell
    after = memory()
    time.sleep(10)
    soon = memory()
    time.sleep(FORGOTTEN_S)
    with Visitor(url) as visitor:  # the server forgets when somebody comes
        visitor.run(COMPARE)
    print(
        f"  {before:.0f} MB before, {after:.0f} MB after, {soon:.0f} MB 10 s later, "
        f"{memory():.0f} MB {FORGOTTEN_S + 10} s later"
    )


def main(users: int = USERS, seconds: float = SECONDS) -> int:
    """Prints what was measured; returns 1 if any user met an error."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with app(port) as server:

        def memory() -> float:
            return resident_mb(server.pid)

        with Visitor(url) as visitor:  # the first one waits for the models
            visitor.run()
            visitor.run(COMPARE)
        print(machine())
        print("One visitor alone:")
        alone(url, server.pid)
        print(f"{users} users for {seconds:.0f} s, {PAUSE_S:.0f} s between clicks ({machine()}):")
        errors = together(url, users, seconds)
        print(f"{IDLE} idle sessions:")
        idle(url, memory)
        print(f"{TABS} tabs closed abruptly:")
        closed(url, memory)
        print(machine())
    return int(errors > 0)


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:3])))
