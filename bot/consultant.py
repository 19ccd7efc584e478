"""Consultations beside the event loop that talks with Slack: reading and reasoning take the processor for seconds.

One thread with an event loop of its own owns the expert, so that an acknowledgement never waits for a diagnosis.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bot.questions import Question
from bot.service import Consultation, Progress, Source, consult
from rules.errors import KdiagError
from rules.expert import Expert
from rules.explain import Explanation, explain
from rules.findings import Answer, Finding
from rules.knowledge import Knowledge
from rules.observations import Observations
from rules.schema import nearest

T = TypeVar("T")


class Consultant:
    """Start it, ask from any event loop, close it."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._expert = Expert(knowledge)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="consultations", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    async def start(self) -> None:
        """Load the rules into the engine, so that the first question does not wait for it."""
        self._thread.start()
        await self._there(self._expert.start())

    async def close(self) -> None:
        await self._there(self._expert.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, 5)

    async def consult(
        self, source: Callable[[], Source], question: Question, *, hygiene: bool = False, progress: Progress
    ) -> Consultation:
        """As `bot.service.consult`. `source` is called in the other thread; `progress` is called in this one."""
        here = asyncio.get_running_loop()

        async def work() -> Consultation:
            def report(step: str) -> None:
                here.call_soon_threadsafe(progress, step)

            return await consult(self._expert, source(), question, hygiene=hygiene, progress=report)

        return await self._there(work())

    async def answer(self, observations: Observations, question: Question, asked: str) -> Answer:
        """The findings and gaps of an earlier answer, from what it rested on."""

        async def work() -> Answer:
            reasoning = await self._expert.reason(observations)
            roots = reasoning.ranked(asked=asked, one_text=question.kind == "explain", hygiene=True)
            gaps = list(dict.fromkeys(observations.gaps))
            return Answer(question=question.label(), roots=roots, gaps=gaps, facts=reasoning.facts)

        return await self._there(work())

    async def explain(
        self, observations: Observations, question: Question, asked: str, wanted: str = ""
    ) -> Explanation | None:
        """The chain behind a finding of an earlier answer: the one of the id or fingerprint, or the first for "".

        None if the answer had no finding; KdiagError if it has none of that id.
        """

        async def work() -> Explanation | None:
            reasoning = await self._expert.reason(observations)
            ranked = reasoning.ranked(asked=asked, one_text=question.kind == "explain", hygiene=True)
            findings = [f for r in ranked for f in (r.finding, *r.siblings, *r.explains)]
            finding = findings[0] if findings and not wanted else named(findings, wanted)
            if finding is None:
                return None
            return await explain(self._expert, observations, reasoning, finding)

        return await self._there(work())

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


def named(findings: list[Finding], wanted: str) -> Finding | None:
    """The finding a person means; None if there are none at all. KdiagError names those there are."""
    if not findings:
        return None
    for finding in findings:
        if wanted in (finding.id, finding.fingerprint(), f"{finding.id}@{finding.subject}"):
            return finding
    known = ", ".join(dict.fromkeys(f.id for f in findings))
    raise KdiagError(
        f"the last answer has no finding {wanted!r}{nearest(wanted, [f.id for f in findings])}; it has: {known}"
    )
