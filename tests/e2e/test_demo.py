"""`kdiag demo`: one command, the bot in its workspace, seen in a browser; it ends cleanly on Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import open_page

pytestmark = pytest.mark.e2e
ANSWERED_MS = 60_000


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[tuple[Process, str]]:
    """The running demo and the address it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "demo", "--workspace", "--no-browser", "--port", "0"),
        stdout=PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while b"kdiag is in the workspace" not in (line := await process.stdout.readline()):
                assert line, "the demo ended"
        address = re.search(rb"http://\S+", line)
        assert address is not None
        yield process, address[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answer_to(page: Page, label: str) -> None:
    await page.get_by_role("button", name=label, exact=True).click()


async def test_the_bot_answers_in_the_page_and_ends_with_it(demo: tuple[Process, str], tmp_path: Path) -> None:
    process, url = demo
    async with open_page(url) as page:
        await answer_to(page, "Why is cart down?")
        answer = page.locator("#messages .message", has_text="swap").last
        await expect(answer).to_be_visible(timeout=ANSWERED_MS)
        await answer.get_by_role("button", name="Why", exact=True).click()
        await answer.get_by_role("button", name="1 reply").click(timeout=ANSWERED_MS)
        await expect(page.locator("#replies .message")).to_have_count(2)
        await answer_to(page, "Paste an error")
        pasted = page.locator("#messages .message", has_text="smtp-token")
        await pasted.get_by_role("button", name="1 reply").click(timeout=ANSWERED_MS)
        await expect(page.locator("#replies .message").last).to_contain_text("smtp-token")
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        assert await process.wait() == 0
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("kdiag-demo-")] == []


async def test_a_taken_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", "demo", "--workspace", "--no-browser", "--port", port), stderr=PIPE
        )
        _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode() == f"kdiag: port {port} cannot be used: Address already in use\n"
