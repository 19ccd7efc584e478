"""What kdiag is at, on one line of stderr that is rewritten; nothing where stderr is no terminal."""

from __future__ import annotations

import sys

WIDTH: int = 78


def show_progress(step: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" + "".join(c for c in f"kdiag: {step} ..." if c.isprintable())[:WIDTH])
        sys.stderr.flush()


def end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
