"""`/kdiag schedule ...`, `mute`, `mutes` and `unmute`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.render.mrkdwn import escape
from bot.schedule.times import next_after, parse
from bot.slack.answers import quoted
from bot.slack.desk import Desk, Place
from bot.slack.grammar import Command
from bot.slack.messages import Undeliverable, line
from bot.slack.words import say
from bot.store import Mute, Schedule
from rules.errors import UsageError
from rules.schema import nearest

DEFAULT_MUTE_S: Final = 86400.0
LONGEST_MUTE_S: Final = 366 * 86400.0
_LENGTH: Final = re.compile(r"^(\d{1,4})(m|h|d|w)$")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_FINGERPRINT: Final = re.compile(r"^[0-9a-f]{12}$")
MAX_LISTED: Final = 20


class Regular:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, place: Place, command: Command, lang: str) -> None:
        """Do it, and say what was done. UsageError when the words say nothing that is known."""
        if command.verb == "schedule":
            said = await self._schedule(place, command, lang)
        elif command.verb == "mute":
            said = await self._mute(place, command, lang)
        elif command.verb == "unmute":
            said = await self._unmute(place, command, lang)
        else:
            said = await self.list_mutes(lang)
        await self._desk.deliver(place, line(said))

    # --- schedules --------------------------------------------------------------------------------------
    async def _schedule(self, place: Place, command: Command, lang: str) -> str:
        first = command.words[0].lower() if command.words else "list"
        if first == "list":
            return await self.list_schedules(lang)
        if first in ("pause", "resume", "delete", "remove"):
            return await self._change(place, first, command.words[1] if len(command.words) > 1 else "", lang)
        wish = parse(command.words)
        desk = self._desk
        cluster = desk.clusters.chosen(wish.cluster)
        channel = wish.channel or place.channel
        if not await desk.policy.may(place.user, place.channel, cluster, None):
            return say("not-allowed", lang, what=f"`{quoted(cluster)}`")
        zone = wish.zone or await desk.locales.zone(place.user)
        made = await desk.store.schedules.add(
            Schedule(
                cluster=cluster,
                channel=channel,
                expression=wish.expression,
                zone=zone,
                spoken=wish.spoken,
                owner=place.user,
                lang=lang,
                next_at=next_after(wish.expression, zone, desk.store.now),
            )
        )
        said = self._line(made, lang)
        try:
            await desk.messenger.post(channel, line(f"{said} (<@{place.user}>)"))
        except Undeliverable as refused:
            await desk.store.schedules.delete(made.id)
            raise UsageError(f"I cannot post there ({refused.reason}): invite me to the channel first") from refused
        return said

    async def _change(self, place: Place, what: str, id_: str, lang: str) -> str:
        store = self._desk.store
        schedule = await store.schedules.get(id_)
        if schedule is None:
            known = [one.id for one in await store.schedules.every()]
            raise UsageError(f"there is no schedule {id_!r}{nearest(id_, known)}: /kdiag schedule list")
        if not await self._desk.policy.may(place.user, place.channel, schedule.cluster, None):
            return say("not-allowed", lang, what=f"`{quoted(schedule.cluster)}`")
        if what in ("delete", "remove"):
            await store.schedules.delete(id_)
            return say("schedule-gone", lang, id=id_)
        next_at = next_after(schedule.expression, schedule.zone, store.now)
        await store.schedules.pause(id_, what == "pause", next_at)
        if what == "pause":
            return say("schedule-paused", lang, id=id_)
        return say("schedule-resumed", lang, id=id_, next=_date(next_at, schedule.zone))

    async def list_schedules(self, lang: str) -> str:
        lines = [self._line(one, lang) for one in (await self._desk.store.schedules.every())[:MAX_LISTED]]
        return "\n".join(lines) or say("no-schedules", lang)

    def _line(self, one: Schedule, lang: str) -> str:
        said = say(
            "scheduled",
            lang,
            id=one.id,
            cluster=quoted(one.cluster),
            channel=one.channel,
            spoken=escape(one.spoken),
            zone=one.zone,
            next=_date(one.next_at, one.zone),
        )
        return f"{said} _{say('paused', lang)}_" if one.paused else said

    # --- mutes ------------------------------------------------------------------------------------------
    async def _mute(self, place: Place, command: Command, lang: str) -> str:
        words = list(command.words)
        until = self._desk.store.now + DEFAULT_MUTE_S
        for marker in ("for", "until"):
            if marker in words:
                at = words.index(marker)
                until = self._until(marker, " ".join(words[at + 1 :]))
                words = words[:at]
        if not words:
            raise UsageError("mute what? For example: /kdiag mute image-not-found shop/web-0 for 3d")
        entry, subject = words[0], " ".join(words[1:])
        known = await self._desk.consultant.entries()
        if entry not in known and not _FINGERPRINT.match(entry):
            raise UsageError(f"there is no finding {entry!r}{nearest(entry, known)}")
        cluster = self._desk.clusters.chosen(command.cluster) if command.cluster else ""
        for each in [cluster] if cluster else self._desk.clusters.names:
            if not await self._desk.policy.may(place.user, place.channel, each, None):
                return say("not-allowed", lang, what=f"`{quoted(each)}`")
        made = await self._desk.store.mutes.add(Mute(cluster, entry, subject, place.user, until))
        return _mute_line(made, lang)

    def _until(self, marker: str, words: str) -> float:
        now = self._desk.store.now
        if marker == "for":
            found = _LENGTH.match(words.replace(" ", ""))
            if found is None:
                raise UsageError(f"for {words!r}? For example: for 30m, 12h, 3d, 2w")
            until = now + int(found[1]) * _SECONDS[found[2]]
        else:
            try:
                until = datetime.fromisoformat(words).astimezone().timestamp()
            except ValueError:
                raise UsageError(f"until {words!r}? For example: until 2026-01-31") from None
        if not now < until <= now + LONGEST_MUTE_S:
            raise UsageError("a mute ends in the future, and within a year")
        return until

    async def _unmute(self, place: Place, command: Command, lang: str) -> str:
        id_ = command.words[0] if command.words else ""
        active = {one.id: one for one in await self._desk.store.mutes.active()}
        if id_ not in active:
            raise UsageError(f"there is no mute {id_!r}{nearest(id_, active)}: /kdiag mutes")
        cluster = active[id_].cluster
        for each in [cluster] if cluster else self._desk.clusters.names:
            if not await self._desk.policy.may(place.user, place.channel, each, None):
                return say("not-allowed", lang, what=f"`{quoted(each)}`")
        await self._desk.store.mutes.delete(id_)
        return say("unmuted", lang, id=id_)

    async def list_mutes(self, lang: str) -> str:
        lines = [_mute_line(one, lang) for one in (await self._desk.store.mutes.active())[:MAX_LISTED]]
        return "\n".join(lines) or say("no-mutes", lang)


def _mute_line(one: Mute, lang: str) -> str:
    subject = f"`{quoted(one.subject)}`" if one.subject else ""
    until = _date(one.until, "UTC")
    return say("muted", lang, entry=one.entry, subject=subject, until=until, owner=one.owner, id=one.id)


def _date(at: float, zone: str) -> str:
    """A time that Slack shows in the reader's own zone; as text in the schedule's."""
    text = datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")
    return f"<!date^{at:.0f}^{{date_short_pretty}} {{time}}|{text}>"
