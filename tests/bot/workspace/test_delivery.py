"""Envelopes: acknowledged or sent again, over raw sockets and signed HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from bot.workspace.delivery import NotDelivered


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        workspace.dispatcher.ack_timeout = 0.2
        workspace.dispatcher.retry_delays = (0, 0, 0)
        yield workspace


class Socket:
    """A bare Socket Mode client."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self._raw = raw

    async def receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = await self._raw.receive_json(timeout=10)
        return answer

    async def ack(self, envelope: dict[str, Any], **more: Any) -> None:
        await self._raw.send_json({"envelope_id": envelope["envelope_id"], **more})

    async def say(self, text: str) -> None:
        await self._raw.send_str(text)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


async def connect(ws: Workspace, session: aiohttp.ClientSession) -> Socket:
    opened = await AsyncWebClient(base_url=ws.api_url).apps_connections_open(app_token=ws.app.app_token)
    socket = Socket(await session.ws_connect(opened["url"]))
    assert (await socket.receive())["type"] == "hello"
    return socket


async def test_an_event_is_sent_until_acknowledged(ws: Workspace, session: aiohttp.ClientSession) -> None:
    socket = await connect(ws, session)
    ws.say("ops", "anna", "hi")
    sent = [await socket.receive() for _ in range(3)]
    assert [(e["retry_attempt"], e["retry_reason"]) for e in sent] == [(0, ""), (1, "timeout"), (2, "timeout")]
    assert len({e["payload"]["event_id"] for e in sent}) == 1
    await socket.ack(sent[2])
    await ws.wait_for(lambda: ws.deliveries[0].acknowledged)
    assert ws.deliveries[0].attempts == 3


async def test_an_event_is_given_up_after_three_retries(ws: Workspace, session: aiohttp.ClientSession) -> None:
    _socket = await connect(ws, session)
    ws.say("ops", "anna", "hi")
    await ws.wait_for(lambda: len(ws.deliveries[0].reasons) == 4)
    assert not ws.deliveries[0].acknowledged


async def test_a_command_is_not_retried_and_the_user_is_told(ws: Workspace, session: aiohttp.ClientSession) -> None:
    _socket = await connect(ws, session)
    done = await ws.command("ops", "anna", "/robot hi")
    assert (done.attempts, done.acknowledged) == (1, False)
    (told,) = ws.ephemerals("ops", "anna")
    assert told["text"] == '/robot failed with the error "operation_timeout"'


async def test_without_a_connection_a_command_cannot_be_sent(ws: Workspace) -> None:
    assert (await ws.command("ops", "anna", "/robot hi")).reasons == ["connection_failed"]
    assert "dispatch_failed" in ws.ephemerals("ops", "anna")[0]["text"]


async def test_late_acknowledgements_count_as_missing(ws: Workspace, session: aiohttp.ClientSession) -> None:
    socket = await connect(ws, session)
    ws.delay_acks(1)
    ws.say("ops", "anna", "hi")
    await socket.ack(await socket.receive())
    again = await socket.receive()
    assert again["retry_reason"] == "timeout"
    ws.delay_acks(0)
    await socket.ack(again)
    await ws.wait_for(lambda: ws.deliveries[0].acknowledged)


async def test_nonsense_from_the_app_is_ignored(ws: Workspace, session: aiohttp.ClientSession) -> None:
    socket = await connect(ws, session)
    for text in ("{", "[]", '"x"', "{}", '{"envelope_id": "no"}', "null"):
        await socket.say(text)
    ws.say("ops", "anna", "hi")
    await socket.ack(await socket.receive())
    await ws.wait_for(lambda: ws.deliveries[0].acknowledged)


async def test_an_acknowledgement_may_carry_the_answer(ws: Workspace, session: aiohttp.ClientSession) -> None:
    socket = await connect(ws, session)
    ws.dispatcher.ack_timeout = 5
    ws.dispatcher.start("interactive", {"type": "x"})
    envelope = await socket.receive()
    assert envelope["accepts_response_payload"]
    await socket.ack(envelope, payload={"response_action": "clear"})
    await ws.wait_for(lambda: ws.deliveries[0].response == {"response_action": "clear"})


