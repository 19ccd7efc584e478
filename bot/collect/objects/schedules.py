"""Schedules of CronJobs: whether they can be read, and which start times have passed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

MANY: Final = 101
"""Missed starts are counted up to here: with more than 100 the CronJob controller complains."""
LATE_S: Final = 60
"""A start that is younger may just be about to happen."""
_NAMED: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def is_valid(schedule: str | None) -> bool | None:
    """Whether a CronJob's schedule can be parsed; None when there is none.

    >>> is_valid("*/5 * * * *"), is_valid("@daily"), is_valid("every day")
    (True, True, False)
    """
    if schedule is None:
        return None
    text, _ = _split(schedule)
    if text.startswith("@every "):
        return len(text) > len("@every ")
    return _times(text, datetime(2025, 1, 1, tzinfo=UTC)) is not None


def is_time_zone(name: str | None) -> bool | None:
    """Whether a time zone of that name is known; None when none is given.

    >>> is_time_zone("Europe/Berlin"), is_time_zone("Europe/Berlinn"), is_time_zone(None)
    (True, False, None)
    """
    return None if name is None else _zone(name) is not None


def missed_starts(schedule: str, time_zone: str | None, since: float, now: float) -> int | None:
    """Start times after `since` that are over a minute past at `now` (both in seconds); None when it cannot be read.

    >>> missed_starts("*/10 * * * *", None, 0.0, 1830.0)
    2
    """
    text, own_zone = _split(schedule)
    zone = _zone(own_zone or time_zone or "UTC")
    if zone is None:
        return None
    times = _times(text, datetime.fromtimestamp(since, zone))
    if times is None:
        return None
    count = 0
    for each in times:
        if each.timestamp() > now - LATE_S or count >= MANY:
            break
        count += 1
    return count


def _split(schedule: str) -> tuple[str, str | None]:
    """The expression, and the time zone that may stand before it."""
    text = schedule.strip()
    if text.startswith(("TZ=", "CRON_TZ=")):
        zone, _, rest = text.partition(" ")
        return rest.strip(), zone.partition("=")[2]
    return text, None


def _times(text: str, since: datetime) -> CronSim | None:
    text = _NAMED.get(text, text)
    if len(text.split()) != 5 or len(text) > 500:
        return None
    try:
        return CronSim(text, since)
    except CronSimError:
        return None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found; not a relative path; a directory of zones
        return None
