"""`python -m benchmarks`: measure drivers side by side and say by how much they differ.

Each measurement is a fresh process; the drivers take turns (A B C A B C …), so that what disturbs the machine disturbs
all; medians are shown, and the ratio to ours. Machines are noisy: differences below a quarter say nothing.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from benchmarks.data import load
from benchmarks.drivers import DRIVERS
from benchmarks.works import WORKS
from tests.servers.fleet import Fleet

RESULTS = Path(__file__).parent / "RESULTS.md"
HEADER = """# Results

{date}, CPython {python}, {versions}; `{command}`.

Medians; in brackets the ratio to ours (above 1: slower than ours). Connections without TLS. Drivers with `~` are
written in C and shown for scale. Differences below a quarter say nothing on a machine that does other things too."""
PACKAGES = ("sqlx-os", "pg8000", "PyMySQL", "psycopg", "apsw")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure drivers side by side.")
    parser.add_argument("--engine", nargs="*", default=list(DRIVERS), choices=list(DRIVERS))
    parser.add_argument("--work", nargs="*", default=list(WORKS), choices=list(WORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--measure", nargs=4, metavar=("ENGINE", "DRIVER", "WORK", "URL"), help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(engine: str, driver: str, work: str, url: str) -> float:
    """Seconds, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks", "--measure", engine, driver, work, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise SystemExit(f"{driver} failed at {work}: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


def compare(engine: str, url: str, works: list[str], rounds: int) -> list[str]:
    """The rows of one engine's table."""
    names = list(DRIVERS[engine])
    lines = [f"| {engine} | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for work in works:
        times: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                times[name].append(measure(engine, name, work, url))
        ours = median(times["sqlx"])
        cells = [f"{_shown(median(times[name]))} ({median(times[name]) / ours:.2f})" for name in names]
        lines.append(f"| {work}: {(WORKS[work].__doc__ or '').strip()} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    return lines


def _shown(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs" if seconds < 0.001 else f"{seconds * 1000:.0f} ms"


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def main() -> int:
    args = arguments()
    if args.measure:
        engine, driver, work, url = args.measure
        print(WORKS[work](DRIVERS[engine][driver], url))
        return 0
    fleet = Fleet()
    command = f"python -m benchmarks --rounds {args.rounds}"
    report = [HEADER.format(date=date.today(), python=platform.python_version(), versions=_versions(), command=command)]
    with tempfile.TemporaryDirectory() as folder:
        for engine in args.engine:
            url = f"sqlite:///{folder}/benchmark.db" if engine == "sqlite" else fleet.server(engine).url("admin")
            load(engine, url)
            report += ["", *compare(engine, url, args.work, args.rounds)]
    fleet.end()
    text = "\n".join(report) + "\n"
    if args.write:
        RESULTS.write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
