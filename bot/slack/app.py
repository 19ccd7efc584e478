"""The Bolt app: its listeners store a job, acknowledge, and are done. Everything else happens in `work`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.collect.redact import redact
from bot.questions import Question
from bot.slack.actions import Actions, place_payload
from bot.slack.asking import Asking, ask_payload
from bot.slack.commands import Commands
from bot.slack.desk import Desk
from bot.slack.explaining import Explaining
from bot.slack.home import Home
from bot.slack.incoming import Incoming, decode, from_event, text_of
from bot.slack.paste import Pastes, paste_job
from bot.slack.regular import Regular
from bot.slack.work import NotTaken, Work
from bot.store import Job

COMMAND: Final = "/kdiag"
SHORTCUT: Final = "diagnose_message"
BUSY: Final = ":warning: I cannot take questions at the moment: my storage does not answer. Please try again shortly."
RECEIVED: Final = BoltResponse(status=200, body="")
NOT_RECEIVED: Final = BoltResponse(status=503, body="")
log = structlog.get_logger()


def make_work(desk: Desk) -> Work:
    """The jobs and who does them."""
    asking, explaining, regular, actions = Asking(desk), Explaining(desk), Regular(desk), Actions(desk)
    commands = Commands(desk, asking, explaining, regular)
    return Work(
        desk.store,
        desk.settings.chat.at_once,
        {
            "ask": asking.handle,
            "command": commands.handle,
            "paste": Pastes(desk, commands).handle,
            "why": explaining.why,
            "evidence": explaining.evidence,
            "feedback": actions.feedback,
            "home": Home(desk, regular).handle,
        },
        failed=desk.failed,
        lost=desk.lost,
        stopping=desk.stopping,
    )


def make_app(desk: Desk, work: Work, signing_secret: str = "") -> AsyncApp:
    """The app with every listener. `signing_secret` is needed in HTTP mode only."""
    app = AsyncApp(
        client=desk.client,
        signing_secret=signing_secret or None,
        request_verification_enabled=bool(signing_secret),
        logger=logging.getLogger("slack_bolt.kdiag"),
    )
    _Listeners(desk, work).register(app)
    return app


class _Listeners:
    def __init__(self, desk: Desk, work: Work) -> None:
        self._desk = desk
        self._work = work
        self._actions = Actions(desk)

    def register(self, app: AsyncApp) -> None:
        app.command(COMMAND)(self.command)
        # Bolt acknowledges events before their listener runs, but after the listener's middleware.
        app.event("message", middleware=[self.message])(_nothing)
        app.event("app_mention", middleware=[self.message])(_nothing)
        app.event("app_home_opened", middleware=[self.home])(_nothing)
        app.shortcut(SHORTCUT)(self.shortcut)
        for name, kind in (("why", "why"), ("evidence", "evidence")):
            app.action(name)(self._button(kind))
        app.action("helpful")(self._button("feedback", helpful=True))
        app.action("not-helpful")(self._button("feedback", helpful=False))
        app.action("again")(self.again)
        app.action("choose")(self.choose)
        app.action("home-check")(self.home_check)
        app.error(self.error)

    async def command(self, ack: AsyncAck, command: Mapping[str, Any]) -> None:
        verb, space, rest = decode(str(command.get("text") or "")).partition(" ")
        job = Job(
            "command",
            {
                "user": str(command["user_id"]),
                "channel": str(command["channel_id"]),
                "line": f"{redact(verb)}{space}{redact(rest)}",
                "response_url": str(command.get("response_url") or ""),
            },
        )
        if await self._stored(job) is None:
            await ack(text=BUSY)
        else:
            await ack()

    async def message(self, event: Mapping[str, Any], body: Mapping[str, Any]) -> BoltResponse:
        if event.get("subtype") == "message_deleted":
            await self._forget(event)
            return RECEIVED
        message = from_event(event, self._desk.bot_user, self._desk.settings.chat.read_bots)
        if message is None or not (message.text.strip() or message.files or message.addressed):
            return RECEIVED
        if not self._reads(message, body):
            return RECEIVED
        # A mention in a channel that is read comes twice, and retries come again: the message is answered once.
        key = f"{message.channel} {message.ts}" + (f" {body.get('event_id')}" if message.edited else "")
        return await self._event(paste_job(message), key)

    async def _forget(self, event: Mapping[str, Any]) -> None:
        """What a person takes back is not kept."""
        try:
            await self._desk.store.diagnoses.drop_part(str(event.get("channel")), str(event.get("deleted_ts")))
        except (SQLAlchemyError, OSError) as error:
            log.error("storage does not answer", error=str(error))

    async def _event(self, job: Job, key: str) -> BoltResponse:
        """Slack delivers again what is not acknowledged."""
        return NOT_RECEIVED if await self._stored(job, key) is None else RECEIVED

    def _reads(self, message: Incoming, body: Mapping[str, Any]) -> bool:
        chat = self._desk.settings.chat
        if body.get("is_ext_shared_channel") and not chat.shared_channels:
            return False
        return message.addressed or not chat.channels or message.channel in chat.channels

    async def home(self, event: Mapping[str, Any], body: Mapping[str, Any]) -> BoltResponse:
        if event.get("tab", "home") != "home":
            return RECEIVED
        job = Job("home", {"user": str(event["user"]), "channel": "", "quiet": True})
        return await self._event(job, str(body.get("event_id")))

    async def shortcut(self, ack: AsyncAck, shortcut: Mapping[str, Any]) -> None:
        """`Diagnose this` on any message, those of other bots too."""
        message = shortcut["message"]
        said = Incoming(
            channel=str(shortcut["channel"]["id"]),
            ts=str(message["ts"]),
            thread_ts=str(message.get("thread_ts") or "") if message.get("thread_ts") != message["ts"] else "",
            user=str(shortcut["user"]["id"]),
            text=text_of(message, self._desk.bot_user),
            files=tuple(one for one in message.get("files") or () if isinstance(one, Mapping)),
            addressed=True,
        )
        job = paste_job(said)
        job.payload |= {"reply": False, "response_url": str(shortcut.get("response_url") or "")}
        await ack()
        await self._stored(job)

    def _button(self, kind: str, **more: Any) -> Callable[..., Awaitable[None]]:
        async def pressed(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
            await self._stored(Job(kind, {**place_payload(body), "diagnosis": str(action.get("value") or ""), **more}))
            await ack()

        return pressed

    async def again(self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await self._ask_again(body, str(action.get("value") or ""), "")
        await ack()

    async def choose(self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        asked = str(action.get("block_id") or "").removeprefix("choose-")
        await self._ask_again(body, asked, str((action.get("selected_option") or {}).get("value") or ""))
        await ack()

    async def _ask_again(self, body: Mapping[str, Any], id_: str, name: str) -> None:
        diagnosis = await self._desk.store.diagnoses.get(id_)
        if diagnosis is None:
            await self._stored(Job("why", {**place_payload(body), "diagnosis": id_}))  # it says that it forgot
        else:
            await self._stored(Job("ask", await self._actions.again_payload(body, diagnosis, name)))

    async def home_check(self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        """From App Home the answer comes as a direct message."""
        user = str(body["user"]["id"])
        cluster = str(action.get("value") or "")
        await self._stored(Job("ask", ask_payload(Question("summary"), user, user, cluster=cluster)))
        await ack()

    async def error(self, error: Exception, body: Mapping[str, Any]) -> None:
        """A listener raised: a payload that is not as it should be, or a fault of ours. The log has it."""
        log.error("listener failed", error=repr(error), type=body.get("type"), event_id=body.get("event_id"))

    async def _stored(self, job: Job, key: str = "") -> bool | None:
        """Whether the job was taken: False if it was seen before, None if it could not be stored."""
        try:
            return await self._work.take(job, key)
        except NotTaken:
            return None


async def _nothing() -> None:
    """The listener of events, which are done in its middleware."""
