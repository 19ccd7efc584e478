"""Work in hand: stored before Slack gets its acknowledgement, done in a task, deleted when it is answered.

Jobs of one thread run one after the other. Those of a process that died are taken over: done once more from the start,
and given up, with a word to the person, when that process dies of it too.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.store import Job, Store

BEAT_S: Final = 4.0
MAX_ATTEMPTS: Final = 2
log = structlog.get_logger()

Handler = Callable[[Job], Awaitable[None]]


class NotTaken(Exception):
    """The job could not be stored, or the process stops: Slack must not be told that it was received."""


class Work:
    """Runs jobs. `failed` is told about what a handler raised, `lost` about jobs that are given up."""

    def __init__(
        self,
        store: Store,
        at_once: int,
        handlers: Mapping[str, Handler],
        *,
        failed: Callable[[Job, BaseException], Awaitable[None]],
        lost: Handler,
        stopping: Handler,
    ) -> None:
        self._store = store
        self._slots = asyncio.Semaphore(at_once)
        self._handlers = handlers
        self._failed = failed
        self._lost = lost
        self._stopping = stopping
        self._tasks: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._order: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._heart: asyncio.Task[None] | None = None
        self._open = True

    @property
    def in_hand(self) -> int:
        return len(self._tasks)

    async def take(self, job: Job, key: str = "") -> bool:
        """Store and start a job. False if its event was seen before. Raises NotTaken."""
        if not self._open:
            raise NotTaken("stopping")
        try:
            if not await self._store.jobs.take(job, key):
                return False
        except (SQLAlchemyError, OSError) as error:
            log.error("storage does not answer", error=str(error))
            raise NotTaken("storage") from error
        self._begin(job)
        return True

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._run(job), name=f"job {job.kind} {job.id}")
        self._tasks[job.id] = (job, task)
        metrics.IN_HAND.set(len(self._tasks))
        task.add_done_callback(lambda _: self._ended(job))

    def _ended(self, job: Job) -> None:
        self._tasks.pop(job.id, None)
        metrics.IN_HAND.set(len(self._tasks))

    async def _run(self, job: Job) -> None:
        place = f"{job.payload.get('channel')} {job.payload.get('root') or job.id}"
        turn = self._order.setdefault(place, asyncio.Lock())
        started = time.monotonic()
        outcome = "failed"
        with structlog.contextvars.bound_contextvars(job=job.id, kind=job.kind, user=job.payload.get("user")):
            async with turn, self._slots:
                try:
                    await self._handlers[job.kind](job)
                    outcome = "done"
                except Exception as error:
                    log.exception("job failed")
                    with contextlib.suppress(Exception):
                        await self._failed(job, error)
            metrics.QUESTIONS.labels(job.kind, outcome).inc()
            metrics.SECONDS.observe(time.monotonic() - started)
            log.info("job ended", outcome=outcome, seconds=round(time.monotonic() - started, 3))
            await self._store.jobs.done(job)

    # --- life and death ---------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to say that this process lives, and to look for the work of those that died."""
        self._heart = asyncio.create_task(self._beat(), name="heartbeat of jobs")

    async def _beat(self) -> None:
        while True:
            try:
                await self._store.jobs.beat(list(self._tasks))
                await self.recover()
            except (SQLAlchemyError, OSError) as error:
                log.error("storage does not answer", error=str(error))
            await asyncio.sleep(BEAT_S)

    async def recover(self) -> None:
        """Take over what nobody works on."""
        for job in await self._store.jobs.abandoned():
            if job.id in self._tasks:
                continue
            metrics.RECOVERED.inc()
            log.warning("job recovered", job=job.id, kind=job.kind, attempts=job.attempts)
            if job.attempts > MAX_ATTEMPTS or job.kind not in self._handlers:
                with contextlib.suppress(Exception):
                    await self._lost(job)
                await self._store.jobs.done(job)
            else:
                self._begin(job)

    async def stop(self, within_s: float) -> None:
        """Take nothing more, finish what is in hand, and leave the rest, with a word, to the next process."""
        self._open = False
        tasks = [task for _, task in self._tasks.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)
        left = [job for job, task in self._tasks.values() if not task.done()]
        for _, task in list(self._tasks.values()):
            task.cancel()
        if self._heart is not None:
            self._heart.cancel()
        for job in left:
            with contextlib.suppress(Exception):
                await self._stopping(job)
        await self._store.jobs.give_up([job.id for job in left])
