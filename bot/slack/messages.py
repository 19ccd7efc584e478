"""What goes out: posts and updates, paced for each channel, and what to do when Slack refuses.

Limits: docs.slack.dev/apis/web-api/rate-limits; about one message a second in a channel, bursts tolerated. HTTP 429 is
retried by the client after its Retry-After.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import metrics
from bot.render.blocks import context, fit, section

BURST: Final = 4
A_SECOND: Final = 1.0
MAX_CHANNELS: Final = 5_000
TIMEOUT_S: Final = 30
SLACK_API: Final = "https://slack.com/api/"
log = structlog.get_logger()

Message = dict[str, Any]
"""`text` and `blocks`, as chat.postMessage takes them."""


class Undeliverable(Exception):
    """Slack does not take the message: `reason` is its error code, such as is_archived."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def web_client(token: str, base_url: str = "") -> AsyncWebClient:
    """The one client: waits when Slack says so, tries again when the connection broke."""
    return AsyncWebClient(
        token=token,
        base_url=base_url.rstrip("/") + "/" if base_url else SLACK_API,
        timeout=TIMEOUT_S,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(max_retry_count=3),
            AsyncRateLimitErrorRetryHandler(max_retry_count=6),
            AsyncServerErrorRetryHandler(max_retry_count=2),
        ],
    )


def line(text: str) -> Message:
    """A message of one line of mrkdwn."""
    return {"text": text, "blocks": [section(text)]}


def small(text: str) -> Message:
    """A message of one line in small print."""
    return {"text": text, "blocks": [context(text)]}


class Pace:
    """So many messages at once to a channel, then one a second."""

    def __init__(self, burst: int = BURST, a_second: float = A_SECOND) -> None:
        self._burst = burst
        self._interval = 1 / a_second
        self._free_at: OrderedDict[str, float] = OrderedDict()

    async def wait(self, channel: str) -> None:
        """Returns when the next message to the channel may go. Whoever asks first goes first."""
        now = time.monotonic()
        earliest = max(self._free_at.pop(channel, 0.0), now - self._burst * self._interval) + self._interval
        self._free_at[channel] = earliest
        while len(self._free_at) > MAX_CHANNELS:
            self._free_at.popitem(last=False)
        if earliest > now:
            await asyncio.sleep(earliest - now)


class Messenger:
    """Sends. Every method raises Undeliverable when Slack refuses for good."""

    def __init__(self, client: AsyncWebClient, pace: Pace | None = None) -> None:
        self.client = client
        self._pace = pace or Pace()

    async def post(
        self, channel: str, message: Message, thread_ts: str = "", metadata: dict[str, Any] | None = None
    ) -> str:
        """The new message's ts."""
        await self._pace.wait(channel)
        try:
            answer = await self.client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts or None,
                unfurl_links=False,
                unfurl_media=False,
                metadata=metadata,
                **message,
            )
        except SlackClientError as error:
            if _code(error) in ("invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"):
                log.error("blocks refused", error=str(error))
                return await self.post(channel, {"text": message["text"]}, thread_ts, metadata)
            raise _refused("chat.postMessage", error) from error
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, message: Message) -> bool:
        """False when the message is not there any more."""
        await self._pace.wait(f"{channel} update")
        try:
            await self.client.chat_update(channel=channel, ts=ts, **message)
        except SlackClientError as error:
            if _code(error) in ("message_not_found", "cant_update_message", "edit_window_closed"):
                return False
            raise _refused("chat.update", error) from error
        return True

    async def show(self, channel: str, ts: str, message: Message, thread_ts: str = "") -> str:
        """Put the message in place of an earlier one, or post it if that is gone. The ts where it stands."""
        if ts and await self.update(channel, ts, message):
            return ts
        return await self.post(channel, message, thread_ts)

    async def respond(self, url: str, message: Message, *, replace: bool = False) -> bool:
        """To the one person, through a response_url. False when it has expired or was used up."""
        webhook = AsyncWebhookClient(url, timeout=TIMEOUT_S, retry_handlers=[AsyncConnectionErrorRetryHandler()])
        try:
            answer = await webhook.send_dict(
                {
                    "response_type": "ephemeral",
                    "replace_original": replace,
                    "unfurl_links": False,
                    "unfurl_media": False,
                    **message,
                }
            )
        except (SlackClientError, OSError, TimeoutError) as error:
            log.warning("response_url failed", error=str(error))
            return False
        if answer.status_code != 200:
            log.info("response_url refused", status=answer.status_code, body=answer.body[:100])
        return answer.status_code == 200

    async def whisper(self, url: str, channel: str, user: str, message: Message, *, replace: bool = False) -> None:
        """To the one person; as a direct message when the response_url does not work any more."""
        if not url or not await self.respond(url, message, replace=replace):
            await self.post(channel if channel.startswith("D") else user, message)

    async def upload(self, channel: str, thread_ts: str, name: str, content: str, comment: str) -> None:
        """A text file in a thread."""
        try:
            await self.client.files_upload_v2(
                channel=channel,
                thread_ts=thread_ts or None,
                filename=name,
                title=name,
                content=content,
                initial_comment=comment,
            )
        except SlackClientError as error:
            raise _refused("files.upload", error) from error

    async def upload_picture(self, channel: str, thread_ts: str, name: str, png: bytes, alt: str) -> None:
        """A PNG in a thread, with a text for those who do not see it."""
        try:
            await self.client.files_upload_v2(
                channel=channel,
                thread_ts=thread_ts or None,
                file_uploads=[{"file": png, "filename": name, "title": alt[:100], "alt_txt": alt}],
            )
        except SlackClientError as error:
            raise _refused("files.upload", error) from error

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message; "" when Slack does not know it."""
        try:
            answer = await self.client.chat_getPermalink(channel=channel, message_ts=ts)
        except SlackClientError:
            return ""
        return str(answer.get("permalink") or "")

    def bounded(self, message: Message) -> Message:
        """With as many blocks as one message may hold."""
        return {**message, "blocks": fit(message["blocks"])}


def _code(error: SlackClientError) -> str:
    if isinstance(error, SlackApiError):
        return str(error.response.get("error") or "") if isinstance(error.response.data, dict) else "ratelimited"
    return type(error).__name__


def _refused(method: str, error: SlackClientError) -> Undeliverable:
    reason = _code(error)
    needed = error.response.get("needed") if isinstance(error, SlackApiError) and reason == "missing_scope" else None
    metrics.REFUSED.labels(method, reason).inc()
    log.warning("slack refused", method=method, error=reason, needed=needed)
    return Undeliverable(f"{reason}: {needed}" if needed else reason)
