"""What every handler needs, and the one way to deliver to wherever a question came from."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.clusters import Clusters
from bot.config import Settings
from bot.consultant import Consultant
from bot.questions import Question
from bot.render.mrkdwn import escape
from bot.service import Consultation, Source
from bot.slack.answers import answer_message, found_in
from bot.slack.locale import Locales
from bot.slack.messages import Message, Messenger, Undeliverable, line, small
from bot.slack.policy import Policy, namespace_of
from bot.slack.progress import Progress
from bot.slack.words import say
from bot.store import Diagnosis, Health, Job, Store
from bot.store.masking import new_id
from rules.errors import KdiagError

NOT_HERE: Final = frozenset({"not_in_channel", "channel_not_found"})
"""The bot is no member of the channel: it can still answer the one person."""
REPORT_AGAIN_S: Final = 600.0
log = structlog.get_logger()


@dataclass(slots=True)
class Place:
    """Where an answer goes. `message_ts` is the message that becomes it, "" for a new one."""

    channel: str
    user: str
    root: str = ""
    private: bool = False
    response_url: str = ""
    message_ts: str = ""
    replace: bool = False
    """Of a private answer: in place of the message whose button was pressed."""

    @classmethod
    def of(cls, job: Job) -> Place:
        one = job.payload
        return cls(
            channel=one["channel"],
            user=one["user"],
            root=one.get("root", ""),
            private=bool(one.get("private")),
            response_url=one.get("response_url", ""),
            message_ts=one.get("message_ts", ""),
            replace=bool(one.get("replace")),
        )


@dataclass
class Desk:
    """The services, made once. `bot_user` is known after auth.test."""

    settings: Settings
    store: Store
    clusters: Clusters
    consultant: Consultant
    client: AsyncWebClient
    messenger: Messenger
    locales: Locales
    policy: Policy
    bot_user: str = ""
    channel_turns: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """Whoever looks whether an answer was given already holds its channel's until its own is given."""
    _reported: dict[str, float] = field(default_factory=dict)

    async def deliver(self, place: Place, message: Message) -> str:
        """Show the message; its ts, or "" when only the one person sees it. Undeliverable when nobody can."""
        if not place.private:
            try:
                place.message_ts = await self.messenger.show(place.channel, place.message_ts, message, place.root)
                return place.message_ts
            except Undeliverable as refused:
                await self.report(f"{place.channel}: {refused.reason}")
                if not place.response_url and refused.reason not in NOT_HERE:
                    raise
                place.private = True
        await self.messenger.whisper(place.response_url, place.channel, place.user, message, replace=place.replace)
        return ""

    async def open_progress(self, job: Job, place: Place, what: str, lang: str) -> None:
        """Say at once that the question is being looked at, in the message that becomes the answer."""
        if place.private:
            return
        if not place.message_ts:
            looking = small(say("looking", lang, what=what))
            try:
                place.message_ts = await self.messenger.post(place.channel, looking, place.root)
            except Undeliverable as refused:
                if refused.reason not in NOT_HERE or not place.response_url:
                    raise
                place.private = True
        elif job.attempts > 1:
            await self.messenger.update(place.channel, place.message_ts, small(say("restarted", lang)))
        job.payload |= {"message_ts": place.message_ts, "private": place.private}
        await self.store.jobs.note(job)

    async def consult(
        self,
        source: Callable[[], Source],
        question: Question,
        place: Place,
        what: str,
        lang: str,
        *,
        hygiene: bool = False,
    ) -> Consultation:
        async with Progress(self.messenger, place.channel, place.message_ts, what, lang) as progress:
            return await self.consultant.consult(source, question, hygiene=hygiene, progress=progress.step)

    async def answer(
        self,
        place: Place,
        consultation: Consultation,
        cluster: str,
        lang: str,
        *,
        id_: str = "",
        above: str = "",
    ) -> Diagnosis:
        """Show an answer with its buttons, and remember it. `id_` is that of the answer it replaces."""
        id_ = id_ or new_id()
        diagnosis = Diagnosis(
            cluster=cluster,
            kind=consultation.question.kind,
            name=consultation.question.name,
            asked=consultation.asked,
            user_id=place.user,
            lang=lang,
            channel=place.channel,
            thread_ts=place.root,
            message_ts=place.message_ts,
            findings=found_in(consultation, cluster),
            id=id_,
        )
        # Remembered first: its buttons may be pressed as soon as it is there.
        diagnosis = await self.store.diagnoses.add(diagnosis, consultation.observations)
        message = answer_message(consultation.answer, id_, lang, can_check_again=bool(cluster), above=above)
        ts = await self.deliver(place, message)
        return await self.store.diagnoses.moved(diagnosis, ts)

    async def may_see(self, user: str, channel: str, diagnosis: Diagnosis) -> bool:
        """Whether a person may see an answer given earlier. Texts that people pasted are for all of their channel."""
        if not diagnosis.cluster:
            return True
        namespace = namespace_of(diagnosis.kind, diagnosis.asked)
        return await self.policy.may(user, channel, diagnosis.cluster, namespace)

    async def saw(self, cluster: str, consultation: Consultation) -> None:
        """Remember how many problems the whole cluster has, for App Home and the picture of the last days."""
        count = Counter(ranked.finding.entry.severity for ranked in consultation.answer.roots)
        await self.store.schedules.saw(
            Health(
                cluster,
                self.store.now,
                count["critical"],
                count["warning"],
                count["info"],
                len(consultation.answer.gaps),
            )
        )

    async def refuse(self, place: Place, error: KdiagError, lang: str) -> None:
        """Say why there is no answer."""
        await self.deliver(place, line(say("cannot", lang, why=escape(str(error)[:1500]))))

    # --- when things go wrong ---------------------------------------------------------------------------
    async def failed(self, job: Job, error: BaseException) -> None:
        """A handler raised: whoever asked is told, unless nothing was promised to them."""
        if isinstance(error, Undeliverable):
            await self.report(f"{job.payload.get('channel')}: {error.reason}")
            return
        await self.report(f"job {job.kind} `{job.id}` failed: {type(error).__name__}")
        if job.payload.get("quiet"):
            return
        lang = await self.locales.of(job.payload["user"])
        await self.deliver(Place.of(job), line(say("failed", lang, id=job.id)))

    async def lost(self, job: Job) -> None:
        """A job that killed the process twice is given up: the thread is told."""
        lang = await self.locales.of(job.payload["user"])
        await self.deliver(Place.of(job), line(say("lost", lang)))

    async def stopping(self, job: Job) -> None:
        """The process ends in the middle of a job: its message says that it will be taken up again."""
        place = Place.of(job)
        if place.message_ts and not place.private:
            lang = await self.locales.of(place.user)
            await self.messenger.update(place.channel, place.message_ts, small(say("stopping", lang)))

    async def report(self, what: str) -> None:
        """To the admin channel, the same thing at most every ten minutes."""
        log.warning("reported", what=what)
        channel = self.settings.chat.admin_channel
        now = time.monotonic()
        if not channel or self._reported.get(what, 0.0) > now - REPORT_AGAIN_S:
            return
        if len(self._reported) > 1000:
            self._reported.clear()
        self._reported[what] = now
        try:
            await self.messenger.post(channel, small(":wrench: " + escape(what[:1000])))
        except Undeliverable as refused:
            log.error("admin channel does not work", channel=channel, reason=refused.reason)
