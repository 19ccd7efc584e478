"""The Web API through the real slack_sdk client: answers, refusals, rates, files and response_urls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        yield workspace


@pytest.fixture
def client(ws: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=ws.app.bot_token, base_url=ws.api_url)


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as raised:
        await call
    return str(raised.value.response["error"])


async def test_tokens(ws: Workspace) -> None:
    assert await refusal(AsyncWebClient(base_url=ws.api_url).auth_test()) == "not_authed"
    assert await refusal(AsyncWebClient(token="xoxb-no", base_url=ws.api_url).auth_test()) == "invalid_auth"
    with_bot = AsyncWebClient(base_url=ws.api_url)
    wrong_kind = with_bot.apps_connections_open(app_token=ws.app.bot_token)
    assert await refusal(wrong_kind) == "not_allowed_token_type"


async def test_auth_test_says_who_and_with_which_scopes(ws: Workspace, client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert answer["user_id"] == ws.state.bot.id
    assert answer.headers["x-oauth-scopes"].split(",") == sorted(ws.app.scopes)


REFUSED: list[tuple[str, Callable[[AsyncWebClient, Workspace], Any], str]] = [
    ("no channel", lambda c, ws: c.chat_postMessage(channel="C404", text="x"), "channel_not_found"),
    ("a private one", lambda c, ws: c.chat_postMessage(channel="oncall", text="x"), "channel_not_found"),
    ("not a member", lambda c, ws: c.chat_postMessage(channel="#general", text="x"), "not_in_channel"),
    ("nothing to say", lambda c, ws: c.api_call("chat.postMessage", json={"channel": "#ops"}), "no_text"),
    ("no thread", lambda c, ws: c.chat_postMessage(channel="ops", text="x", thread_ts="1.2"), "thread_not_found"),
    ("no message", lambda c, ws: c.chat_update(channel="ops", ts="1.2", text="x"), "message_not_found"),
    ("no message to delete", lambda c, ws: c.chat_delete(channel="ops", ts="1.2"), "message_not_found"),
    ("another's", lambda c, ws: c.chat_update(channel="ops", ts=said(ws), text="x"), "cant_update_message"),
    ("another's to delete", lambda c, ws: c.chat_delete(channel="ops", ts=said(ws)), "cant_delete_message"),
    ("no user", lambda c, ws: c.users_info(user="U404"), "user_not_found"),
    (
        "not there to see",
        lambda c, ws: c.chat_postEphemeral(channel="shop", user=ws.state.user("kenji").id, text="x"),
        "user_not_in_channel",
    ),
    ("no method", lambda c, ws: c.api_call("chat.shout"), "unknown_method"),
    ("no file", lambda c, ws: c.files_info(file="F404"), "file_not_found"),
    ("a file that it may not see", lambda c, ws: c.files_info(file=unseen(ws)), "file_not_found"),
    ("no trigger", lambda c, ws: c.views_open(trigger_id="1", view=MODAL), "invalid_trigger_id"),
    (
        "not JSON",
        lambda c, ws: c.api_call("chat.postMessage", params={"channel": "ops", "blocks": "["}),
        "invalid_blocks_format",
    ),
]
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "t"}, "blocks": []}


def said(ws: Workspace) -> str:
    return str(ws.say("ops", "anna", "mine")["ts"])


def unseen(ws: Workspace) -> str:
    return str(ws.say("general", "anna", "", files={"a.txt": "x"})["files"][0]["id"])


@pytest.mark.parametrize(("call", "error"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
async def test_refusals(
    ws: Workspace, client: AsyncWebClient, call: Callable[[AsyncWebClient, Workspace], Any], error: str
) -> None:
    assert await refusal(call(client, ws)) == error


async def test_an_archived_channel_takes_nothing(ws: Workspace, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="ops", text="x")
    ws.archive("ops")
    assert await refusal(client.chat_postMessage(channel="ops", text="y")) == "is_archived"
    assert await refusal(client.chat_update(channel=posted["channel"], ts=posted["ts"], text="y")) == "is_archived"


async def test_a_missing_scope_is_named(ws: Workspace, client: AsyncWebClient) -> None:
    ws.revoke_scope("channels:history")
    with pytest.raises(SlackApiError) as raised:
        await client.conversations_history(channel=ws.state.channel("ops").id)
    assert raised.value.response["error"] == "missing_scope"
    assert raised.value.response["needed"] == "channels:history"
    im = await client.conversations_open(users=ws.state.user("anna").id)
    assert (await client.conversations_history(channel=im["channel"]["id"]))["messages"] == []


async def test_an_update_takes_less_text_than_a_post(client: AsyncWebClient) -> None:
    text = "あ" * 1333
    posted = await client.chat_postMessage(channel="ops", text="x" * 41_000)
    assert len(posted["message"]["text"]) == 40_000
    where = {"channel": posted["channel"], "ts": posted["ts"]}
    await client.chat_update(**where, text=text)
    assert await refusal(client.chat_update(**where, text=text + "あ")) == "msg_too_long"


async def test_an_update_without_blocks_removes_them(ws: Workspace, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="ops", text="x", blocks=[{"type": "divider"}])
    assert "block_id" in posted["message"]["blocks"][0]
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="y")
    assert ws.messages("ops")[0]["blocks"] == []
    assert "edited" in ws.messages("ops")[0]


async def test_a_reply_to_a_reply_is_refused(ws: Workspace, client: AsyncWebClient) -> None:
    parent = said(ws)
    reply = await client.chat_postMessage(channel="ops", text="x", thread_ts=parent)
    to_reply = client.chat_postMessage(channel="ops", text="y", thread_ts=reply["ts"])
    assert await refusal(to_reply) == "cannot_reply_to_message"


async def test_history_and_replies_are_paged(ws: Workspace, client: AsyncWebClient) -> None:
    channel = ws.state.channel("ops").id
    for n in range(5):
        ws.say("ops", "anna", str(n))
    parent = ws.messages("ops")[0]["ts"]
    for n in range(3):
        ws.say("ops", "kenji", f"reply {n}", thread_ts=parent)
    first = await client.conversations_history(channel=channel, limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel=channel, limit=3, cursor=cursor)
    assert [m["text"] for m in first["messages"] + second["messages"]] == ["4", "3", "2", "1", "0"]
    assert first["has_more"] and not second["has_more"]
    replies = await client.conversations_replies(channel=channel, ts=parent)
    assert [m["text"] for m in replies["messages"]] == ["0", "reply 0", "reply 1", "reply 2"]
    oldest = ws.messages("ops")[2]["ts"]
    newer = await client.conversations_history(channel=channel, oldest=oldest)
    assert [m["text"] for m in newer["messages"]] == ["4", "3"]


async def test_a_deleted_parent_keeps_its_thread(ws: Workspace, client: AsyncWebClient) -> None:
    parent = said(ws)
    await client.chat_postMessage(channel="ops", text="x", thread_ts=parent)
    ws.delete_message("ops", parent)
    assert [m["text"] for m in ws.thread("ops", parent)] == ["This message was deleted.", "x"]
    await client.chat_postMessage(channel="ops", text="y", thread_ts=parent)


async def test_people_and_channels(ws: Workspace, client: AsyncWebClient) -> None:
    kenji = ws.state.user("kenji").id
    assert (await client.users_info(user=kenji, include_locale=True))["user"]["locale"] == "ja-JP"
    assert "locale" not in (await client.users_info(user=kenji))["user"]
    (group,) = (await client.usergroups_list())["usergroups"]
    assert kenji in (await client.usergroups_users_list(usergroup=group["id"]))["users"]
    names = [c["name"] for c in (await client.conversations_list(exclude_archived=True))["channels"]]
    assert names == ["general", "ops", "shop"]
    assert [c["name"] for c in (await client.users_conversations())["channels"]] == ["ops", "shop"]
    general = ws.state.channel("general").id
    await client.conversations_join(channel=general)
    assert ws.state.bot.id in (await client.conversations_members(channel=general))["members"]
    link = await client.chat_getPermalink(channel=ws.state.channel("ops").id, message_ts=said(ws))
    assert link["permalink"].startswith(f"{ws.url}/archives/C")


async def test_files_up_and_down(ws: Workspace, client: AsyncWebClient) -> None:
    await client.files_upload_v2(channel=ws.state.channel("ops").id, filename="a.txt", content="abc", title="A")
    (message,) = ws.messages("ops")
    assert message["files"][0]["title"] == "A"
    address = message["files"][0]["url_private_download"]
    async with aiohttp.ClientSession() as session:
        answer = await session.get(address, headers={"Authorization": f"Bearer {ws.app.bot_token}"})
        assert await answer.read() == b"abc"
        assert "Sign in" in await (await session.get(address)).text()
        ws.revoke_scope("files:read")
        again = await session.get(address, headers={"Authorization": f"Bearer {ws.app.bot_token}"})
        assert "Sign in" in await again.text()


async def test_an_upload_must_have_the_length_that_was_said(ws: Workspace, client: AsyncWebClient) -> None:
    told = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with aiohttp.ClientSession() as session:
        assert (await session.post(told["upload_url"], data=b"four")).status == 400
    assert await refusal(client.files_completeUploadExternal(files=[{"id": told["file_id"]}])) == "file_not_found"


async def test_reactions(ws: Workspace, client: AsyncWebClient) -> None:
    where = {"channel": ws.state.channel("ops").id, "timestamp": said(ws), "name": "eyes"}
    await client.reactions_add(**where)
    assert await refusal(client.reactions_add(**where)) == "already_reacted"
    await client.reactions_remove(**where)
    assert ws.messages("ops")[0]["reactions"] == []


async def test_home_is_published_under_its_hash(ws: Workspace, client: AsyncWebClient) -> None:
    anna = ws.state.user("anna").id
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = await client.views_publish(user_id=anna, view=home)
    await client.views_publish(user_id=anna, view=home, hash=first["view"]["hash"])
    assert await refusal(client.views_publish(user_id=anna, view=home, hash=first["view"]["hash"])) == "hash_conflict"


async def test_ordered_faults(ws: Workspace, client: AsyncWebClient) -> None:
    ws.fail("chat.postMessage", "internal_error")
    assert await refusal(client.chat_postMessage(channel="ops", text="x")) == "internal_error"
    ws.rate_limit("chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel="ops", text="x")
    assert raised.value.response.status_code == 429
    assert raised.value.response.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel="ops", text="x")


async def test_slacks_rates_hold_when_switched_on(ws: Workspace, client: AsyncWebClient) -> None:
    ws.faults.rates = True
    for _ in range(5):
        await client.chat_postMessage(channel="ops", text="x")
    assert await refusal(client.chat_postMessage(channel="ops", text="x")) == "ratelimited"
    await client.chat_postMessage(channel="shop", text="x")
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    await client.chat_postMessage(channel="ops", text="x")


async def answered(url: str, body: dict[str, Any]) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        answer = await session.post(url, json=body)
        return answer.status, await answer.text()


async def test_a_response_url_has_five_uses_and_an_end(ws: Workspace) -> None:
    channel, anna = ws.state.channel("ops"), ws.state.user("anna").id
    url = ws.responses.new(channel, anna)
    for n in range(5):
        assert await answered(url, {"text": str(n)}) == (200, "ok")
    status, text = await answered(url, {"text": "6"})
    assert status == 404 and "used_url" in text
    other = ws.responses.new(channel, anna)
    ws.expire_response_urls()
    status, text = await answered(other, {"text": "1"})
    assert status == 404 and "expired_url" in text


async def test_a_response_url_keeps_the_limits(ws: Workspace) -> None:
    url = ws.responses.new(ws.state.channel("ops"), ws.state.user("anna").id)
    status, text = await answered(url, {"blocks": [{"type": "divider"}] * 51})
    assert status == 400 and "invalid_blocks" in text


async def test_a_response_replaces_and_deletes_what_it_began_at(ws: Workspace, client: AsyncWebClient) -> None:
    channel, anna = ws.state.channel("ops"), ws.state.user("anna").id
    await client.chat_postEphemeral(channel=channel.id, user=anna, text="pick one")
    (original,) = ws.ephemerals("ops", "anna")
    url = ws.responses.new(channel, anna, original)
    await answered(url, {"replace_original": True, "text": "picked"})
    assert [m["text"] for m in ws.ephemerals("ops", "anna")] == ["picked"]
    await answered(url, {"delete_original": True})
    assert ws.ephemerals("ops", "anna") == []
    await answered(url, {"response_type": "in_channel", "text": "for all"})
    assert [m["text"] for m in ws.messages("ops")] == ["for all"]
