"""Envelopes to the app: sent by Socket Mode or HTTP, acknowledged within three seconds or, events only, sent again.

Facts: docs.slack.dev/apis/events-api. An event is retried at once, after a minute and after five; commands and
interactions are not retried: the user is told instead.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

EnvelopeKind = Literal["events_api", "slash_commands", "interactive"]

ACK_TIMEOUT: Final = 3.0
RETRY_DELAYS: Final = (0.0, 60.0, 300.0)
KEPT: Final = 20_000


class NotDelivered(Exception):
    """Not acknowledged; `reason` in Slack's words, `final` when the app asked for no retry."""

    def __init__(self, reason: str, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(frozen=True)
class Retry:
    attempt: int
    reason: str


@dataclass
class Delivery:
    """One payload on its way: what was sent how often, and what came back."""

    kind: EnvelopeKind
    payload: dict[str, Any]
    attempts: int = 0
    acknowledged: bool = False
    acked_after: float | None = None
    """Seconds from the first attempt to the acknowledgement."""
    response: dict[str, Any] = field(default_factory=dict)
    """What the acknowledgement carried."""
    reasons: list[str] = field(default_factory=list)
    """Why each failed attempt failed."""


class Transport(Protocol):
    async def send(self, delivery: Delivery, retry: Retry | None, within: float) -> dict[str, Any]:
        """Send once; the acknowledgement's payload. Raises NotDelivered."""


class Dispatcher:
    """Delivers payloads to the app and remembers the deliveries."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.ack_timeout = ACK_TIMEOUT
        self.retry_delays: tuple[float, ...] = RETRY_DELAYS
        self.ack_delay = 0.0
        """Seconds that every acknowledgement is held up on its way."""
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._tasks: set[asyncio.Task[None]] = set()

    async def deliver(self, kind: EnvelopeKind, payload: dict[str, Any]) -> Delivery:
        """Send until acknowledged or given up; what became of it is in the result."""
        delivery = Delivery(kind, payload)
        self.deliveries.append(delivery)
        await self._run(delivery)
        return delivery

    def start(self, kind: EnvelopeKind, payload: dict[str, Any]) -> Delivery:
        """The same, without waiting."""
        delivery = Delivery(kind, payload)
        self.deliveries.append(delivery)
        self._spawn(delivery, None)
        return delivery

    def resend(self, delivery: Delivery, reason: str = "timeout") -> None:
        """Send an event again, as Slack does when it missed the acknowledgement."""
        self._spawn(delivery, Retry(max(delivery.attempts, 1), reason))

    def _spawn(self, delivery: Delivery, retry: Retry | None) -> None:
        task = asyncio.get_running_loop().create_task(self._run(delivery, retry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, delivery: Delivery, retry: Retry | None = None) -> None:
        started = time.monotonic()
        delays = self.retry_delays if delivery.kind == "events_api" else ()
        for delay in (*delays, None):
            try:
                delivery.response = await self._attempt(delivery, retry)
            except NotDelivered as failure:
                delivery.reasons.append(failure.reason)
                if failure.final or delay is None:
                    return
                await asyncio.sleep(delay)
                retry = Retry(delivery.attempts, failure.reason)
            else:
                delivery.acknowledged = True
                delivery.acked_after = time.monotonic() - started
                return

    async def _attempt(self, delivery: Delivery, retry: Retry | None) -> dict[str, Any]:
        delivery.attempts += 1
        started = time.monotonic()
        response = await self.transport.send(delivery, retry, self.ack_timeout)
        if self.ack_delay:
            left = self.ack_timeout - (time.monotonic() - started)
            await asyncio.sleep(min(self.ack_delay, max(left, 0)))
            if self.ack_delay > left:
                raise NotDelivered("timeout")
        return response

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
