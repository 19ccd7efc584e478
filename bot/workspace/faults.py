"""Bad days, to order: calls that are refused, and Slack's rates when they are switched on.

Rates: docs.slack.dev/apis/web-api/rate-limits. chat.postMessage takes about one message a second in a channel, with
bursts; the others have a number of calls a minute.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, Final

from bot.workspace.errors import RateLimited, SlackError

A_MINUTE: Final = {
    "apps.connections.open": 50,
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.list": 20,
    "conversations.members": 100,
    "conversations.replies": 50,
    "files.info": 100,
    "reactions.add": 50,
    "usergroups.users.list": 20,
    "users.info": 100,
    "users.list": 20,
    "views.publish": 100,
    "views.update": 100,
}
BURST: Final = 5
"""Messages to one channel at once, before one a second holds."""


class Bucket:
    """So many calls at once, refilled at a steady rate."""

    def __init__(self, size: float, per_second: float) -> None:
        self._size = size
        self._per_second = per_second
        self._left = size
        self._at = time.monotonic()

    def take(self) -> float:
        """0 when the call may go on, or the seconds to wait."""
        now = time.monotonic()
        self._left = min(self._size, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / self._per_second
        self._left -= 1
        return 0


class Faults:
    """Asked before each call of the Web API."""

    def __init__(self) -> None:
        self.rates = False
        """Whether Slack's rates hold."""
        self._orders: dict[str, list[Exception]] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def rate_limit(self, method: str, times: int = 1, retry_after: int = 1) -> None:
        """The next calls of the method get 429."""
        self._orders.setdefault(method, []).extend(RateLimited(retry_after) for _ in range(times))

    def fail(self, method: str, error: str, times: int = 1) -> None:
        """The next calls of the method fail with the error."""
        self._orders.setdefault(method, []).extend(SlackError(error) for _ in range(times))

    def clear(self) -> None:
        self._orders.clear()

    def check(self, method: str, args: Mapping[str, Any]) -> None:
        """Raise what was ordered for this call, or RateLimited when it comes too fast."""
        if self._orders.get(method):
            raise self._orders[method].pop(0)
        if not self.rates:
            return
        if method == "chat.postMessage":
            bucket = self._buckets.setdefault((method, str(args.get("channel"))), Bucket(BURST, 1))
        elif method in A_MINUTE:
            most = A_MINUTE[method]
            bucket = self._buckets.setdefault((method, ""), Bucket(most, most / 60))
        else:
            return
        wait = bucket.take()
        if wait:
            raise RateLimited(math.ceil(wait))
