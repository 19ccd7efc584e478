"""The workspace is Slack to an app on the real slack-bolt, by Socket Mode and by signed HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.workspace import Workspace
from tests.e2e import robot

pytestmark = pytest.mark.e2e


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        yield workspace


@pytest.fixture(params=["socket", "http"])
async def app(ws: Workspace, request: pytest.FixtureRequest) -> AsyncIterator[AsyncApp]:
    connect = robot.over_socket if request.param == "socket" else robot.over_http
    async with connect(ws) as connected:
        yield connected


@pytest.fixture
async def connected(ws: Workspace) -> AsyncIterator[AsyncApp]:
    async with robot.over_socket(ws) as app:
        yield app


def heard(app: AsyncApp, kind: str) -> list[Any]:
    return [what for name, what in app.heard if name == kind]  # type: ignore[attr-defined]


async def test_a_mention_is_answered_in_its_thread(ws: Workspace, app: AsyncApp) -> None:
    asked = ws.say("ops", "anna", "@robot are you there?")
    answers = await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:])
    assert [a["text"] for a in answers] == ["hello"]
    assert ws.messages("ops")[0]["reply_count"] == 1


async def test_a_mention_where_the_bot_is_not_a_member_is_not_heard(ws: Workspace, connected: AsyncApp) -> None:
    ws.say("general", "anna", "@robot are you there?")
    asked = ws.say("ops", "anna", "@robot and here?")
    await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:])
    assert {m["channel"] for m in heard(connected, "mention")} == {ws.state.channel("ops").id}


async def test_a_command_is_acknowledged_with_an_ephemeral_answer(ws: Workspace, app: AsyncApp) -> None:
    done = await ws.command("ops", "anna", "/robot see @kenji in #shop & <b>")
    assert done.acknowledged
    assert [m["text"] for m in ws.ephemerals("ops", "anna")] == ["looking"]
    kenji, shop = ws.state.user("kenji").id, ws.state.channel("shop").id
    assert heard(app, "command")[0]["text"] == f"see <@{kenji}|kenji> in <#{shop}|shop> &amp; &lt;b&gt;"


async def test_a_command_may_answer_in_the_channel(ws: Workspace, app: AsyncApp) -> None:
    await ws.command("ops", "anna", "/robot now")
    assert [m["text"] for m in ws.messages("ops")] == ["/robot now", "at once"]


async def test_a_response_url_takes_five_posts(ws: Workspace, app: AsyncApp) -> None:
    await ws.command("ops", "anna", "/robot flood")
    await ws.wait_for(lambda: len(ws.ephemerals("ops", "anna")) == 5)
    assert [m["text"] for m in ws.ephemerals("ops", "anna")] == [f"answer {n}" for n in range(5)]


async def test_buttons_and_menus(ws: Workspace, app: AsyncApp) -> None:
    for _ in range(3):
        await ws.command("ops", "anna", "/robot buttons")
    first, second, third = await ws.wait_for(lambda: ms if len(ms := ws.messages("ops")) == 3 else None)
    await ws.click("ops", "anna", first["ts"], "more")
    await ws.wait_for(lambda: ws.messages("ops")[0]["text"] == "more it is")
    await ws.click("ops", "anna", second["ts"], "pick", value="shop/web-1")
    await ws.wait_for(lambda: ws.messages("ops")[1]["text"] == "picked shop/web-1")
    assert ws.messages("ops")[1]["blocks"] == []
    await ws.click("ops", "anna", third["ts"], "wipe")
    await ws.wait_for(lambda: len(ws.messages("ops")) == 2)
    with pytest.raises(LookupError):
        await ws.click("ops", "anna", first["ts"], "more")


async def test_a_file_is_read_with_the_token(ws: Workspace, app: AsyncApp) -> None:
    ws.say("ops", "anna", "the log", files={"kubelet.log": "it broke\n"})
    assert await ws.wait_for(lambda: heard(app, "file")) == [b"it broke\n"]
    await ws.wait_for(lambda: heard(app, "file_shared"))


async def test_a_shortcut_and_an_uploaded_file(ws: Workspace, app: AsyncApp) -> None:
    said = ws.say("ops", "anna", "look here")
    await ws.shortcut("ops", "anna", said["ts"], "look")
    (reply,) = await ws.wait_for(lambda: ws.thread("ops", said["ts"])[1:])
    assert reply["text"] == "what I saw"
    assert ws.state.files[reply["files"][0]["id"]].content == b"seen: look here"


async def test_edits_and_deletions_are_told(ws: Workspace, app: AsyncApp) -> None:
    said = ws.say("ops", "anna", "frist")
    ws.edit("ops", "anna", said["ts"], "first")
    ws.delete("ops", "anna", said["ts"])
    events = await ws.wait_for(lambda: m if len(m := heard(app, "message")) == 3 else None)
    by_subtype = {e.get("subtype"): e for e in events}
    assert by_subtype["message_changed"]["message"]["text"] == "first"
    assert by_subtype["message_deleted"]["deleted_ts"] == said["ts"]


async def test_a_modal(ws: Workspace, app: AsyncApp) -> None:
    await ws.command("ops", "anna", "/robot form")
    view = await ws.wait_for(lambda: next(iter(ws.state.views.values()), None))

    async def submit(words: str) -> dict[str, Any]:
        values = {"what": {"words": {"type": "plain_text_input", "value": words}}}
        return (await ws.submit("anna", view["id"], values)).response

    assert (await submit("bad"))["errors"] == {"what": "not that"}
    assert view["id"] in ws.state.views
    await submit("good")
    assert not ws.state.views


async def test_home(ws: Workspace, app: AsyncApp) -> None:
    ws.open_home("kenji")
    view = await ws.wait_for(lambda: ws.home("kenji"))
    assert view["blocks"][0]["text"]["text"] == "At home"
    assert ws.home("anna") is None


async def test_a_dropped_connection_is_made_anew(ws: Workspace, connected: AsyncApp) -> None:
    ws.dispatcher.retry_delays = (0, 1, 5)
    await ws.drop_connections()
    asked = ws.say("ops", "anna", "@robot still there?")
    assert await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:], 20)


async def test_a_disconnect_request_is_followed(ws: Workspace, connected: AsyncApp) -> None:
    await ws.disconnect_request()
    asked = ws.say("ops", "anna", "@robot still there?")
    assert await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:], 20)


async def test_two_connections_share_the_events(ws: Workspace) -> None:
    async with robot.over_socket(ws) as one, robot.over_socket(ws) as other:
        await ws.wait_for(lambda: ws.sockets.connections == 2)
        for n in range(6):
            ws.say("ops", "anna", f"number {n}")
        await ws.wait_for(lambda: len(heard(one, "message")) + len(heard(other, "message")) == 6)
        assert len(heard(one, "message")) == len(heard(other, "message")) == 3


async def test_an_event_can_come_twice(ws: Workspace, connected: AsyncApp) -> None:
    ws.say("ops", "anna", "once")
    await ws.wait_for(lambda: heard(connected, "message"))
    ws.resend_last_event()
    await ws.wait_for(lambda: len(heard(connected, "message")) == 2)
    assert heard(connected, "message")[0] == heard(connected, "message")[1]


async def test_a_forged_request_is_refused_by_the_app(ws: Workspace) -> None:
    async with robot.over_http(ws) as app:
        ws.dispatcher.retry_delays = ()
        assert ws.http is not None
        ws.http.clock_skew = 600
        ws.say("ops", "anna", "from the future")
        await ws.wait_for(lambda: any(d.reasons for d in ws.deliveries))
        assert not heard(app, "message")
