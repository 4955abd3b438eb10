"""How long a pack takes until it can connect: `python -m benchmarks.pack_load`. The bound is 15 ms a pack.

Medians of fresh loads in one process, in processor time: reading and resolving, compiling what `connect` needs, both.
"""

from __future__ import annotations

import statistics
import time

from sqlx.wire import registry
from sqlx.wire.columns import Layouter
from sqlx.wire.compile.compiler import Program

ROUNDS = 50
BOUND = 15.0  # milliseconds


def once(name: str) -> tuple[float, float]:
    """Processor milliseconds to load a pack, and to compile its connection."""
    registry.load.cache_clear()
    began = time.process_time()
    pack = registry.load(name)
    loaded = time.process_time()
    if not pack.embedded:
        program = Program(pack)
        Layouter(program)
        program.flow("connect")
    return (loaded - began) * 1000, (time.process_time() - loaded) * 1000


def main() -> None:
    print(f"{'pack':12} {'load':>8} {'compile':>8} {'both':>8}   milliseconds of processor time, median of {ROUNDS}")
    for name in registry.shipped_packs():
        rounds = [once(name) for _ in range(ROUNDS)]
        load, compiled = (statistics.median(column) for column in zip(*rounds, strict=True))
        both = statistics.median(sum(pair) for pair in rounds)
        over = "" if both <= BOUND else f"   over the bound of {BOUND} ms"
        print(f"{name:12} {load:8.2f} {compiled:8.2f} {both:8.2f}{over}")


if __name__ == "__main__":
    main()
