"""Socket Mode: the app's WebSocket connections, and envelopes over any one of them.

Facts: docs.slack.dev/apis/events-api/using-socket-mode. `hello` first; at most ten connections; a payload goes to
one of them; the answer is an acknowledgement with the envelope's id and, where accepted, a payload.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
from collections.abc import Callable
from typing import Any, Final

from aiohttp import WSMsgType, web

from bot.workspace.app import APP_ID
from bot.workspace.delivery import Delivery, NotDelivered, Retry

MOST_CONNECTIONS: Final = 10
PING_EVERY: Final = 10.0
LIFETIME: Final = 3600
"""Seconds a connection is said to last."""


class SocketMode:
    """The transport."""

    def __init__(self) -> None:
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._some = asyncio.Event()
        self._turn = itertools.count()
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[dict[str, Any]]]] = {}
        self.on_change: Callable[[], None] = lambda: None

    @property
    def connections(self) -> int:
        return len(self._sockets)

    def new_ticket(self) -> str:
        """What apps.connections.open puts into the address; it opens one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A connection of the app, until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="unknown ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=PING_EVERY, max_msg_size=1 << 20)
        await socket.prepare(request)
        if len(self._sockets) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        hello = {
            "type": "hello",
            "num_connections": len(self._sockets) + 1,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "workspace", "approximate_connection_time": LIFETIME},
        }
        await socket.send_json(hello)
        self._sockets.append(socket)
        self._some.set()
        self.on_change()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(message.data)
        finally:
            self._forget(socket)
            self.on_change()
        return socket

    def _acknowledged(self, data: str) -> None:
        try:
            answer = json.loads(data)
            _, future = self._waiting.pop(answer["envelope_id"])
        except (ValueError, KeyError, TypeError):
            return  # too late, or not an acknowledgement: Slack says nothing either
        payload = answer.get("payload")
        if isinstance(payload, str):
            payload = {"text": payload}
        if not future.done():
            future.set_result(payload or {})

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        if not self._sockets:
            self._some.clear()
        for envelope_id, (carrier, future) in list(self._waiting.items()):
            if carrier is socket:
                del self._waiting[envelope_id]
                if not future.done():
                    future.set_exception(NotDelivered("connection_failed"))

    async def send(self, delivery: Delivery, retry: Retry | None, within: float) -> dict[str, Any]:
        envelope_id = secrets.token_hex(16)
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": retry.attempt if retry else 0, "retry_reason": retry.reason if retry else ""}
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(within):
                await self._some.wait()
                socket = self._sockets[next(self._turn) % len(self._sockets)]
                self._waiting[envelope_id] = (socket, future)
                await socket.send_json(envelope)
                return await future
        except TimeoutError:
            raise NotDelivered("timeout" if envelope_id in self._waiting else "connection_failed") from None
        except (ConnectionError, RuntimeError):
            raise NotDelivered("connection_failed") from None
        finally:
            self._waiting.pop(envelope_id, None)

    async def connected(self, within: float) -> None:
        """Wait until the app has a connection. Raises TimeoutError."""
        async with asyncio.timeout(within):
            await self._some.wait()

    async def ask_to_leave(self, reason: str) -> None:
        """A `disconnect` message to every connection, which no longer gets envelopes and is closed soon after.

        `warning` comes some seconds before the end, `refresh_requested` at it, `link_disabled` with Socket Mode off."""
        leaving, self._sockets = self._sockets, []
        self._some.clear()
        for socket in leaving:
            await socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "workspace"}},
            )

    async def drop(self) -> None:
        """Cut every connection without a word, as a lost network does."""
        for socket in list(self._sockets):
            self._forget(socket)
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    async def close(self) -> None:
        for socket in list(self._sockets):
            await socket.close()
