"""Buttons and menus below answers. What they carry is an id; whether the person may is looked up again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import metrics
from bot.slack.answers import quoted
from bot.slack.asking import ask_payload
from bot.slack.desk import Desk, Place
from bot.slack.messages import small
from bot.slack.words import say
from bot.store import Diagnosis, Job


def place_payload(body: Mapping[str, Any]) -> dict[str, Any]:
    """Where a button was pressed and by whom, for the payload of a job."""
    container = body.get("container") or {}
    message = body.get("message") or {}
    ts = str(container.get("message_ts") or message.get("ts") or "")
    private = bool(container.get("is_ephemeral"))
    return {
        "user": body["user"]["id"],
        "channel": (body.get("channel") or {}).get("id") or container.get("channel_id") or "",
        "root": str(container.get("thread_ts") or message.get("thread_ts") or "") or ("" if private else ts),
        "private": private,
        "response_url": body.get("response_url") or "",
        "message_ts": "" if private else ts,
    }


class Actions:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def again_payload(self, body: Mapping[str, Any], diagnosis: Diagnosis, name: str = "") -> dict[str, Any]:
        """The job `ask` that puts a fresh answer in the place of the message; `name` is what a menu chose."""
        place = place_payload(body)
        question = diagnosis.question if not name else type(diagnosis.question)(diagnosis.kind, name)
        return ask_payload(
            question,
            place["user"],
            place["channel"],
            cluster=diagnosis.cluster,
            root=diagnosis.thread_ts,
            private=place["private"],
            response_url=place["response_url"],
            message_ts=place["message_ts"],
            replace=place["private"],
            again="" if name else diagnosis.id,
            shown_as=f"<@{place['user']}>: `{diagnosis.kind} {quoted(name)}`" if name else "",
        )

    async def feedback(self, job: Job) -> None:
        """Job `feedback`: the place, `diagnosis` and `helpful`."""
        desk = self._desk
        place = Place.of(job)
        lang = await desk.locales.of(place.user)
        diagnosis = await desk.store.diagnoses.get(job.payload["diagnosis"])
        place.private = bool(place.response_url)
        place.message_ts = ""
        if diagnosis is None:
            await desk.deliver(place, small(say("forgotten", lang)))
            return
        helpful = bool(job.payload["helpful"])
        entry = diagnosis.findings[0].id if diagnosis.findings else ""
        await desk.store.feedback.give(diagnosis.id, place.user, entry, helpful)
        metrics.FEEDBACK.labels(str(helpful).lower()).inc()
        verdict = say("helpful" if helpful else "not-helpful", lang)
        await desk.deliver(place, small(say("thanks", lang, verdict=verdict)))
