"""Sending: pace, progress, and files that only come from Slack; with the SDK's real client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.slack.files import MAX_BYTES, FileError, Files, TooBig, is_text
from bot.slack.messages import Messenger, Pace, Undeliverable, line, web_client
from bot.slack.progress import Progress
from bot.workspace import Workspace


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        yield workspace


@pytest.fixture
def messenger(ws: Workspace) -> Messenger:
    return Messenger(web_client(ws.app.bot_token, ws.api_url))


async def test_a_burst_goes_at_once_and_the_rest_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace = Pace(burst=3)
    for _ in range(5):
        await pace.wait("C1")
    await pace.wait("C2")
    assert [round(one) for one in slept] == [1, 2]


async def test_progress_shows_the_newest_step_and_never_after_the_answer(
    ws: Workspace, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.progress.FIRST_S", 0.0)
    monkeypatch.setattr("bot.slack.progress.EVERY_S", 0.05)
    channel = ws.state.channel("ops").id
    ts = await messenger.post(channel, line("looking"))
    async with Progress(messenger, channel, ts, "`pod web-0`", "en") as progress:
        progress.step("collect")
        progress.step("want logs, <!channel>`")
        await ws.wait_for(lambda: "fetching" in ws.messages("ops")[0]["text"])
        assert "<!channel>" not in ws.messages("ops")[0]["text"]
        progress.step("infer")
    await messenger.update(channel, ts, line("answer"))
    await asyncio.sleep(0.2)
    assert ws.messages("ops")[0]["text"] == "answer"


async def test_a_refusal_is_one_kind_of_error_with_slacks_word(ws: Workspace, messenger: Messenger) -> None:
    with pytest.raises(Undeliverable, match="channel_not_found"):
        await messenger.post("C404", line("x"))
    ws.revoke_scope("chat:write")
    with pytest.raises(Undeliverable, match=r"missing_scope: chat:write"):
        await messenger.post(ws.state.channel("ops").id, line("x"))
    assert await messenger.permalink("C404", "1.1") == ""


async def test_nothing_is_unfurled(ws: Workspace, messenger: Messenger) -> None:
    await messenger.post(ws.state.channel("ops").id, line("https://example.com"))
    (call,) = ws.calls("chat.postMessage")
    assert str(call["unfurl_links"]).lower() == str(call["unfurl_media"]).lower() == "false"


@pytest.fixture
async def elsewhere() -> AsyncIterator[tuple[str, list[str]]]:
    """A host that is not Slack: its address, and the Authorization headers it was sent."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response(text="stolen")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    await runner.cleanup()


async def test_the_token_goes_to_slack_alone(ws: Workspace, elsewhere: tuple[str, list[str]]) -> None:
    address, seen = elsewhere
    files = Files(web_client(ws.app.bot_token, ws.api_url))
    for url in (f"{address}/a.log", "https://evil.example.com/files.slack.com/a.log", "file:///etc/passwd"):
        with pytest.raises(FileError, match="not stored at Slack"):
            await files.text({"id": "F1", "size": 1, "url_private_download": url})
    real = Files(web_client("xoxb-1"))
    for url in (
        "http://files.slack.com/a",
        "https://files.slack.com.evil.example.com/a",
        "https://slack.com@evil.example.com/",
    ):
        with pytest.raises(FileError, match="not stored at Slack"):
            await real.text({"id": "F1", "size": 1, "url_private_download": url})
    assert seen == []


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"x" * (MAX_BYTES + 1), TooBig), (b"\x7fELF\0\0", FileError)],
)
async def test_what_cannot_be_read_is_said(ws: Workspace, content: bytes, said: type[FileError]) -> None:
    message = ws.say("ops", "anna", "", files={"a.log": content})
    with pytest.raises(said):
        await Files(web_client(ws.app.bot_token, ws.api_url)).text(message["files"][0])


async def test_utf_16_of_windows_is_read(ws: Workspace) -> None:
    message = ws.say("ops", "anna", "", files={"a.log": "Fehler: größer".encode("utf-16")})
    assert await Files(web_client(ws.app.bot_token, ws.api_url)).text(message["files"][0]) == "Fehler: größer"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ({"mode": "snippet"}, True),
        ({"name": "kubelet.log", "mimetype": "application/octet-stream"}, True),
        ({"filetype": "yaml"}, True),
        ({"mimetype": "image/png", "name": "a.png"}, False),
        ({"name": "a.tar.gz"}, False),
        ({}, False),
    ],
)
def test_text_is_known_by_what_slack_says(file: dict[str, Any], text: bool) -> None:
    assert is_text(file) is text
