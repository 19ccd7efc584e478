"""The language and time zone of a person, as their Slack says; looked up once an hour."""

from __future__ import annotations

import time
import zoneinfo
from collections import OrderedDict
from typing import Final

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

KEEP_S: Final = 3600.0
KEEP_FAILURE_S: Final = 300.0
MAX_KEPT: Final = 10_000
log = structlog.get_logger()


class Locales:
    """By user id. `fixed` is the language of kdiag.yaml, if it sets one for everybody."""

    def __init__(self, client: AsyncWebClient, fixed: str = "") -> None:
        self._client = client
        self._fixed = fixed
        self._kept: OrderedDict[str, tuple[str, str, float]] = OrderedDict()

    async def of(self, user: str) -> str:
        """`en` or `ja`; English when Slack does not say (a bot, a missing scope users:read)."""
        return self._fixed or (await self._look_up(user))[0]

    async def zone(self, user: str) -> str:
        """The person's time zone; UTC when Slack does not say."""
        return (await self._look_up(user))[1]

    async def _look_up(self, user: str) -> tuple[str, str]:
        if not user or user.startswith("B"):
            return "en", "UTC"
        kept = self._kept.get(user)
        if kept is not None and kept[2] > time.monotonic():
            return kept[0], kept[1]
        lang, zone, keep_s = "en", "UTC", KEEP_S
        try:
            answer = await self._client.users_info(user=user, include_locale=True)
            person = answer.get("user") or {}
            lang = "ja" if str(person.get("locale") or "").lower().startswith("ja") else "en"
            said = str(person.get("tz") or "")
            zone = said if said in zoneinfo.available_timezones() else "UTC"
        except (SlackClientError, OSError, TimeoutError) as error:
            log.warning("locale unknown", user=user, error=str(error))
            keep_s = KEEP_FAILURE_S
        self._kept[user] = (lang, zone, time.monotonic() + keep_s)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return lang, zone
