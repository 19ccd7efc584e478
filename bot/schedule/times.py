"""When: what people write (`09:00 weekdays`, `*/30 * * * *`, `every 6h`) as a cron expression in a time zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from rules.errors import UsageError
from rules.schema import nearest

DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
WHOLE_DAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
GROUPS: Final = {
    "weekdays": "1-5",
    "weekday": "1-5",
    "weekends": "0,6",
    "weekend": "0,6",
    "daily": "*",
    "everyday": "*",
    "平日": "1-5",
    "毎日": "*",
    "週末": "0,6",
}
SHORTEST_S: Final = 300.0
_TIME: Final = re.compile(r"^(\d{1,2})(?::(\d{2}))?(am|pm)?$", re.IGNORECASE)
_EVERY: Final = re.compile(r"^(\d{1,3})\s*(m|min|minutes?|h|hours?)$", re.IGNORECASE)
_CRON_FIELD: Final = re.compile(r"^[\d*][\d*/,\-A-Za-z#]*$|^[A-Za-z]{3}(?:[-,][A-Za-z]{3})*$")
_CHANNEL: Final = re.compile(r"^<#([CG][A-Z0-9]+)(?:\|[^>]*)?>$")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants regularly. `channel` and `cluster` are "" when they did not say; `zone` too."""

    expression: str
    zone: str
    channel: str
    cluster: str
    spoken: str


def parse(words: Sequence[str]) -> Wish:
    """The wish in the words after `/kdiag schedule`, in any order. UsageError says what is not understood."""
    rest = list(words)
    expression = _cron(rest)
    spoken = [expression] if expression else []
    time = days = every = zone = channel = cluster = ""
    while rest:
        word = rest.pop(0)
        low = word.lower().strip(",")
        if found := _CHANNEL.match(word):
            channel = found[1]
        elif word.startswith("#"):
            raise UsageError(f"I cannot see which channel {word} is: choose it from Slack's list, or ask in it")
        elif low in ("at", "on", "in", "for", "of", "day"):
            continue
        elif low == "hourly" and not expression:
            every = "1h"
            spoken.append(low)
        elif low == "every" and rest and not expression:
            if _days(rest[0].lower()) or rest[0].lower() == "day":
                continue
            amount = rest.pop(0)
            if amount.isdigit() and rest:
                amount += rest.pop(0)
            every = amount.lower()
            spoken += ["every", amount]
        elif not expression and _TIME.match(low) and not low.isdigit():
            time = low
            spoken.append(word)
        elif not expression and _days(low):
            days = _days(low)
            spoken.append(word)
        elif known_zone := _zone(word):
            zone = known_zone
        elif not cluster:
            cluster = word
        else:
            raise UsageError(f"I do not understand {word!r}{nearest(low, [*GROUPS, *DAYS, 'every', 'hourly'])}")
    if not expression:
        expression = _every(every) if every else _daily(time, days)
    return Wish(expression, zone, channel, cluster, " ".join(spoken))


def _cron(rest: list[str]) -> str:
    """Five fields of cron at the beginning, taken from the words; "" if there are none."""
    if len(rest) < 5 or not all(_CRON_FIELD.match(word) for word in rest[:5]):
        return ""
    expression = " ".join(rest[:5])
    _check(expression)
    del rest[:5]
    return expression


def _check(expression: str) -> None:
    try:
        times = CronSim(expression, datetime(2025, 1, 1, tzinfo=UTC))
        first, second = next(times), next(times)
    except (CronSimError, StopIteration):
        raise UsageError(f"{expression!r} is no cron expression: minute hour day month weekday") from None
    if (second - first).total_seconds() < SHORTEST_S:
        raise UsageError("more often than every 5 minutes is not a summary")


def _days(word: str) -> str:
    """Cron's weekdays of `weekdays`, `mon`, `mon-fri`, `mon,wed`; "" if the word is none."""
    if word in GROUPS:
        return GROUPS[word]
    parts = []
    for part in word.split(","):
        ends = part.split("-")
        if len(ends) > 2 or not all(_is_day(one) for one in ends):
            return ""
        parts.append("-".join(str(DAYS.index(one[:3])) for one in ends))
    return ",".join(parts)


def _is_day(word: str) -> bool:
    return word in DAYS or word.removesuffix("s") in WHOLE_DAYS


def _zone(word: str) -> str:
    if word.upper() in ("UTC", "GMT"):
        return "UTC"
    if "/" not in word:
        return ""
    by_lower = {zone.lower(): zone for zone in available_timezones()}
    if word.lower() not in by_lower:
        raise UsageError(f"I know no time zone {word}{nearest(word, available_timezones())}")
    return by_lower[word.lower()]


def _daily(time: str, days: str) -> str:
    found = _TIME.match(time)
    if found is None:
        raise UsageError("when? For example: /kdiag schedule 09:00 weekdays #ops, or: every 6h, or: */30 * * * *")
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            raise UsageError(f"{time} is no time of day")
        hour = hour % 12 + (12 if found[3].lower() == "pm" else 0)
    if hour > 23 or minute > 59:
        raise UsageError(f"{time} is no time of day")
    return f"{minute} {hour} * * {days or '*'}"


def _every(amount: str) -> str:
    found = _EVERY.match(amount)
    if found is None:
        raise UsageError(f"every {amount}? For example: every 30m, every 6h")
    number, hours = int(found[1]), found[2].startswith("h")
    if number == 0 or (24 if hours else 60) % number or (not hours and number < 5):
        raise UsageError("what divides the day evenly: every 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 24h")
    return (f"0 */{number} * * *" if number < 24 else "0 0 * * *") if hours else f"*/{number} * * * *"


def next_after(expression: str, zone: str, after: float) -> float:
    """The next time of an expression, in seconds since 1970. UsageError if it never comes."""
    try:
        return next(CronSim(expression, datetime.fromtimestamp(after, ZoneInfo(zone)))).timestamp()
    except (CronSimError, StopIteration):
        raise UsageError(f"{expression!r} never comes") from None
