"""Slack's bad days: whatever it does, every question is answered once, and nobody is left with silence."""

from __future__ import annotations

import asyncio
import io
import json

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from bot.slack.serve import Bot, Tokens
from bot.workspace import Workspace
from bot.workspace.delivery import Delivery
from rules.errors import KdiagError
from tests.e2e.conftest import StartBot
from tests.e2e.reading import answered, eventually, shown
from tests.e2e.test_pastes import SECRET, answer_in


async def test_a_retried_event_is_answered_once(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("ops", "anna", SECRET)
    await answer_in(ws, "ops", asked["ts"])
    for _ in range(3):
        ws.resend_last_event()
    last = ws.deliveries[-1]
    await ws.wait_for(lambda: last.attempts >= 4)
    await eventually(lambda: idle(bot))
    assert len(ws.thread("ops", asked["ts"])) == 2


async def idle(bot: Bot) -> bool:
    return bot.work.in_hand == 0


async def test_429_is_waited_for(ws: Workspace, bot: Bot) -> None:
    ws.rate_limit("chat.postMessage", times=2, retry_after=1)
    asked = ws.say("ops", "anna", SECRET)
    await answer_in(ws, "ops", asked["ts"])
    ws.rate_limit("chat.update", times=1, retry_after=1)
    await ws.command("ops", "anna", "/kdiag summary")
    await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None))


@pytest.mark.parametrize("how", ["drop", "warning", "refresh_requested"])
async def test_it_connects_anew_and_answers_what_was_in_hand(ws: Workspace, bot: Bot, how: str) -> None:
    await ws.command("ops", "anna", "/kdiag summary")
    if how == "drop":
        await ws.drop_connections()
    else:
        await ws.disconnect_request(how)
    await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None))
    await ws.connected(30)
    asked = ws.say("ops", "anna", SECRET)
    await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:], timeout=30)


async def test_an_expired_response_url_falls_back_to_a_direct_message(ws: Workspace, bot: Bot) -> None:
    ws.rate_limit("chat.postMessage", times=1, retry_after=1)
    await ws.command("general", "anna", "/kdiag summary")
    ws.expire_response_urls()
    direct = await ws.wait_for(lambda: next(filter(answered, ws.messages("@anna")), None))
    assert "node-2" in shown(direct)


async def test_a_message_deleted_under_us_is_posted_again(ws: Workspace, bot: Bot) -> None:
    ws.rate_limit("chat.update", times=1, retry_after=1)
    await ws.command("ops", "anna", "/kdiag summary")
    looking = (await ws.wait_for(lambda: ws.messages("ops")))[0]
    ws.delete_message("ops", looking["ts"])
    answer = await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None))
    assert answer["ts"] != looking["ts"]


async def test_in_an_archived_channel_the_person_is_told_and_the_admins_too(ws: Workspace, start_bot: StartBot) -> None:
    await start_bot(chat={"admin_channel": ws.state.channel("shop").id})
    command = asyncio.create_task(ws.command("ops", "anna", "/kdiag summary"))
    await ws.wait_for(lambda: ws.messages("ops"))
    ws.archive("ops")
    await command
    told = await ws.wait_for(lambda: ws.ephemerals("ops", "anna") or ws.messages("@anna") or ws.messages("ops"))
    assert told
    await ws.wait_for(
        lambda: any("is_archived" in shown(m) for m in ws.messages("shop")) or answered(ws.messages("ops")[0])
    )


async def test_without_a_scope_the_rest_works_and_the_admins_hear_of_it(ws: Workspace, start_bot: StartBot) -> None:
    bot = await start_bot(chat={"admin_channel": ws.state.channel("shop").id})
    ws.revoke_scope("users:read")
    ws.revoke_scope("files:write")
    ws.revoke_scope("files:read")
    asked = ws.say("ops", "kenji", SECRET)
    answer = await answer_in(ws, "ops", asked["ts"])
    assert "critical" in shown(answer)  # no locale without users:read: English
    asked = ws.say("ops", "anna", "@kdiag look", files={"kubelet.log": SECRET})
    answer = await answer_in(ws, "ops", asked["ts"])
    assert "files:read" in shown(answer)
    assert await bot.not_ready() == ""


async def test_blocks_that_slack_refuses_are_sent_as_text(ws: Workspace, bot: Bot) -> None:
    ws.fail("chat.postMessage", "invalid_blocks")
    asked = ws.say("ops", "anna", SECRET)
    answer = (await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:]))[0]
    assert "smtp-token" in answer["text"]


async def test_commands_are_acknowledged_while_everything_is_busy(ws: Workspace, bot: Bot) -> None:
    noise = "\n".join(f"Warning BackOff pod/web-{n} Back-off restarting failed container web" for n in range(3000))
    for _ in range(6):
        ws.say("ops", "anna", "", files={"big.log": noise})
    deliveries = await asyncio.gather(*(ws.command("shop", "anna", "/kdiag help") for _ in range(10)))
    assert all(one.acknowledged for one in deliveries)


