"""kill -9 at any moment: no question is lost silently, no answer is doubled; a stop is announced."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.slack.serve import Bot
from bot.store import Job, Store
from bot.store import jobs as stored_jobs
from bot.workspace import Workspace
from tests.e2e.conftest import StartBot
from tests.e2e.reading import answered, eventually, shown
from tests.e2e.recording import write
from tests.e2e.test_pastes import SECRET

Serve = Callable[[], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def serve(ws: Workspace, storage: str, tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts `kdiag serve` as a process of its own."""
    cluster = write(tmp_path / "cluster", {"web-0": "db-password"})
    settings = tmp_path / "kdiag.yaml"
    settings.write_text(f"storage: {storage}\n")
    processes: list[asyncio.subprocess.Process] = []

    async def start() -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", "serve", "--dump", str(cluster), "--host", "127.0.0.1", "--port", "0"),
            env={
                **os.environ,
                "SLACK_API_URL": ws.api_url,
                "SLACK_BOT_TOKEN": ws.app.bot_token,
                "SLACK_APP_TOKEN": ws.app.app_token,
                "KDIAG_CONFIG": str(settings),
            },
            stderr=asyncio.subprocess.DEVNULL,
        )
        processes.append(process)
        await ws.connected(60)
        return process

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("moment", ["acknowledged", "looking"])
async def test_a_question_in_hand_is_answered_after_kill_9(ws: Workspace, serve: Serve, moment: str) -> None:
    process = await serve()
    ws.rate_limit("chat.postMessage" if moment == "acknowledged" else "chat.update", times=1, retry_after=3)
    assert (await ws.command("ops", "anna", "/kdiag summary")).acknowledged
    if moment == "looking":
        await ws.wait_for(lambda: ws.messages("ops"))
        await ws.wait_for(lambda: ws.calls("chat.update"))
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await serve()
    answer = await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None), timeout=60)
    assert "db-password" in shown(answer)
    await asyncio.sleep(0.5)
    assert len(ws.messages("ops")) == 1


async def test_a_paste_in_hand_is_answered_after_kill_9(ws: Workspace, serve: Serve) -> None:
    process = await serve()
    ws.rate_limit("chat.postMessage", times=1, retry_after=3)
    asked = ws.say("ops", "anna", SECRET)
    await ws.wait_for(lambda: ws.deliveries and ws.deliveries[-1].acknowledged)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await serve()
    answer = await ws.wait_for(lambda: next(filter(answered, ws.thread("ops", asked["ts"])), None), timeout=60)
    assert "smtp-token" in shown(answer)


async def test_sigterm_finishes_what_is_in_hand_and_ends_well(ws: Workspace, serve: Serve) -> None:
    process = await serve()
    deliveries = [await ws.command("ops", "anna", "/kdiag summary") for _ in range(3)]
    assert all(one.acknowledged for one in deliveries)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert len([m for m in ws.messages("ops") if answered(m)]) == 3


async def test_what_is_not_finished_in_time_is_said_and_taken_up_by_the_next(
    ws: Workspace, start_bot: StartBot
) -> None:
    first = await start_bot()
    ws.rate_limit("chat.update", times=1, retry_after=3)
    await ws.command("ops", "anna", "/kdiag summary")
    await ws.wait_for(lambda: ws.calls("chat.update"))
    await first.stop(within_s=0.1)
    assert "being restarted" in shown(ws.messages("ops")[0])
    await start_bot()
    answer = await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None), timeout=30)
    assert len(ws.messages("ops")) == 1 and "node-2" in shown(answer)


async def test_a_question_that_kills_twice_is_given_up_and_the_thread_is_told(
    ws: Workspace, bot: Bot, storage: str
) -> None:
    dead = Store(storage, clock=lambda: bot.desk.store.now - stored_jobs.STALE_S - 1)
    payload = {"user": ws.state.user("anna").id, "channel": ws.state.channel("ops").id, "line": "summary"}
    await dead.jobs.take(Job("command", payload, attempts=2))
    await dead.close()
    told = await ws.wait_for(lambda: ws.messages("ops"), timeout=20)
    assert "gave it up" in shown(told[0])
    await eventually(lambda: _empty(bot))


async def _empty(bot: Bot) -> bool:
    clock = bot.desk.store.database.clock
    bot.desk.store.database.clock = lambda: clock() + 1000
    try:
        return await bot.desk.store.jobs.abandoned() == []
    finally:
        bot.desk.store.database.clock = clock
