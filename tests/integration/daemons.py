"""Starts real daemons on free ports for a test and ends them after it: no trace is left in the system."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.plan import CACHE

START_S = 60.0
SEARCHED = ("/usr/sbin", "/usr/local/sbin")


def need(program: str, hint: str) -> str:
    """The path of a program. Without it the test is skipped, and in CI it fails."""
    folders = os.environ.get("KDIAG_LAB_BIN", "")
    cached = sorted((CACHE / "programs").glob("*"), key=lambda each: each.stat().st_mtime, reverse=True)
    path = os.pathsep.join([folders, os.environ["PATH"], *SEARCHED, *(str(each) for each in cached)])
    found = shutil.which(program, path=path)
    if found is None:
        message = f"NOT TESTED: {program} is missing ({hint})"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


@contextmanager
def running(
    arguments: list[str], log: Path, ready: Callable[[], bool], env: dict[str, str] | None = None
) -> Iterator[int]:
    """A daemon, from when it is ready until the block ends; its pid. What it said is shown when it does not start."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **(env or {})}
        )
    try:
        until = time.monotonic() + START_S
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{arguments[0]} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
