"""Running commands, and telling the user what is going on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_started = time.monotonic()


class LabError(Exception):
    """The lab cannot go on; the message says why in a way the user can act on."""


def say(text: str) -> None:
    print(f"lab {time.monotonic() - _started:6.1f}s  {text}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str | Path],
    *,
    check: bool = True,
    timeout_s: float = 120,
    input: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run it and keep what it printed. LabError, with the end of its output, when it fails or hangs."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            text=True,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            errors="replace",
            timeout=timeout_s,
            env=env,
            cwd=cwd,
        )
    except subprocess.TimeoutExpired as expired:
        raise LabError(f"no end after {timeout_s:.0f} s: {' '.join(words)}") from expired
    except FileNotFoundError as missing:
        raise LabError(f"not installed: {words[0]}") from missing
    if check and done.returncode != 0:
        tail = "\n".join((done.stderr + done.stdout).strip().splitlines()[-15:])
        raise LabError(f"exit code {done.returncode}: {' '.join(words)}\n{tail}")
    return done


def wait_for(what: str, ready: Callable[[], bool], timeout_s: float, every_s: float = 0.5) -> None:
    """Poll until `ready`. LabError when it does not come in time."""
    end = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > end:
            raise LabError(f"{what}: not after {timeout_s:.0f} s")
        time.sleep(every_s)
