"""Where a consultation's facts come from: a pasted text or a recorded cluster. (Live clusters: `bot.collect.live`.)"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.collect.redact import redact

if TYPE_CHECKING:
    from bot.collect.dump import Dump
    from bot.service import Source
from bot.collect.gaps import gap_of_want
from bot.collect.names import the_one
from bot.questions import OBJECT_KINDS, Question
from bot.read import read
from rules.kinds import Fact
from rules.observations import Observations


class PasteSource:
    """A pasted text. It meets no wants: each is a gap, with the command whose output would tell."""

    def __init__(self, text: str, now: datetime | None = None) -> None:
        self._text = redact(text)
        self._now = now

    async def collect(self, question: Question) -> Observations:
        return read(self._text, now=self._now)

    async def satisfy(self, want: Fact) -> Observations:
        return Observations(gaps=[gap_of_want(want.attributes, "it was not pasted")])

    def asked(self, question: Question) -> str:
        return ""

    async def close(self) -> None:
        return None


class PasteOnCluster:
    """A pasted text, with the cluster it is from to ask what the text does not say."""

    def __init__(self, text: str, cluster: Source, now: datetime | None = None) -> None:
        self._text = text
        self._cluster = cluster
        self._now = now

    async def collect(self, question: Question) -> Observations:
        found = read(self._text, now=self._now)
        known = await self._cluster.collect(Question("explain"))
        # The question is about the text: of the cluster at first only what it is (its era, its runtime) counts.
        found.facts += [one for one in known.facts if one.kind == "cluster"]
        found.gaps += known.gaps
        return found

    async def satisfy(self, want: Fact) -> Observations:
        return await self._cluster.satisfy(want)

    def asked(self, question: Question) -> str:
        return ""

    async def close(self) -> None:
        await self._cluster.close()


class DumpSource:
    """A recorded cluster."""

    def __init__(self, dump: Dump, now: datetime | None = None, hygiene: bool = False) -> None:
        self._dump = dump
        self._now = now
        self._hygiene = hygiene
        self._asked = ""

    async def collect(self, question: Question) -> Observations:
        resolved = self._resolve(question)
        return self._dump.collect(resolved, now=self._now, hygiene=self._hygiene)

    def _resolve(self, question: Question) -> Question:
        """The question with the object's full name. KdiagError when there is none, or more than one."""
        if question.kind not in OBJECT_KINDS:
            if question.kind == "host":
                self._asked = f"host {question.name}"
            return question
        kind = OBJECT_KINDS[question.kind]
        names = self._dump.resolve(kind, question.name)
        name = the_one(kind, question.name, names, None if names else self._dump.nearest(kind, question.name))
        self._asked = f"{kind} {name}"
        return Question(question.kind, name)

    async def satisfy(self, want: Fact) -> Observations:
        return self._dump.satisfy(want)

    def asked(self, question: Question) -> str:
        return self._asked

    async def close(self) -> None:
        return None


class TogetherSource:
    """A cluster, and what a person added about it: one consultation over both."""

    def __init__(self, cluster: Source, paste: PasteSource) -> None:
        self._cluster = cluster
        self._paste = paste

    async def collect(self, question: Question) -> Observations:
        found = await self._cluster.collect(question)
        found.extend(await self._paste.collect(question))
        return found

    async def satisfy(self, want: Fact) -> Observations:
        return await self._cluster.satisfy(want)

    def asked(self, question: Question) -> str:
        return self._cluster.asked(question)

    async def close(self) -> None:
        await self._cluster.close()
