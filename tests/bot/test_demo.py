"""The demo where nobody looks at a page, and what its page offers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

from bot.demo.in_workspace import MANIFEST, suggestions
from bot.workspace import Workspace


def test_piped_it_prints_answers_and_ends(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "demo"], capture_output=True, text=True, timeout=60, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "swap" in done.stdout
    assert "smtp-token" in done.stdout


async def test_what_the_page_offers_can_be_done() -> None:
    async with Workspace(yaml.safe_load(MANIFEST.read_text())) as ws:
        for suggestion in suggestions():
            name = suggestion.text.split(" ")[0]
            assert not name.startswith("/") or ws.app.command(name)
            assert ws.state.user("anna").id in ws.state.channel(suggestion.channel).members
