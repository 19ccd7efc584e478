"""What is said after `/kdiag`, or to kdiag by name: questions become the job `ask`, the rest is done here."""

from __future__ import annotations

import importlib.metadata
from typing import Final

from bot.slack.answers import quoted
from bot.slack.asking import Asking, ask_payload
from bot.slack.desk import Desk, Place
from bot.slack.explaining import Explaining
from bot.slack.grammar import NAMED, TEXTS, Command, CommandError, parse
from bot.slack.messages import line
from bot.slack.regular import Regular
from bot.slack.words import HELP, say
from bot.store import Job
from rules.errors import KdiagError

MAX_CLUSTERS: Final = 8


class Commands:
    def __init__(self, desk: Desk, asking: Asking, explaining: Explaining, regular: Regular) -> None:
        self._desk = desk
        self._asking = asking
        self._explaining = explaining
        self._regular = regular

    async def handle(self, job: Job) -> None:
        """Job `command`: user, channel, line, response_url."""
        lang = await self._desk.locales.of(job.payload["user"])
        try:
            await self.run(job, job.payload["line"], lang, slash=True)
        except CommandError as error:
            await self._desk.deliver(_only_to_person(job), line(str(error)))

    async def run(self, job: Job, text: str, lang: str, *, slash: bool = False) -> None:
        """Do what the line says. CommandError when it says nothing that is known."""
        command = parse(text, lang)
        lang = command.lang if command.lang in ("en", "ja") else lang
        try:
            if command.verb in (*NAMED, *TEXTS, "summary"):
                await self._ask(job, command, text, lang, slash=slash)
            elif command.verb == "why":
                await self._explaining.last(job, command.words[0] if command.words else "", lang)
            elif command.verb in ("schedule", "mute", "mutes", "unmute"):
                place = _only_to_person(job) if slash else Place.of(job)
                await self._regular.run(place, command, lang)
            else:
                said = await self._version() if command.verb == "version" else self._help(lang)
                await self._desk.deliver(_only_to_person(job) if slash else Place.of(job), line(said))
        except KdiagError as error:
            await self._desk.refuse(_only_to_person(job) if slash else Place.of(job), error, lang)

    async def _ask(self, job: Job, command: Command, text: str, lang: str, *, slash: bool) -> None:
        """The job goes on as `ask`, so that a restart does not read the words again."""
        payload = job.payload
        place = Place.of(job)
        private = command.private if command.private is not None else slash and self._is_private(place.channel)
        shown = f"<@{place.user}>: `/kdiag {quoted(text, 150)}`" if slash and not private else ""
        job.kind = "ask"
        job.payload = ask_payload(
            command.question,
            place.user,
            place.channel,
            cluster=command.cluster,
            root=place.root,
            private=private,
            response_url=place.response_url,
            message_ts=payload.get("message_ts", ""),
            hygiene=command.hygiene,
            lang=lang,
            shown_as=shown,
        )
        await self._desk.store.jobs.note(job)
        await self._asking.handle(job)

    def _is_private(self, channel: str) -> bool:
        """Whether answers are for the one person here, when they did not say."""
        chosen = self._desk.settings.chat.channels
        return bool(chosen) and channel not in chosen and not channel.startswith("D")

    def _help(self, lang: str) -> str:
        names = ", ".join(f"`{quoted(name, 40)}`" for name in self._desk.clusters.names[:MAX_CLUSTERS])
        return HELP[lang].format(clusters=names or say("home-none", lang))

    async def _version(self) -> str:
        entries = await self._desk.consultant.entries()
        return f"kdiag {importlib.metadata.version('kdiag')}, {len(entries)} entries"


def _only_to_person(job: Job) -> Place:
    place = Place.of(job)
    place.private = bool(place.response_url)
    return place
