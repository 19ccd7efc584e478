"""The workspace: one local server that is Slack to an app, and a page for people.

async with Workspace() as ws:
    ...                                   # start the app with ws.api_url, ws.app.bot_token, ws.app.app_token
    await ws.connected()
    asked = ws.say("ops", "anna", "help!")
    answer = await ws.wait_for(lambda: ws.thread("ops", asked["ts"])[1:])
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, TypeVar

from aiohttp import web

from bot.workspace.actions import Actions
from bot.workspace.app import BOT_USER, DEFAULT_MANIFEST, App
from bot.workspace.delivery import Delivery, Dispatcher
from bot.workspace.events import Events
from bot.workspace.faults import Faults
from bot.workspace.files import FileServer
from bot.workspace.http_events import HttpEvents
from bot.workspace.methods.call import Triggers
from bot.workspace.page_server import PageServer, Suggestion
from bot.workspace.responses import Responses
from bot.workspace.socket_mode import SocketMode
from bot.workspace.state import Message, State
from bot.workspace.web_api import WebApi

T = TypeVar("T")

HOST: Final = "127.0.0.1"
MOST_REQUEST_BYTES: Final = 1 << 26
LOOK_AGAIN: Final = 0.1
"""Seconds after which a condition is looked at again although nothing was heard."""


class Workspace(Actions):
    """Slack on this machine. The port is taken when it is made, served while it is entered.

    Raises OSError when the port is taken, ValueError when the manifest asks for what does not fit together."""

    def __init__(
        self,
        manifest: Mapping[str, Any] = DEFAULT_MANIFEST,
        port: int = 0,
        suggestions: Sequence[Suggestion] = (),
    ) -> None:
        app = App.from_manifest(manifest)
        self._socket = socket.create_server((HOST, port))
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self.api_url = f"{self.url}/api/"
        self.app = app
        self.sockets = SocketMode()
        self.faults = Faults()
        self.http: HttpEvents | None = None
        state, triggers, dispatcher = State(app), Triggers(), Dispatcher(self.sockets)
        files, responses = FileServer(state), Responses(state, self.url)
        super().__init__(state, dispatcher, Events(state, dispatcher), responses, triggers, self.url)
        self._api = WebApi(state, files, self.sockets, self.faults, triggers, self.url)
        self._something = asyncio.Event()
        state.listeners.append(lambda _: self._something.set())
        self._page = PageServer(self, self.url, suggestions)
        self._populate()
        self._runner = web.AppRunner(self._routes(files, responses), access_log=None, shutdown_timeout=1)

    def _populate(self) -> None:
        anna = self.state.add_user("anna", "Anna Berg", "en-US", "Europe/Oslo").id
        kenji = self.state.add_user("kenji", "Kenji Mori", "ja-JP", "Asia/Tokyo").id
        omar = self.state.add_user("omar", "Omar Haddad", "en-US", "America/New_York").id
        self.state.add_group("sre", [anna, kenji])
        self.state.add_channel("general", [anna, kenji, omar], topic="Everyone")
        self.state.add_channel("ops", [anna, kenji, omar, BOT_USER], topic="Operations: clusters, alerts, hand-overs")
        self.state.add_channel("shop", [anna, omar, BOT_USER], topic="The shop's team")
        self.state.add_channel("oncall", [anna, kenji], private=True, topic="Who is up tonight")

    def _routes(self, files: FileServer, responses: Responses) -> web.Application:
        app = web.Application(client_max_size=MOST_REQUEST_BYTES)
        app.router.add_route("*", "/api/{method}", self._api.handle)
        app.router.add_get("/link", self.sockets.handle)
        app.router.add_post("/upload/{file}", files.upload)
        app.router.add_get("/files-pri/{team}-{file}/{name}", files.download)
        app.router.add_get("/files-pri/{team}-{file}/download/{name}", files.download)
        app.router.add_post("/response/{key}", responses.handle)
        self._page.add_routes(app.router)
        return app

    async def __aenter__(self) -> Workspace:
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._page.close()
        await self.dispatcher.close()
        await self.sockets.close()
        if self.http is not None:
            await self.http.close()
        await self._runner.cleanup()

    # Watching

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:  # noqa: ASYNC109
        """What `predicate` returns, once that is true. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not (found := predicate()):
                self._something.clear()
                try:
                    async with asyncio.timeout(LOOK_AGAIN):
                        await self._something.wait()
                except TimeoutError:
                    continue
        return found

    async def connected(self, within: float = 10.0) -> None:
        """Wait until the app has a Socket Mode connection. Raises TimeoutError."""
        await self.sockets.connected(within)

    def messages(self, channel: str) -> list[Message]:
        """The channel's messages, oldest first, without replies."""
        return [m for m in self.state.channel(channel).messages.values() if m.get("thread_ts", m["ts"]) == m["ts"]]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The message and its replies, oldest first."""
        return self.state.channel(channel).thread(ts)

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """What only the user sees in the channel."""
        who = self.state.user(user).id
        return [m for m in self.state.channel(channel).ephemerals.values() if m["_to"] == who]

    def home(self, user: str) -> dict[str, Any] | None:
        """The Home tab as it was published last."""
        return self.state.homes.get(self.state.user(user).id)

    def calls(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a Web API method."""
        return [args for name, args in self._api.calls if name == method]

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything sent to the app, in order."""
        return list(self.dispatcher.deliveries)

    # HTTP mode

    async def use_http(self, request_url: str, verify: bool = True) -> HttpEvents:
        """Send events, commands and interactions to the app's request URL from now on, after Slack's handshake."""
        self.http = HttpEvents(self.app, request_url)
        if verify:
            await self.http.verify_url(self.dispatcher.ack_timeout)
        self.dispatcher.transport = self.http
        return self.http

    # Bad days

    def rate_limit(self, method: str, times: int = 1, retry_after: int = 1) -> None:
        """The next `times` calls of the method get HTTP 429."""
        self.faults.rate_limit(method, times, retry_after)

    def fail(self, method: str, error: str, times: int = 1) -> None:
        """The next `times` calls of the method fail with the error."""
        self.faults.fail(method, error, times)

    async def drop_connections(self) -> None:
        """Cut the Socket Mode connections without a word."""
        await self.sockets.drop()

    async def disconnect_request(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew: `warning`, `refresh_requested` or `link_disabled`."""
        await self.sockets.ask_to_leave(reason)

    def resend_last_event(self, reason: str = "timeout") -> None:
        """Deliver the last event once more, as a retry."""
        last = next(d for d in reversed(self.dispatcher.deliveries) if d.kind == "events_api")
        self.dispatcher.resend(last, reason)

    def delay_acks(self, seconds: float) -> None:
        """Hold up every acknowledgement; beyond three seconds Slack counts it as missing."""
        self.dispatcher.ack_delay = seconds

    def archive(self, channel: str) -> None:
        where = self.state.channel(channel)
        where.archived = True
        self.state.channel_changed(where)

    def delete_message(self, channel: str, ts: str) -> None:
        """Delete any message, as an administrator can."""
        where = self.state.channel(channel)
        self.state.delete(where, where.messages[ts])

    def expire_response_urls(self) -> None:
        self.responses.expire_all()

    def revoke_scope(self, scope: str) -> None:
        self.app.scopes.discard(scope)
