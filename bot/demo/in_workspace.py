"""`kdiag demo`: the embedded workspace on this machine, and `kdiag serve` connected to it as to Slack."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import webbrowser
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from rich.console import Console

from bot.demo import PASTE, RECORDING
from bot.workspace import Suggestion, Workspace
from rules.errors import KdiagError

MANIFEST: Final = Path(__file__).parents[1] / "slack" / "manifest.yaml"
PORT: Final = 8765
"""Unless it is taken; then any that is free."""
CONNECTED_WITHIN: Final = 60.0
STOPPED_WITHIN: Final = 15.0
SHOWN_LOG: Final = 15

JOURNAL: Final = RECORDING / "hosts" / "node-2" / "journalctl-kubelet.txt"


def suggestions() -> list[Suggestion]:
    """What the page offers to try."""
    return [
        Suggestion("Why is cart down?", "/kdiag service shop/cart"),
        Suggestion("What is broken?", "/kdiag summary"),
        Suggestion("Paste an error", PASTE, channel="shop"),
        Suggestion("Drop a log", "what does node-2 want?", channel="shop", files={"kubelet.log": JOURNAL.read_text()}),
        Suggestion("Half a name", "/kdiag pod cart"),
        Suggestion("Ask @kdiag", "@kdiag pod shop/cart-7c9d8f6b5-w9d3s"),
        Suggestion("Every morning", "/kdiag schedule 09:00 weekdays #ops"),
        Suggestion("Small talk", "the error on the coffee machine is gone, thanks all"),
        Suggestion("Help", "/kdiag help"),
        Suggestion("Home", ""),
    ]


def run(browser: bool, port: int | None) -> None:
    """Until Ctrl-C. Raises KdiagError when the port is taken or the bot does not come up."""
    asyncio.run(_run(Console(highlight=False), browser, port))


async def _run(console: Console, browser: bool, port: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="kdiag-demo-") as folder:
        async with open_workspace(port) as ws:
            console.print(f"The workspace is at [link={ws.url}]{ws.url}[/link]; the bot is starting…")
            log = Path(folder) / "bot.log"
            async with run_bot(ws, Path(folder), log) as process:
                ended = asyncio.create_task(process.wait())
                stopped = asyncio.create_task(stop.wait())
                connected = asyncio.create_task(ws.connected(CONNECTED_WITHIN))
                await asyncio.wait({ended, stopped, connected}, return_when=asyncio.FIRST_COMPLETED)
                if connected.done() and connected.exception() is None:
                    _greet(console, ws.url)
                    if browser and _has_screen():
                        webbrowser.open(ws.url)
                    await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
                connected.cancel()
                stopped.cancel()
                if not stop.is_set():
                    raise KdiagError(f"the bot of the demo stopped or did not connect:\n{_end_of(log)}")
                console.print("\nStopping.")


@asynccontextmanager
async def open_workspace(port: int | None) -> AsyncIterator[Workspace]:
    manifest: Mapping[str, Any] = yaml.safe_load(MANIFEST.read_text())
    try:
        ws = Workspace(manifest, PORT if port is None else port, suggestions())
    except OSError as error:
        if port is not None:
            raise KdiagError(f"port {port} cannot be used: {os.strerror(error.errno or 0)}") from None
        ws = Workspace(manifest, 0, suggestions())
    async with ws:
        yield ws


@asynccontextmanager
async def run_bot(ws: Workspace, folder: Path, log: Path) -> AsyncIterator[Process]:
    """`kdiag serve` in a process of its own, with nothing of this machine's settings."""
    settings = folder / "kdiag.yaml"
    settings.write_text("{}\n")
    environment = {
        "SLACK_API_URL": ws.api_url,
        "SLACK_BOT_TOKEN": ws.app.bot_token,
        "SLACK_APP_TOKEN": ws.app.app_token,
        "KDIAG_CONFIG": str(settings),
        **{name: str(folder) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME")},
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", "serve", "--dump", str(RECORDING), "--host", "127.0.0.1", "--port", "0"),
            env={**os.environ, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us; the bot gets its SIGTERM when we are done
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOPPED_WITHIN):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def _has_screen() -> bool:
    """Whether a browser would open a window, and not take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _greet(console: Console, url: str) -> None:
    console.print(f"\n[bold]kdiag is in the workspace:[/bold] [cyan]{url}[/cyan]")
    console.print("Open it in a browser and try, for example:")
    for suggestion in suggestions():
        if suggestion.text:
            line = suggestion.text.strip().splitlines()[0]
            console.print(f"  [cyan]{line}[/cyan]", soft_wrap=True)
    console.print(
        "They are buttons on the page. Switch to Kenji, bottom left, for answers in Japanese. Ctrl-C ends it."
    )


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-SHOWN_LOG:])
