"""`kdiag serve`: the process. Socket Mode by default, signed HTTP when asked for; it ends without losing a question."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from bot import logs, metrics
from bot.clusters import Clusters
from bot.config import Settings
from bot.consultant import Consultant
from bot.schedule.runner import Runner
from bot.slack.app import make_app, make_work
from bot.slack.desk import Desk
from bot.slack.locale import Locales
from bot.slack.messages import Messenger, web_client
from bot.slack.policy import Policy
from bot.slack.web import Web, make_server
from bot.slack.work import Work
from bot.store import Store
from rules.errors import KdiagError

GRACE_S: Final = 20.0
"""For work in hand when the process is asked to stop. Kubernetes gives 30 s before it kills."""
WATCH_S: Final = 2.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tokens:
    """From the environment, never from a file of ours."""

    bot: str
    app: str = ""
    signing_secret: str = ""
    api_url: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Tokens:
        return cls(
            environment.get("SLACK_BOT_TOKEN", "").strip(),
            environment.get("SLACK_APP_TOKEN", "").strip(),
            environment.get("SLACK_SIGNING_SECRET", "").strip(),
            environment.get("SLACK_API_URL", "").strip(),
        )

    def check(self, http: bool) -> None:
        """KdiagError names what is missing, and where it is found."""
        if not self.bot:
            raise KdiagError("SLACK_BOT_TOKEN is not set: the app's page, OAuth & Permissions, Bot User OAuth Token")
        if http and not self.signing_secret:
            raise KdiagError("SLACK_SIGNING_SECRET is not set: the app's page, Basic Information, Signing Secret")
        if not http and not self.app:
            raise KdiagError(
                "SLACK_APP_TOKEN is not set: the app's page, Basic Information, App-Level Tokens, with the scope "
                "connections:write (or use --http and SLACK_SIGNING_SECRET)"
            )


class Bot:
    """The running bot. `start`, then `stop`; tests use it as `serve` does."""

    def __init__(self, settings: Settings, clusters: Clusters, tokens: Tokens, *, http: bool, host: str, port: int):
        tokens.check(http)
        self._tokens = tokens
        self._http = http
        client = web_client(tokens.bot, tokens.api_url)
        self.desk = Desk(
            settings,
            Store(settings.storage),
            clusters,
            Consultant(settings.knowledge),
            client,
            Messenger(client),
            Locales(client, settings.chat.language),
            Policy(settings.chat, client),
        )
        self.work: Work = make_work(self.desk)
        self._app = make_app(self.desk, self.work, tokens.signing_secret if http else "")
        self._socket: AsyncSocketModeHandler | None = None
        self.runner = Runner(self.desk)
        self._server = make_server(Web(self.not_ready, self._app if http else None), host, port)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """Everything up, or KdiagError."""
        await self.desk.store.start()
        try:
            me = await self.desk.client.auth_test()
        except SlackApiError as error:
            code = error.response.get("error")
            raise KdiagError(f"Slack does not take SLACK_BOT_TOKEN ({code}): ask kdiag doctor") from error
        except (SlackClientError, OSError, TimeoutError) as error:
            raise KdiagError(f"Slack cannot be reached at {self.desk.client.base_url}: {error}") from error
        self.desk.bot_user = str(me["user_id"])
        await self.desk.consultant.start(self.desk.report)
        try:
            self._tasks.append(await self._server.begin())
        except OSError as error:
            raise KdiagError(str(error)) from error
        if not self._http:
            self._socket = AsyncSocketModeHandler(self._app, self._tokens.app)
            try:
                await self._socket.connect_async()  # type: ignore[no-untyped-call]
            except SlackApiError as error:
                code = error.response.get("error")
                raise KdiagError(f"Slack does not take SLACK_APP_TOKEN ({code}): ask kdiag doctor") from error
        self._tasks.append(asyncio.create_task(self._watch(), name="connection"))
        self.work.start()
        self.runner.start()
        log.info(
            "serving",
            mode="http" if self._http else "socket",
            clusters=self.desk.clusters.names,
            storage=self.desk.store.database.shown,
            replica=self.desk.store.replica,
        )

    @property
    def port(self) -> int:
        """Of probes, metrics and Slack's requests, once started."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def not_ready(self) -> str:
        """Why the bot cannot work now, or ""."""
        if self._stopping:
            return "stopping"
        try:
            await self.desk.store.database.ping()
        except (SQLAlchemyError, OSError) as error:
            return f"storage does not answer: {type(error).__name__}"
        if self._socket is not None and not await self._socket.client.is_connected():
            return "not connected to Slack"
        return ""

    async def _watch(self) -> None:
        while True:
            connected = self._socket is None or await self._socket.client.is_connected()
            metrics.CONNECTED.set(1 if connected else 0)
            await asyncio.sleep(WATCH_S)

    async def stop(self, within_s: float = GRACE_S) -> None:
        """Take nothing more, finish what is in hand or say that it waits, and let go of everything."""
        self._stopping = True
        log.info("stopping", in_hand=self.work.in_hand)
        if self._socket is not None:
            with contextlib.suppress(Exception):
                await self._socket.close_async()  # type: ignore[no-untyped-call]
        await self.runner.stop()
        await self.work.stop(within_s)
        self._server.should_exit = True
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.desk.consultant.close()
        await self.desk.store.close()
        log.info("stopped")


async def serve(settings: Settings, clusters: Clusters, *, http: bool, host: str, port: int) -> None:
    """Until SIGTERM or SIGINT."""
    logs.set_up()
    bot = Bot(settings, clusters, Tokens.from_environment(), http=http, host=host, port=port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await bot.start()
    try:
        await stop.wait()
    finally:
        await bot.stop()
