"""Why, and with what evidence: read from what an answer rested on, not from the cluster as it is now."""

from __future__ import annotations

from typing import Final

from bot.questions import Question
from bot.render.blocks import preformatted, section
from bot.render.why_blocks import evidence_as_text, explanation_as_blocks
from bot.slack.desk import Desk, Place
from bot.slack.messages import line
from bot.slack.words import say
from bot.store import Diagnosis, Job
from rules.errors import KdiagError

MAX_SHOWN: Final = 2500
"""Characters of evidence in a message; more becomes a file."""


class Explaining:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def why(self, job: Job) -> None:
        """Job `why`: the place, and `diagnosis`, the id of the answer."""
        lang = await self._desk.locales.of(job.payload["user"])
        diagnosis = await self._remembered(job, lang)
        if diagnosis is not None:
            await self._why(_below(job, diagnosis), diagnosis, "", lang)

    async def last(self, job: Job, wanted: str, lang: str) -> None:
        """`why [ID]`: about the last answer in the thread, else that the person got in the channel."""
        place = Place.of(job)
        diagnoses = self._desk.store.diagnoses
        diagnosis = await diagnoses.of_thread(place.channel, place.root) if place.root else None
        diagnosis = diagnosis or await diagnoses.last(place.user, place.channel)
        if diagnosis is None:
            place.private = bool(place.response_url)
            await self._desk.deliver(place, line(say("no-answer-yet", lang)))
            return
        await self._why(_below(job, diagnosis), diagnosis, wanted, lang)

    async def _why(self, place: Place, diagnosis: Diagnosis, wanted: str, lang: str) -> None:
        kept = await self._desk.store.diagnoses.observations(diagnosis.id)
        if kept is None:
            await self._desk.deliver(place, line(say("too-big-why", lang)))
            return
        asked, observations = kept
        try:
            explanation = await self._desk.consultant.explain(observations, diagnosis.question, asked, wanted)
        except KdiagError as error:
            await self._desk.refuse(place, error, lang)
            return
        if explanation is None:
            await self._desk.deliver(place, line(say("no-why", lang)))
            return
        await self._desk.deliver(place, explanation_as_blocks(explanation, lang))

    async def evidence(self, job: Job) -> None:
        """Job `evidence`: like `why`."""
        desk = self._desk
        lang = await desk.locales.of(job.payload["user"])
        diagnosis = await self._remembered(job, lang)
        if diagnosis is None:
            return
        place = _below(job, diagnosis)
        kept = await desk.store.diagnoses.observations(diagnosis.id)
        if kept is None:
            await desk.deliver(place, line(say("too-big-why", lang)))
            return
        asked, observations = kept
        answer = await desk.consultant.answer(observations, Question(diagnosis.kind, diagnosis.name), asked)
        text = evidence_as_text(answer, lang)
        title = say("evidence-file", lang)
        if len(text) <= MAX_SHOWN or place.private:
            shown = text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
            await desk.deliver(place, {"text": title, "blocks": [section(f"*{title}*"), preformatted(shown)]})
        else:
            await desk.messenger.upload(place.channel, place.root, f"evidence-{diagnosis.id}.txt", text, title)

    async def _remembered(self, job: Job, lang: str) -> Diagnosis | None:
        """The answer that a button belongs to, if the person may see it; else they are told."""
        desk = self._desk
        diagnosis = await desk.store.diagnoses.get(job.payload["diagnosis"])
        place = Place.of(job)
        place.private = bool(place.response_url)
        place.message_ts = ""
        if diagnosis is None:
            await desk.deliver(place, line(say("forgotten", lang)))
            return None
        if not await desk.may_see(place.user, place.channel, diagnosis):
            await desk.deliver(place, line(say("not-allowed", lang, what=f"`{diagnosis.kind}`")))
            return None
        return diagnosis


def _below(job: Job, diagnosis: Diagnosis) -> Place:
    """In the thread of the answer; to the one person where only they saw it."""
    place = Place.of(job)
    place.message_ts = ""
    place.replace = False
    place.root = diagnosis.thread_ts or diagnosis.message_ts
    place.private = not diagnosis.message_ts
    return place
