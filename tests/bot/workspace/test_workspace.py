"""The workspace itself: who hears what, the manifest, snippets, and the page's door."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.workspace import Workspace
from bot.workspace.actions import SNIPPET_FROM
from bot.workspace.app import DEFAULT_MANIFEST, App


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        yield workspace


def sent(ws: Workspace) -> list[str]:
    """The types of the events to the app."""
    return [d.payload["event"]["type"] for d in ws.deliveries if d.kind == "events_api"]


async def test_a_manifest_that_lacks_a_scope_is_refused() -> None:
    manifest: Any = copy.deepcopy(DEFAULT_MANIFEST)
    manifest["oauth_config"]["scopes"]["bot"].remove("channels:history")
    with pytest.raises(ValueError, match=r"message\.channels needs the scope channels:history"):
        App.from_manifest(manifest)
    manifest["settings"]["event_subscriptions"]["bot_events"] = ["message.mpim"]
    with pytest.raises(ValueError, match="no event"):
        App.from_manifest(manifest)


async def test_events_go_out_where_the_bot_is_a_member(ws: Workspace) -> None:
    ws.say("general", "anna", "@robot hi")
    assert sent(ws) == []
    ws.invite("general")
    ws.say("general", "anna", "@robot hi")
    assert sent(ws) == ["member_joined_channel", "message", "app_mention"]


async def test_a_revoked_scope_silences_its_event(ws: Workspace) -> None:
    ws.revoke_scope("channels:history")
    ws.say("ops", "anna", "@robot hi")
    assert sent(ws) == ["app_mention"]


async def test_direct_messages_are_no_mentions(ws: Workspace) -> None:
    ws.say("@anna", "anna", "@robot hi")
    (event,) = [d.payload["event"] for d in ws.deliveries]
    assert (event["type"], event["channel_type"]) == ("message", "im")


async def test_long_text_becomes_a_snippet(ws: Workspace) -> None:
    message = ws.say("ops", "anna", "x" * (SNIPPET_FROM + 1))
    assert message["text"] == ""
    assert (message["files"][0]["mode"], message["files"][0]["size"]) == ("snippet", SNIPPET_FROM + 1)
    assert "files" not in ws.say("ops", "anna", "x" * SNIPPET_FROM)


async def test_only_ones_own_can_be_changed(ws: Workspace) -> None:
    said = ws.say("ops", "anna", "hi")
    with pytest.raises(PermissionError):
        ws.edit("ops", "kenji", said["ts"], "ho")
    with pytest.raises(PermissionError):
        ws.delete("ops", "kenji", said["ts"])
    with pytest.raises(PermissionError):
        ws.say("shop", "kenji", "I am not in there")


async def test_another_apps_alert_is_heard_as_that_of_a_bot(ws: Workspace) -> None:
    ws.alert("ops", "PodCrashLooping", attachments=[{"text": "cart"}])
    (event,) = [d.payload["event"] for d in ws.deliveries]
    assert (event["subtype"], event["bot_id"]) == ("bot_message", "B0ALERTS")
    assert event["attachments"] == [{"text": "cart"}]


async def test_the_app_is_not_shown_an_ephemeral_message_again(ws: Workspace) -> None:
    ws.dispatcher.ack_timeout = 0
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "A"}}
    blocks = ws.state.named([{"type": "actions", "elements": [button]}])
    said = ws.state.post_ephemeral(ws.state.channel("ops"), ws.state.user("anna").id, ws.state.by_bot(blocks=blocks))
    pressed = await ws.click("ops", "anna", said["ts"], "a")
    assert pressed.payload["container"]["is_ephemeral"]
    assert "message" not in pressed.payload


async def test_an_unknown_command_is_refused(ws: Workspace) -> None:
    with pytest.raises(LookupError, match="/nothing is not a valid command"):
        await ws.command("ops", "anna", "/nothing at all")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_the_page_is_for_this_machine(ws: Workspace, headers: dict[str, str], status: int) -> None:
    async with aiohttp.ClientSession() as session:
        said = {"do": "say", "user": "anna", "channel": "ops", "text": "hi"}
        answer = await session.post(f"{ws.url}/page-data/do", json=said, headers=headers)
        assert answer.status == status
        assert (await session.get(ws.url, headers=headers)).status == status
    assert len(ws.messages("ops")) == (status == 200)


async def test_the_page_is_told_what_cannot_be_done(ws: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        for asked in ({"do": "dance"}, {"do": "say"}, {"do": "say", "user": "nobody", "channel": "ops", "text": "x"}):
            answer = await (await session.post(f"{ws.url}/page-data/do", json=asked)).json()
            assert answer["ok"] is False
        assert (await session.get(f"{ws.url}/page/..%2fserver.py")).status == 404
