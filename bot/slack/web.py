"""The HTTP side: probes and metrics always, Slack's requests in HTTP mode."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from typing import Any, Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp

MAX_BODY: Final = 1 << 20
SLACK_PATH: Final = "/slack/events"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Ready = Callable[[], Awaitable[str]]
"""Why the bot cannot work, or "" when it can."""


class Web:
    """An ASGI application. Slack's requests are only taken with an `app`, whose signature check is on."""

    def __init__(self, ready: Ready, app: AsyncApp | None = None) -> None:
        self._ready = ready
        self._slack = AsyncSlackRequestHandler(app, path=SLACK_PATH) if app is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path == "/healthz":
            await _answer(send, 200, b"ok\n")
        elif path == "/readyz":
            why = await self._ready()
            await _answer(send, 503 if why else 200, (why or "ok").encode() + b"\n")
        elif path == "/metrics":
            await _answer(send, 200, generate_latest(), CONTENT_TYPE_LATEST)
        elif path == SLACK_PATH and self._slack is not None:
            headers = dict(scope["headers"])
            length = headers.get(b"content-length", b"0")
            if not length.isdigit() or int(length) > MAX_BODY:
                await _answer(send, 413, b"too large\n")
                return
            if not headers.get(b"x-slack-request-timestamp", b"").isdigit():
                await _answer(send, 401, b"not signed\n")
                return
            await self._slack(dict(scope), receive, send)
        else:
            await _answer(send, 404, b"not found\n")


async def _answer(send: Send, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Server(uvicorn.Server):
    """Uvicorn beside other work: the signals are the process's own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def begin(self) -> asyncio.Task[None]:
        """Serve in a task; returns when the port is open. OSError when it cannot be opened."""
        task = asyncio.create_task(self.serve(), name="web")
        while not self.started:
            if task.done():
                raise OSError(f"cannot listen on {self.config.host}:{self.config.port}")
            await asyncio.sleep(0.01)
        return task


def make_server(web: Web, host: str, port: int) -> Server:
    return Server(
        uvicorn.Config(
            web,
            host=host,
            port=port,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