@pytest.mark.parametrize(
    "payload",
    [
        {"event": {"type": "message"}},
        {"event": {"type": "message", "channel": None, "ts": 3, "user": "U1", "text": ["x"]}},
        {"event": {"type": "message", "subtype": "message_changed", "message": "x", "channel": "C1"}},
        {"event": {"type": "message", "channel": "C1", "ts": "1.1", "user": "U1", "text": "x", "files": [1, None]}},
        {"event": {"type": "message", "channel": "C1", "ts": "1.2", "user": "U1", "text": "", "blocks": [[[[{}]]], 3]}},
        {"event": {"type": "app_home_opened"}},
        {"event": {"type": "something_new", "user": "U1"}},
    ],
)
async def test_malformed_and_unknown_events_do_no_harm(ws: Workspace, bot: Bot, payload: dict[str, object]) -> None:
    ws.dispatcher.start(
        "events_api", {"type": "event_callback", "team_id": "T0WORKSPACE", "event_id": "Ev1", **payload}
    )
    await asyncio.sleep(0.1)
    asked = ws.say("ops", "anna", SECRET)
    await answer_in(ws, "ops", asked["ts"])


async def test_unknown_buttons_and_forgotten_answers_are_told(ws: Workspace, bot: Bot) -> None:
    asked = ws.say("ops", "anna", SECRET)
    answer = await answer_in(ws, "ops", asked["ts"])
    await eventually(lambda: idle(bot))
    await bot.desk.store.forget(-1)
    for action in ("why", "evidence", "helpful"):
        before = len(ws.ephemerals("ops", "anna"))
        await ws.click("ops", "anna", answer["ts"], action)
        told = (await ws.wait_for(lambda n=before: ws.ephemerals("ops", "anna")[n:]))[0]
        assert "no longer remember" in shown(told)


async def test_its_own_messages_are_never_answered(ws: Workspace, bot: Bot) -> None:
    channel = ws.state.channel("ops")
    ws.state.post(channel, ws.state.by_bot(text=SECRET))
    asked = ws.say("shop", "anna", SECRET)
    await answer_in(ws, "shop", asked["ts"])
    assert len(ws.messages("ops")) == 1 and len(ws.thread("ops", ws.messages("ops")[0]["ts"])) == 1


# --- signed HTTP ------------------------------------------------------------------------------------------
async def test_everything_works_over_signed_http(ws: Workspace, start_bot: StartBot) -> None:
    await start_bot(http=True)
    assert (await ws.command("ops", "anna", "/kdiag summary")).acknowledged
    answer = await ws.wait_for(lambda: next(filter(answered, ws.messages("ops")), None))
    await ws.click("ops", "anna", answer["ts"], "why")
    await ws.wait_for(lambda: ws.thread("ops", answer["ts"])[1:])
    asked = ws.say("ops", "anna", SECRET)
    await answer_in(ws, "ops", asked["ts"])


@pytest.mark.parametrize("skew", [-400.0, 400.0])
async def test_requests_of_another_time_are_refused(ws: Workspace, start_bot: StartBot, skew: float) -> None:
    await start_bot(http=True)
    assert ws.http is not None
    ws.http.clock_skew = skew
    assert not (await ws.command("ops", "anna", "/kdiag summary")).acknowledged
    ws.http.clock_skew = skew / 4
    assert (await ws.command("ops", "anna", "/kdiag summary")).acknowledged


async def test_forged_requests_are_refused(ws: Workspace, start_bot: StartBot) -> None:
    bot = await start_bot(http=True)
    body = json.dumps({"type": "event_callback", "event": {"type": "message", "channel": "C1", "ts": "1.1"}})
    forged = SignatureVerifier("not the secret").generate_signature(timestamp="1", body=body)
    async with aiohttp.ClientSession() as session:
        for headers in (
            {},
            {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": forged or ""},
            {"X-Slack-Request-Timestamp": "now", "X-Slack-Signature": "v0="},
        ):
            async with session.post(f"http://127.0.0.1:{bot.port}/slack/events", data=body, headers=headers) as answer:
                assert answer.status in (400, 401)
        async with session.post(
            f"http://127.0.0.1:{bot.port}/slack/events", data=io.BytesIO(b"x" * (2 << 20))
        ) as answer:
            assert answer.status == 413


async def test_a_replayed_request_is_answered_once(ws: Workspace, start_bot: StartBot) -> None:
    await start_bot(http=True)
    asked = ws.say("ops", "anna", SECRET)
    await answer_in(ws, "ops", asked["ts"])
    ws.resend_last_event()
    delivery: Delivery = ws.deliveries[-1]
    await ws.wait_for(lambda: delivery.attempts == 2)
    assert len(ws.thread("ops", asked["ts"])) == 2


async def test_probes_and_metrics(ws: Workspace, bot: Bot) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{bot.port}") as session:
        for path, said in (("/healthz", "ok"), ("/readyz", "ok"), ("/metrics", "kdiag_jobs_in_hand")):
            async with session.get(path) as answer:
                assert answer.status == 200 and said in await answer.text()
        async with session.post("/slack/events", data="{}") as answer:
            assert answer.status == 404  # not in Socket Mode
        ws.fail("apps.connections.open", "internal_error", times=100)
        await ws.drop_connections()

        async def unready() -> bool:
            async with session.get("/readyz") as answer:
                return answer.status == 503

        await eventually(unready, 20)


async def test_wrong_tokens_end_it_with_a_line_that_says_which(ws: Workspace, start_bot: StartBot) -> None:
    ws.fail("auth.test", "invalid_auth", times=10)
    with pytest.raises(KdiagError, match="SLACK_BOT_TOKEN"):
        await start_bot()
    with pytest.raises(KdiagError, match="SLACK_APP_TOKEN"):
        Tokens("xoxb-1").check(http=False)
    with pytest.raises(KdiagError, match="SLACK_SIGNING_SECRET"):
        Tokens("xoxb-1").check(http=True)
