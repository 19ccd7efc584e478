"""Consultations beside the event loop that talks with Slack: reading and reasoning take the processor for seconds.

One thread with an event loop of its own owns the expert, so that an acknowledgement never waits for a diagnosis.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from bot.questions import Question
from bot.reload import LivingKnowledge
from bot.service import Consultation, Progress, Source, consult
from rules.errors import KdiagError
from rules.explain import Explanation, explain
from rules.findings import Answer, named
from rules.observations import Observations
from rules.schema import Entry

REFRESH_S: Final = 10.0
log = structlog.get_logger()
T = TypeVar("T")


class Consultant:
    """Start it, ask from any event loop, close it. `folders` are a team's own entries; they may change meanwhile."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = folders
        self._thread = threading.Thread(target=self._run, name="consultations", daemon=True)
        self._refreshing: Future[None] | None = None

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    async def start(self, report: Callable[[str], Awaitable[None]]) -> None:
        """Load the rules, so that the first question does not wait. `report` is told of entries that are not sound."""
        here = asyncio.get_running_loop()

        async def report_there(what: str) -> None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(report(what)), here))

        self._living = LivingKnowledge(self._folders, report_there)
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        await self._there(self._living.start())
        if self._folders:
            self._refreshing = asyncio.run_coroutine_threadsafe(self._refresh(), self._loop)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                if await self._living.refresh():
                    log.info("knowledge renewed")
            except (KdiagError, OSError) as error:
                log.error("knowledge not renewed", error=str(error))

    async def close(self) -> None:
        if not self._thread.is_alive():
            return
        if self._refreshing is not None:
            self._refreshing.cancel()
        await self._there(self._living.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, 5)

    async def entries(self) -> dict[str, Entry]:
        """The knowledge of the moment, by id."""

        async def work() -> dict[str, Entry]:
            async with self._living.use() as expert:
                return expert.knowledge.by_id

        return await self._there(work())

    async def consult(
        self, source: Callable[[], Source], question: Question, *, hygiene: bool = False, progress: Progress
    ) -> Consultation:
        """As `bot.service.consult`. `source` is called in the other thread; `progress` is called in this one."""
        here = asyncio.get_running_loop()

        async def work() -> Consultation:
            def report(step: str) -> None:
                here.call_soon_threadsafe(progress, step)

            async with self._living.use() as expert:
                return await consult(expert, source(), question, hygiene=hygiene, progress=report)

        return await self._there(work())

    async def answer(self, observations: Observations, question: Question, asked: str) -> Answer:
        """The findings and gaps of an earlier answer, from what it rested on."""

        async def work() -> Answer:
            async with self._living.use() as expert:
                reasoning = await expert.reason(observations)
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
            async with self._living.use() as expert:
                reasoning = await expert.reason(observations)
                ranked = reasoning.ranked(asked=asked, one_text=question.kind == "explain", hygiene=True)
                findings = [f for r in ranked for f in (r.finding, *r.siblings, *r.explains)]
                finding = findings[0] if findings and not wanted else named(findings, wanted)
                if finding is None:
                    return None
                return await explain(expert, observations, reasoning, finding)

        return await self._there(work())

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


async def _awaited(work: Awaitable[None]) -> None:
    await work
