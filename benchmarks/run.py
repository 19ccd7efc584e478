"""How fast kdiag is: pastes, loading, the command line, a big cluster, and how matching grows with the knowledge.

    python benchmarks/run.py [--nodes 1000] [--pods 50000] [--faults 200]

Prints one line for each measurement; the median of several runs where runs are short.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.cluster import write
from bot.questions import Question
from bot.read import read
from bot.service import consult
from bot.sources import PasteSource
from rules.expert import Expert
from rules.kinds import Source
from rules.knowledge import load
from rules.observations import Passage
from rules.signatures import SignatureSet

NOISE = (
    "2025-06-10T11:59:{s:02d}.123456Z stderr F I0610 11:59:{s:02d}.123456       1 handler.go:143] request"
    ' method="GET" path="/apis/apps/v1/namespaces/shop/deployments/web-{n}" duration="{d}ms" code=200\n'
)
ERROR = 'Failed to pull image "registry.example.com/shop/api:2": failed to resolve reference: registry.example.com: not found\n'


def paste(size: int) -> str:
    """A log of about `size` bytes with one line that matters in its middle."""
    lines: list[str] = []
    length = 0
    number = 0
    while length < size:
        line = NOISE.format(s=number % 60, n=number, d=number % 400)
        lines.append(line)
        length += len(line)
        number += 1
    lines.insert(len(lines) // 2, ERROR)
    return "".join(lines)


def report(what: str, value: str) -> None:
    print(f"{what:58} {value}", flush=True)


def median_ms(work: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


async def pastes(expert: Expert) -> None:
    for size in (1 << 10, 64 << 10, 1 << 20):
        text = paste(size)
        times = []
        for _ in range(9 if size < 1 << 20 else 3):
            started = time.perf_counter()
            await consult(expert, PasteSource(text), Question("explain", text=text))
            times.append(time.perf_counter() - started)
        report(f"paste of {size >> 10} KB, answered", f"{1000 * statistics.median(times):8.1f} ms")
        report("  of which reading", f"{median_ms(lambda text=text: read(text), 3):8.1f} ms")


def growth(expert: Expert) -> None:
    """The cost of matching 64 KB, with a tenth of the entries and with all of them."""
    entries = [e for e in expert.knowledge.entries if e.signs]
    passage = Passage(paste(64 << 10), {"via": "paste"}, Source("paste"))
    for share in (10, 2, 1):
        chosen = SignatureSet(entries[::share])
        report(
            f"signatures over 64 KB, {len(chosen)} patterns",
            f"{median_ms(lambda c=chosen: c.scan([passage]), 9):8.1f} ms",
        )


def command_line() -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(paste(64 << 10))
        file.flush()
        command = [sys.executable, "-m", "bot.cli", "explain", file.name]
        milliseconds = median_ms(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), 5)
        report("kdiag explain (64 KB), whole process", f"{milliseconds:8.0f} ms")


def big_cluster(nodes: int, pods: int, faults: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), nodes, pods, faults)
        command = [sys.executable, "-m", "bot.cli", "summary", "--dump", folder, "--format", "json"]
        measured = ["/usr/bin/env", "bash", "-c", 'exec "$@"', "bash", *command]
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", _MEASURE, *measured], check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        report(f"summary of {nodes} nodes, {pods} pods, {faults} faults", f"{seconds:8.1f} s")
        report("  peak memory of the largest process", f"{int(done.stdout.splitlines()[-1]) / 1024:8.0f} MB")


_MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


async def run(arguments: argparse.Namespace) -> None:
    started = time.perf_counter()
    load(cache=False)
    report("knowledge read from YAML", f"{time.perf_counter() - started:8.2f} s")
    load()
    started = time.perf_counter()
    knowledge = load()
    expert = Expert(knowledge)
    report(
        f"knowledge loaded from its cache, {len(knowledge.entries)} entries", f"{time.perf_counter() - started:8.2f} s"
    )
    started = time.perf_counter()
    len(knowledge.signatures)
    report("signatures compiled", f"{time.perf_counter() - started:8.2f} s")
    started = time.perf_counter()
    await expert.start()
    report("rules compiled and engine started", f"{time.perf_counter() - started:8.2f} s")
    try:
        await pastes(expert)
    finally:
        await expert.close()
    growth(expert)
    command_line()
    big_cluster(arguments.nodes, arguments.pods, arguments.faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=50_000)
    parser.add_argument("--faults", type=int, default=200)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
