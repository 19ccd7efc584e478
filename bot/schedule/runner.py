"""Posts what is due. What is due lives in the database, so restarts lose nothing, and of several replicas one posts.

A run is claimed, then marked as posting, then posted. Whoever takes over a run that was left in the middle of posting
looks into the channel first, by the run's key in the message's metadata: a summary is not posted twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from slack_sdk.errors import SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.questions import Question
from bot.render.mrkdwn import escape
from bot.schedule.chart import DAYS, by_day, draw, in_words
from bot.schedule.green import turn_green
from bot.schedule.summary import change, summary_message
from bot.schedule.times import next_after
from bot.service import silent
from bot.slack.answers import found_in, quoted
from bot.slack.desk import Desk
from bot.slack.messages import Undeliverable, line
from bot.slack.words import say
from bot.store import Diagnosis, Found, Run, Schedule
from bot.store.masking import new_id
from rules.errors import KdiagError

LOOK_S: Final = 5.0
LATE_S: Final = 600.0
METADATA: Final = "kdiag_summary"
log = structlog.get_logger()


class Runner:
    """One for each process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._task: asyncio.Task[None] | None = None
        self._forgot_at = 0.0

    def start(self) -> None:
        self._task = asyncio.create_task(self._loop(), name="schedules")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _loop(self) -> None:
        while True:
            try:
                await self.look()
            except (SQLAlchemyError, OSError) as error:
                log.error("storage does not answer", error=str(error))
            except Exception:
                log.exception("schedules failed")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Do what is due now, and what other processes left undone."""
        store = self._desk.store
        for run in await store.schedules.left():
            schedule = await store.schedules.get(run.schedule)
            if schedule is not None:
                await self._take_over(schedule, run)
        for schedule in await store.schedules.due():
            run_ = await store.schedules.claim(schedule, next_after(schedule.expression, schedule.zone, store.now))
            if run_ is not None:
                await self._do(schedule, run_)
        if store.now - self._forgot_at > 3600:
            self._forgot_at = store.now
            await store.forget(self._desk.settings.chat.retention_days)

    async def _take_over(self, schedule: Schedule, run: Run) -> None:
        if run.state == "posting":
            posted = await self._posted_already(run)
            if posted is None:
                await self._desk.store.schedules.mark(run, "failed")
                await self._desk.report(f"summary {run.key}: cannot see whether it was posted, so it is left out")
                return
            if posted:
                await self._desk.store.schedules.mark(run, "posted", message_ts=posted)
                return
        await self._do(schedule, run)

    async def _posted_already(self, run: Run) -> str | None:
        """The ts of the run's message; "" if it is not there, None if the channel cannot be read."""
        try:
            answer = await self._desk.client.conversations_history(
                channel=run.channel, oldest=str(run.due_at), include_all_metadata=True, limit=200
            )
        except SlackClientError as error:
            log.warning("history not readable", channel=run.channel, error=str(error))
            return None
        for message in answer.get("messages") or ():
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == METADATA and metadata.get("event_payload", {}).get("run") == run.key:
                return str(message["ts"])
        return ""

    async def _do(self, schedule: Schedule, run: Run) -> None:
        desk, lang = self._desk, schedule.lang
        store = desk.store
        with structlog.contextvars.bound_contextvars(run=run.key, cluster=schedule.cluster):
            try:
                consultation = await desk.consultant.consult(
                    lambda: desk.clusters.source(schedule.cluster), Question("summary"), progress=silent
                )
            except KdiagError as error:
                why = escape(str(error)[:500])
                earlier = await store.schedules.posted(schedule.id, 1)
                last = earlier[0].findings if earlier else ()
                await self._post(
                    run, line(say("summary-failed", lang, cluster=quoted(schedule.cluster), why=why)), last, ()
                )
                return
            await desk.saw(schedule.cluster, consultation)
            found = found_in(consultation, schedule.cluster)
            before = await store.schedules.posted(schedule.id, 1)
            changed = change(
                schedule.cluster,
                before[0] if before else None,
                found,
                consultation.answer.gaps,
                await store.mutes.active(),
            )
            note = ""
            if store.now - run.due_at > LATE_S:
                due = datetime.fromtimestamp(run.due_at, ZoneInfo(schedule.zone)).strftime("%Y-%m-%d %H:%M %Z")
                note = say("summary-late", lang, due=due)
            id_ = new_id()
            message = summary_message(schedule.cluster, changed, lang, diagnosis=id_, note=note)
            gaps = [gap.what for gap in consultation.answer.gaps]
            ts = await self._post(run, message, (*found, *changed.unseen), gaps)
            if not ts:
                return
            diagnosis = Diagnosis(
                cluster=schedule.cluster,
                kind="summary",
                name="",
                asked="",
                user_id=schedule.owner,
                lang=lang,
                channel=run.channel,
                thread_ts="",
                message_ts=ts,
                findings=found,
                id=id_,
            )
            await store.diagnoses.add(diagnosis, consultation.observations)
            if changed.here or changed.healed:
                await self._picture(schedule, run.channel, ts)
            if changed.healed:
                await turn_green(desk, run.channel, changed.healed, found, lang, besides=ts)

    async def _post(self, run: Run, message: dict[str, Any], found: Sequence[Found], gaps: Sequence[str]) -> str:
        """The message's ts, or "" when the channel does not take it, or another replica does it by now."""
        store = self._desk.store
        if not await store.schedules.mark(run, "posting", findings=found, gaps=gaps):
            return ""
        metadata = {"event_type": METADATA, "event_payload": {"run": run.key}}
        try:
            ts = await self._desk.messenger.post(run.channel, message, metadata=metadata)
        except Undeliverable as refused:
            await store.schedules.mark(run, "failed")
            metrics.SUMMARIES.labels("failed").inc()
            await self._desk.report(f"summary {run.key} to {run.channel}: {refused.reason}")
            return ""
        await store.schedules.mark(run, "posted", message_ts=ts)
        metrics.SUMMARIES.labels("posted").inc()
        return ts

    async def _picture(self, schedule: Schedule, channel: str, ts: str) -> None:
        """The last days, in the thread of the summary. Without it the summary is no worse."""
        store = self._desk.store
        today = datetime.fromtimestamp(store.now, ZoneInfo(schedule.zone)).date()
        healths = await store.schedules.healths(schedule.cluster, store.now - (DAYS + 1) * 86400)
        days = by_day(healths, schedule.zone, today)
        alt = say("chart", schedule.lang, cluster=schedule.cluster, days=DAYS, counts=in_words(days))
        png = await asyncio.to_thread(draw, days)
        with contextlib.suppress(Undeliverable):
            await self._desk.messenger.upload_picture(channel, ts, f"{schedule.id}.png", png, alt[:1000])
