"""What people write in channels, threads and direct messages.

In a channel kdiag speaks only when it recognises a failure; asked by name, it always answers. Replies in the thread of
an answer, and edits, belong to the same consultation: facts add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackClientError

from bot.questions import OBJECT_KINDS, Question
from bot.render.mrkdwn import escape
from bot.service import Consultation, Source
from bot.slack.answers import found_in, quoted, titled
from bot.slack.commands import Commands
from bot.slack.desk import Desk, Place
from bot.slack.files import MAX_BYTES, FileError, Files, TooBig, is_text, kept_of
from bot.slack.grammar import CommandError, looks_like_command
from bot.slack.incoming import Incoming, text_of
from bot.slack.messages import line, small
from bot.slack.policy import covers, namespace_of
from bot.slack.words import say
from bot.sources import PasteSource, TogetherSource
from bot.store import Diagnosis, Job
from bot.store.diagnoses import signature_of
from rules.errors import KdiagError

MAX_THREAD: Final = 100
log = structlog.get_logger()


def paste_job(message: Incoming) -> Job:
    """The job of a message."""
    return Job(
        "paste",
        {
            "user": message.user,
            "channel": message.channel,
            "root": message.root,
            "ts": message.ts,
            "reply": bool(message.thread_ts),
            "text": message.text,
            "files": [kept_of(file) for file in message.files],
            "addressed": message.addressed,
            "quiet": not message.addressed,
            "edited": message.edited,
        },
    )


class Pastes:
    def __init__(self, desk: Desk, commands: Commands) -> None:
        self._desk = desk
        self._commands = commands
        self._files = Files(desk.client)

    async def handle(self, job: Job) -> None:
        """Job `paste`: payload of `paste_job`, and of `Place` for a message shortcut."""
        payload = job.payload
        place = Place.of(job)
        lang = await self._desk.locales.of(place.user)
        known = await self._desk.store.diagnoses.of_thread(place.channel, place.root)
        if payload["edited"] and await self._desk.store.diagnoses.has_part(place.channel, payload["ts"]):
            await self._edited(job, place, known, lang)
            return
        text, notes = await self._whole_text(payload, lang)
        if payload["addressed"] and not payload["files"] and looks_like_command(text):
            try:
                await self._commands.run(job, text, lang)
            except CommandError as error:
                await self._desk.deliver(place, line(str(error)))
            return
        try:
            if known is not None and payload["reply"]:
                await self._reply(job, place, known, text, notes, lang)
            else:
                await self._first(job, place, text, notes, lang)
        except KdiagError as error:
            if payload["addressed"]:
                await self._desk.refuse(place, error, lang)
            else:
                log.warning("paste not answered", error=str(error))

    async def _whole_text(self, payload: Mapping[str, Any], lang: str) -> tuple[str, list[str]]:
        """The message with the text of its files, and what is to be said about those that could not be read."""
        parts, notes = [payload["text"]], []
        for file in payload["files"]:
            name = quoted(str(file.get("name") or "file"))
            if not is_text(file):
                notes.append(say("file-unread", lang, name=name, why=say("not-text", lang)))
                continue
            try:
                parts.append(await self._files.text(file))
            except TooBig:
                notes.append(say("file-too-big", lang, name=name, limit=MAX_BYTES >> 20))
            except FileError as error:
                notes.append(say("file-unread", lang, name=name, why=escape(str(error)[:200])))
        return "\n\n".join(part for part in parts if part.strip()), notes

    async def _read(self, text: str, place: Place, lang: str) -> Consultation:
        return await self._desk.consult(
            lambda: PasteSource(text), Question("explain", text=text), place, say("your-text", lang), lang
        )

    # --- a message that opens a consultation ------------------------------------------------------------
    async def _first(self, job: Job, place: Place, text: str, notes: list[str], lang: str) -> None:
        addressed = job.payload["addressed"]
        if not text.strip():
            if addressed and not (job.payload["reply"] and await self._thread(job, place, lang)):
                await self._desk.deliver(place, line("\n".join([*notes, say("hello", lang)])))
            return
        consultation = await self._read(text, place, lang)
        unknown = not consultation.answer.roots
        if unknown and addressed and job.payload["reply"] and await self._thread(job, place, lang):
            return
        if not consultation.answer.roots and not addressed:
            return
        async with self._desk.channel_turns[place.channel]:
            if not addressed and await self._said_before(place, consultation, lang):
                return
            await self._desk.store.diagnoses.put_part(place.channel, job.payload["ts"], place.root, text)
            await self._desk.answer(place, consultation, "", lang, above="; ".join(notes))

    async def _said_before(self, place: Place, consultation: Consultation, lang: str) -> bool:
        """Whether the same was answered in the channel a while ago: then one line points there."""
        desk = self._desk
        found = found_in(consultation, "")
        since = desk.store.now - desk.settings.chat.repeat_minutes * 60
        earlier = await desk.store.diagnoses.same(place.channel, signature_of(found), since, place.root)
        if earlier is None:
            return False
        link = await desk.messenger.permalink(earlier.channel, earlier.message_ts)
        if not link:
            return False
        await desk.deliver(place, small(say("repeat", lang, link=link, what=titled(found[0], lang))))
        return True

    async def _thread(self, job: Job, place: Place, lang: str) -> bool:
        """Called into a thread: read what was written there before. True if that gave an answer."""
        try:
            answer = await self._desk.client.conversations_replies(
                channel=place.channel, ts=place.root, limit=MAX_THREAD
            )
        except SlackClientError as error:
            log.warning("thread not readable", channel=place.channel, error=str(error))
            return False
        texts = []
        for message in answer.get("messages") or ():
            if message.get("user") != self._desk.bot_user:
                files = [one for one in message.get("files") or () if is_text(one)]
                part = {"text": text_of(message, self._desk.bot_user), "files": [kept_of(one) for one in files]}
                texts.append((str(message.get("ts")), (await self._whole_text(part, lang))[0]))
        consultation = await self._read("\n\n".join(text for _, text in texts), place, lang)
        if not consultation.answer.roots:
            return False
        for ts, text in texts:
            await self._desk.store.diagnoses.put_part(place.channel, ts, place.root, text)
        await self._desk.answer(place, consultation, "", lang)
        return True

    # --- a reply to an answer -----------------------------------------------------------------------------
    async def _reply(self, job: Job, place: Place, known: Diagnosis, text: str, notes: list[str], lang: str) -> None:
        desk, addressed = self._desk, job.payload["addressed"]
        alone = await self._read(text, place, lang) if text.strip() else None
        if alone is None or not _informative(alone):
            if addressed:
                await desk.deliver(place, line("\n".join([*notes, say("need", lang)])))
            return
        await desk.store.diagnoses.put_part(place.channel, job.payload["ts"], place.root, text)
        consultation = await self._together(place, known, lang)
        if signature_of(found_in(consultation, known.cluster)) == known.signature:
            await desk.deliver(place, small("; ".join([*notes, say("fits", lang)])))
            return
        await desk.answer(place, consultation, known.cluster, lang, above="; ".join(notes))

    async def _together(self, place: Place, known: Diagnosis, lang: str) -> Consultation:
        """The consultation of a thread, anew, with all that people wrote in it."""
        desk = self._desk
        text = "\n\n".join(await desk.store.diagnoses.texts(place.channel, place.root))
        if not known.cluster:
            return await self._read(text, place, lang)
        patterns = await desk.policy.namespaces(place.user, place.channel, known.cluster)
        if not covers(patterns, namespace_of(known.kind, known.asked)):
            return await self._read(text, place, lang)

        def source() -> Source:
            return TogetherSource(desk.clusters.source(known.cluster), PasteSource(text))

        name = known.asked.partition(" ")[2] if known.kind in OBJECT_KINDS else known.name
        return await desk.consult(source, Question(known.kind, name), place, quoted(known.asked), lang)

    # --- an edit ------------------------------------------------------------------------------------------
    async def _edited(self, job: Job, place: Place, known: Diagnosis | None, lang: str) -> None:
        """The message was part of a consultation: the answer is brought up to date where it stands."""
        desk = self._desk
        text, _notes = await self._whole_text(job.payload, lang)
        await desk.store.diagnoses.put_part(place.channel, job.payload["ts"], place.root, text)
        if known is None:
            return
        consultation = await self._together(place, known, lang)
        place.message_ts = known.message_ts
        if not consultation.answer.roots and not job.payload["addressed"]:
            await desk.deliver(place, line(say("gone-answer", lang)))
            await desk.store.diagnoses.add(
                Diagnosis(
                    cluster=known.cluster,
                    kind=known.kind,
                    name=known.name,
                    asked=known.asked,
                    user_id=known.user_id,
                    lang=lang,
                    channel=known.channel,
                    thread_ts=known.thread_ts,
                    message_ts=known.message_ts,
                    findings=(),
                    id=known.id,
                ),
                consultation.observations,
            )
            return
        await desk.answer(place, consultation, known.cluster, lang, id_=known.id)


def _informative(consultation: Consultation) -> bool:
    """The text held something that kdiag can read: talk in a thread holds nothing."""
    return any(one.kind != "paste" for one in consultation.answer.facts)
