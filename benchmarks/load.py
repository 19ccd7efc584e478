"""The bot under load: `kdiag serve` in a process of its own, against the workspace, by Socket Mode.

    python benchmarks/load.py [--minute 60] [--messages 10000]

First 200 pastes, spread over 20 channels, and 50 slash commands within a minute: how fast each was acknowledged and
answered. Then many messages of talk, with a paste among every hundred: how much memory the bot has before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import yaml

from bot.demo import RECORDING
from bot.doctor import MANIFEST
from bot.workspace import Workspace
from bot.workspace.app import BOT_USER

PASTES = 200
COMMANDS = 50
CHANNELS = 20


def report(what: str, value: str) -> None:
    print(f"{what:58} {value}", flush=True)


def memory_mb(pid: int) -> float:
    """Resident memory of the process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


async def minute(ws: Workspace, seconds: float) -> None:
    names = [f"team-{n}" for n in range(CHANNELS)]
    started = time.monotonic()
    asked: list[tuple[str, str]] = []
    commands: list[asyncio.Task[object]] = []
    before = len(ws.deliveries)
    for number in range(PASTES):
        name = names[number % CHANNELS]
        text = f'Warning  Failed  3s  kubelet  Error: secret "db-password-{number}" not found'
        asked.append((name, ws.say(name, "anna", text)["ts"]))
        if number % (PASTES // COMMANDS) == 0:
            line = ("/kdiag summary", "/kdiag service shop/cart", "/kdiag pod shop/cart-7c9d8f6b5-w9d3s")[number % 3]
            commands.append(asyncio.create_task(ws.command(name, "omar", line)))
        await asyncio.sleep(max(0.0, started + seconds * (number + 1) / PASTES - time.monotonic()))
    await asyncio.gather(*commands)
    await ws.wait_for(lambda: all(len(ws.thread(name, ts)) > 1 for name, ts in asked), timeout=120)
    await ws.wait_for(lambda: _answers(ws, names) >= COMMANDS, timeout=120)
    sent = list(ws.deliveries)[before:]
    await ws.wait_for(lambda: all(one.acknowledged or len(one.reasons) > 0 for one in sent), timeout=30)
    waits = [
        float(ws.thread(name, ts)[1]["ts"]) - float(ts)  # a message's name is its time
        for name, ts in asked
    ]
    acks = [one.acked_after for one in sent if one.acked_after is not None]
    lost = [one for one in sent if not one.acknowledged]
    report(f"{PASTES} pastes and {COMMANDS} commands in {seconds:g} s: not acknowledged", str(len(lost)))
    report("  acknowledged after, median / 99 % / worst", _times(acks))
    report("  pastes answered after, median / 99 % / worst", _times(waits))
    report("  pastes and commands answered", f"{len(waits)} and {_answers(ws, names)}")


def _answers(ws: Workspace, names: list[str]) -> int:
    """How many commands have their answer in the channels: a message with buttons."""
    found = [m for name in names for m in ws.messages(name) if m["user"] == BOT_USER]
    return sum(any(block["type"] == "actions" for block in message["blocks"]) for message in found)


def _times(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{statistics.median(ordered) * 1000:.0f} / {high * 1000:.0f} / {ordered[-1] * 1000:.0f} ms"


async def talk(ws: Workspace, pid: int, messages: int) -> None:
    sizes = []
    for number in range(messages):
        name = f"team-{number % CHANNELS}"
        text = f"lunch at {number % 24}? I shall be late, the deploy is still running"
        if number % 100 == 0:
            text = f'Warning  Failed  3s  kubelet  Error: secret "talk-{number}" not found'
        said = ws.say(name, "anna", text)["ts"]
        if number % 100 == 0:  # what is not answered yet is in memory too: that is not what is measured
            await ws.wait_for(lambda n=name, ts=said: ws.thread(n, ts)[1:], timeout=60)
        if number % (messages // 4) == 0:
            sizes.append(memory_mb(pid))
    await asyncio.sleep(2)
    sizes.append(memory_mb(pid))
    report(f"memory over {messages} messages", " → ".join(f"{one:.0f} MB" for one in sizes))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minute", type=float, default=60)
    parser.add_argument("--messages", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with Workspace(yaml.safe_load(MANIFEST.read_text())) as ws:
            for number in range(CHANNELS):
                ws.state.add_channel(f"team-{number}", [*(ws.state.user(n).id for n in ("anna", "omar")), BOT_USER])
            settings = Path(folder) / "kdiag.yaml"
            settings.write_text(f"storage: sqlite:///{folder}/kdiag.db\n")
            bot = await asyncio.create_subprocess_exec(
                *(
                    sys.executable,
                    "-m",
                    "bot.cli",
                    "serve",
                    "--dump",
                    str(RECORDING),
                    "--host",
                    "127.0.0.1",
                    "--port",
                    "0",
                ),
                env={
                    **os.environ,
                    "SLACK_API_URL": ws.api_url,
                    "SLACK_BOT_TOKEN": ws.app.bot_token,
                    "SLACK_APP_TOKEN": ws.app.app_token,
                    "KDIAG_CONFIG": str(settings),
                },
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                await ws.connected(60)
                await minute(ws, arguments.minute)
                await talk(ws, bot.pid, arguments.messages)
            finally:
                bot.terminate()
                await bot.wait()


if __name__ == "__main__":
    asyncio.run(main())
