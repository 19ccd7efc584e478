"""`kdiag demo`: kdiag at its main job, on a recorded broken cluster that ships with it.

In the embedded workspace, with the real bot behind it; or, where nobody can look at a page, printed.
"""

from __future__ import annotations

import importlib.resources
import sys
from pathlib import Path
from typing import Final

RECORDING: Final = Path(str(importlib.resources.files("bot.demo"))) / "recording"
PASTE: Final = (
    "cart is down?? this is all I get\n"
    "$ kubectl -n shop get events | grep mailer\n"
    '3m   Warning   Failed   pod/mailer-7c9d8f6b5-x3l8g   Error: secret "smtp-token" not found\n'
)


def run(terminal: bool | None, browser: bool, port: int | None) -> None:
    """Show kdiag. `terminal` None: in the workspace if a person is at the terminal to stop it, else printed."""
    if terminal is None:
        terminal = not sys.stdout.isatty()
    if terminal:
        from bot.demo.terminal import run as printed

        printed()
    else:
        from bot.demo.in_workspace import run as in_workspace

        in_workspace(browser, port)
