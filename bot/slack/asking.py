"""Questions about clusters and texts: from a command, a mention, a menu or the button Check again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from bot.collect.manifest.source import ManifestSource
from bot.collect.names import AmbiguousName
from bot.questions import Question
from bot.service import Source
from bot.slack.answers import choice_message, compared, found_in, quoted
from bot.slack.desk import Desk, Place
from bot.slack.messages import line
from bot.slack.policy import covers, namespace_of
from bot.slack.words import say
from bot.sources import PasteSource
from bot.store import Diagnosis, Job
from rules.errors import KdiagError
from rules.observations import Observations

log = structlog.get_logger()


def ask_payload(
    question: Question, user: str, channel: str, *, cluster: str = "", root: str = "", **more: Any
) -> dict[str, Any]:
    """What the job `ask` needs."""
    return {
        "user": user,
        "channel": channel,
        "root": root,
        "cluster": cluster,
        "question": [question.kind, question.name, question.text],
        **more,
    }


class Asking:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def handle(self, job: Job) -> None:
        """Job `ask`: payload of `ask_payload`, with those of `Place`, hygiene, lang, shown_as, again."""
        payload = job.payload
        place = Place.of(job)
        lang = payload.get("lang") or await self._desk.locales.of(place.user)
        question = Question(*payload["question"])
        try:
            if question.kind in ("explain", "check"):
                await self._text(job, question, place, lang)
            else:
                await self._cluster(job, question, place, lang)
        except KdiagError as error:
            if not place.message_ts and place.response_url:
                place.private = True  # wrong words are no news for the channel
            await self._desk.refuse(place, error, lang)

    async def _text(self, job: Job, question: Question, place: Place, lang: str) -> None:
        what = say("your-text", lang)
        await self._desk.open_progress(job, place, what, lang)
        if question.kind == "check":
            manifest = question.text

            def source() -> Source:
                return ManifestSource([("manifest", manifest)], "")

            question = Question("check", "manifest")
        else:
            text = question.text

            def source() -> Source:
                return PasteSource(text)

        consultation = await self._desk.consult(source, question, place, what, lang)
        diagnosis = await self._desk.answer(place, consultation, "", lang, above=job.payload.get("shown_as", ""))
        if question.kind == "explain" and diagnosis.message_ts:
            root = place.root or diagnosis.message_ts
            await self._desk.store.diagnoses.put_part(place.channel, diagnosis.message_ts, root, question.text)

    async def _cluster(self, job: Job, question: Question, place: Place, lang: str) -> None:
        desk, payload = self._desk, job.payload
        cluster = desk.clusters.chosen(payload["cluster"])
        patterns = await desk.policy.namespaces(place.user, place.channel, cluster)
        named = namespace_of(question.kind, f"{question.kind} {question.name}")
        what = f"`{quoted(' '.join(filter(None, (question.kind, question.name))))}`"
        refused = line(say("not-allowed", lang, what=what))
        if not patterns or (named is not None and not covers(patterns, named)):
            await desk.deliver(replace(place, private=True), refused)
            return
        if len(desk.clusters.names) > 1 or question.kind == "summary":
            what += " " + say("cluster", lang, cluster=quoted(cluster))
        await desk.open_progress(job, place, what, lang)
        hygiene = bool(payload.get("hygiene"))
        source: Callable[[], Source] = lambda: desk.clusters.source(cluster, hygiene=hygiene)  # noqa: E731
        try:
            consultation = await desk.consult(source, question, place, what, lang, hygiene=hygiene)
        except AmbiguousName as several:
            candidates = [
                one for one in several.candidates if covers(patterns, namespace_of(question.kind, f"x {one}"))
            ]
            if not candidates:
                await desk.deliver(place, refused)
                return
            await self._choose(place, question, cluster, candidates, lang)
            return
        except KdiagError:
            if "*" not in patterns:  # what it says could name what this person may not see
                await desk.deliver(place, refused)
                return
            raise
        if not covers(patterns, namespace_of(question.kind, consultation.asked)):
            await desk.deliver(place, refused)
            return
        above = str(payload.get("shown_as") or "")
        again = payload.get("again") or ""
        before = await desk.store.diagnoses.get(again) if again else None
        if before is not None:
            kept = await desk.store.diagnoses.observations(again)
            known = {gap.what for gap in kept[1].gaps} if kept else set()
            blind = not known.issuperset(gap.what for gap in consultation.answer.gaps)
            above = compared(before.findings, found_in(consultation, cluster), lang, blind=blind)
        await desk.answer(place, consultation, cluster, lang, id_=again, above=above)
        if question.kind == "summary":
            await desk.saw(cluster, consultation)

    async def _choose(self, place: Place, question: Question, cluster: str, candidates: list[str], lang: str) -> None:
        """Offer a menu. What was asked is remembered under the id that the menu carries."""
        asked = Diagnosis(
            cluster=cluster,
            kind=question.kind,
            name=question.name,
            asked="",
            user_id=place.user,
            lang=lang,
            channel=place.channel,
            thread_ts=place.root,
            message_ts="",
            findings=(),
        )
        kept = await self._desk.store.diagnoses.add(asked, Observations())
        ts = await self._desk.deliver(place, choice_message(question.name, candidates, kept.id, lang))
        await self._desk.store.diagnoses.moved(kept, ts)