async def test_a_dropped_connection_fails_what_it_carries(ws: Workspace, session: aiohttp.ClientSession) -> None:
    socket = await connect(ws, session)
    ws.dispatcher.ack_timeout = 5
    ws.say("ops", "anna", "hi")
    await socket.receive()
    await ws.drop_connections()
    other = await connect(ws, session)
    again = await other.receive()
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "connection_failed")
    await other.ack(again)
    await ws.wait_for(lambda: ws.deliveries[0].acknowledged)


async def test_the_eleventh_connection_is_sent_away(ws: Workspace, session: aiohttp.ClientSession) -> None:
    _sockets = [await connect(ws, session) for _ in range(10)]
    opened = await AsyncWebClient(base_url=ws.api_url).apps_connections_open(app_token=ws.app.app_token)
    socket = Socket(await session.ws_connect(opened["url"]))
    assert (await socket.receive())["reason"] == "too_many_websockets"


async def test_a_ticket_opens_one_connection(ws: Workspace, session: aiohttp.ClientSession) -> None:
    opened = await AsyncWebClient(base_url=ws.api_url).apps_connections_open(app_token=ws.app.app_token)
    await session.ws_connect(opened["url"])
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(opened["url"])


class Receiver:
    """An app's request URL."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self.answer: dict[str, Any] = {"status": 200}

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.requests.append((dict(request.headers), body))
        if request.content_type == "application/json" and (challenge := json.loads(body).get("challenge")):
            return web.Response(text=challenge)
        return web.Response(**self.answer)


@pytest.fixture
async def receiver(ws: Workspace) -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await ws.use_http(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    made.requests.clear()
    yield made
    await runner.cleanup()


async def test_requests_are_signed(ws: Workspace, receiver: Receiver) -> None:
    ws.dispatcher.ack_timeout = 5
    ws.say("ops", "anna", "hi")
    await ws.command("ops", "anna", "/robot a&b")
    said = ws.messages("ops")[0]
    await ws.shortcut("ops", "anna", said["ts"], "look")
    verifier = SignatureVerifier(ws.app.signing_secret)
    await ws.wait_for(lambda: len(receiver.requests) == 3)
    assert all(verifier.is_valid_request(body, headers) for headers, body in receiver.requests)
    (event,) = [
        json.loads(body) for headers, body in receiver.requests if headers["Content-Type"] == "application/json"
    ]
    assert event["event"]["text"] == "hi"
    forms = [parse_qs(body) for headers, body in receiver.requests if "form" in headers["Content-Type"]]
    forms.sort(key=len, reverse=True)
    assert forms[0]["text"] == ["a&amp;b"]
    assert json.loads(forms[1]["payload"][0])["type"] == "message_action"


async def test_a_wrong_clock_shows_in_the_signature(ws: Workspace, receiver: Receiver) -> None:
    assert ws.http is not None
    ws.http.clock_skew = -400
    ws.say("ops", "anna", "hi")
    await ws.wait_for(lambda: receiver.requests)
    headers, body = receiver.requests[0]
    assert not SignatureVerifier(ws.app.signing_secret).is_valid_request(body, headers)


async def test_a_failed_request_is_retried_with_number_and_reason(ws: Workspace, receiver: Receiver) -> None:
    receiver.answer = {"status": 500}
    ws.say("ops", "anna", "hi")
    await ws.wait_for(lambda: len(receiver.requests) == 4)
    retried = [(h.get("X-Slack-Retry-Num"), h.get("X-Slack-Retry-Reason")) for h, _ in receiver.requests]
    assert retried == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]


async def test_the_app_can_refuse_retries(ws: Workspace, receiver: Receiver) -> None:
    receiver.answer = {"status": 500, "headers": {"X-Slack-No-Retry": "1"}}
    delivery = await ws.dispatcher.deliver("events_api", {"type": "event_callback"})
    assert delivery.attempts == 1


async def test_a_request_url_must_answer_the_challenge(ws: Workspace) -> None:
    with pytest.raises(NotDelivered):
        await ws.use_http(f"{ws.url}/nothing-here")
