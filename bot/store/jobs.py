"""Work in hand. A job is stored before Slack gets its acknowledgement and deleted when it is answered, so that whatever
was asked survives the death of the process: another replica, or the next start, finds it without a heartbeat.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import delete, select, update

from bot.store.base import Database
from bot.store.masking import masked, new_id
from bot.store.tables import jobs, seen

STALE_S: Final = 15.0
"""A job whose replica did not say for so long that it lives has been abandoned. Heartbeats come every 4 s."""


@dataclass(slots=True)
class Job:
    """`kind` names the handler, `payload` is all that it needs (JSON), `attempts` counts the starts."""

    kind: str
    payload: dict[str, Any]
    id: str = field(default_factory=new_id)
    attempts: int = 1


class Jobs:
    def __init__(self, database: Database, replica: str) -> None:
        self._db = database
        self._replica = replica

    async def first_sight(self, key: str) -> bool:
        """Whether this event is seen for the first time, by any replica."""
        async with self._db.engine.begin() as connection:
            return await self._db.insert_new(connection, seen, key=key[:120], at=self._db.clock())

    async def take(self, job: Job, key: str = "") -> bool:
        """Store a job. False if the event of the `key` was seen before: then there is nothing to do."""
        now = self._db.clock()
        async with self._db.engine.begin() as connection:
            if key and not await self._db.insert_new(connection, seen, key=key[:120], at=now):
                return False
            await connection.execute(
                jobs.insert().values(
                    id=job.id,
                    kind=job.kind,
                    payload=orjson.dumps(masked(job.payload)).decode(),
                    replica=self._replica,
                    attempts=job.attempts,
                    created_at=now,
                    beat_at=now,
                )
            )
        return True

    async def note(self, job: Job) -> None:
        """Store what the job became: a question that was read, the message that shows its progress."""
        payload = orjson.dumps(masked(job.payload)).decode()
        async with self._db.engine.begin() as connection:
            await connection.execute(update(jobs).where(jobs.c.id == job.id).values(kind=job.kind, payload=payload))

    async def done(self, job: Job) -> None:
        async with self._db.engine.begin() as connection:
            await connection.execute(delete(jobs).where(jobs.c.id == job.id))

    async def beat(self, ids: Collection[str]) -> None:
        """Say that these jobs are being worked on."""
        if ids:
            async with self._db.engine.begin() as connection:
                await connection.execute(update(jobs).where(jobs.c.id.in_(ids)).values(beat_at=self._db.clock()))

    async def give_up(self, ids: Collection[str]) -> None:
        """Leave jobs to whoever looks next: this replica stops."""
        if ids:
            async with self._db.engine.begin() as connection:
                await connection.execute(update(jobs).where(jobs.c.id.in_(ids)).values(beat_at=0.0))

    async def abandoned(self) -> list[Job]:
        """Jobs that nobody works on any more, taken over by this replica."""
        now = self._db.clock()
        taken: list[Job] = []
        async with self._db.engine.begin() as connection:
            rows = (await connection.execute(select(jobs).where(jobs.c.beat_at < now - STALE_S))).all()
            for row in rows:
                done = await connection.execute(
                    update(jobs)
                    .where(jobs.c.id == row.id, jobs.c.beat_at == row.beat_at)
                    .values(beat_at=now, replica=self._replica, attempts=row.attempts + 1)
                )
                if done.rowcount == 1:
                    taken.append(Job(row.kind, orjson.loads(row.payload), row.id, row.attempts + 1))
        return taken
