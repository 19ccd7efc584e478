"""Schedules, the claims on their runs, and the health that each summary saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Row, delete, select, update

from bot.store.base import Database
from bot.store.diagnoses import Found, dump_findings, read_findings
from bot.store.masking import masked, new_id
from bot.store.tables import healths, runs, schedules

STALE_RUN_S: Final = 120.0
"""A run whose replica shows no life for so long is taken over."""


@dataclass(frozen=True, slots=True)
class Schedule:
    cluster: str
    channel: str
    expression: str
    zone: str
    spoken: str
    owner: str
    lang: str
    next_at: float
    paused: bool = False
    id: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """A summary that is due, or was given. `state` is claimed, posting, posted or failed."""

    schedule: str
    due_at: float
    state: str
    channel: str
    message_ts: str
    findings: tuple[Found, ...]
    gaps: frozenset[str] = frozenset()
    """What could not be checked."""

    @property
    def key(self) -> str:
        return f"{self.schedule}:{self.due_at:.0f}"


@dataclass(frozen=True, slots=True)
class Health:
    """How many root findings a cluster had, by severity."""

    cluster: str
    at: float
    critical: int
    warning: int
    info: int
    gaps: int


class Schedules:
    def __init__(self, database: Database, replica: str) -> None:
        self._db = database
        self._replica = replica

    async def add(self, schedule: Schedule) -> Schedule:
        values = {name: getattr(schedule, name) for name in Schedule.__slots__}
        values |= {"id": new_id()[:6], "created_at": self._db.clock()}
        async with self._db.engine.begin() as connection:
            await connection.execute(schedules.insert().values(**values))
        return Schedule(**values)

    async def get(self, id_: str) -> Schedule | None:
        async with self._db.engine.connect() as connection:
            row = (await connection.execute(select(schedules).where(schedules.c.id == id_))).first()
        return _schedule(row) if row is not None else None

    async def every(self) -> list[Schedule]:
        async with self._db.engine.connect() as connection:
            return [_schedule(row) for row in await connection.execute(select(schedules).order_by(schedules.c.next_at))]

    async def delete(self, id_: str) -> None:
        async with self._db.engine.begin() as connection:
            await connection.execute(delete(runs).where(runs.c.schedule == id_))
            await connection.execute(delete(schedules).where(schedules.c.id == id_))

    async def pause(self, id_: str, paused: bool, next_at: float) -> None:
        async with self._db.engine.begin() as connection:
            await connection.execute(
                update(schedules).where(schedules.c.id == id_).values(paused=paused, next_at=next_at)
            )

    async def due(self) -> list[Schedule]:
        query = select(schedules).where(schedules.c.next_at <= self._db.clock(), schedules.c.paused.is_(False))
        async with self._db.engine.connect() as connection:
            return [_schedule(row) for row in await connection.execute(query.order_by(schedules.c.next_at))]

    async def claim(self, schedule: Schedule, next_at: float) -> Run | None:
        """The schedule's due run, for exactly one of all replicas; the next one is due at `next_at`."""
        async with self._db.engine.begin() as connection:
            mine = await self._db.insert_new(
                connection,
                runs,
                schedule=schedule.id,
                due_at=schedule.next_at,
                state="claimed",
                replica=self._replica,
                beat_at=self._db.clock(),
                channel=schedule.channel,
                message_ts="",
                findings="[]",
                gaps="[]",
            )
            await connection.execute(
                update(schedules)
                .where(schedules.c.id == schedule.id, schedules.c.next_at == schedule.next_at)
                .values(next_at=next_at)
            )
        return Run(schedule.id, schedule.next_at, "claimed", schedule.channel, "", ()) if mine else None

    async def left(self) -> list[Run]:
        """Runs that another replica claimed and did not finish, taken over by this one."""
        now = self._db.clock()
        unfinished = runs.c.state.in_(("claimed", "posting"))
        taken = []
        async with self._db.engine.begin() as connection:
            rows = (await connection.execute(select(runs).where(unfinished, runs.c.beat_at < now - STALE_RUN_S))).all()
            for row in rows:
                done = await connection.execute(
                    update(runs)
                    .where(runs.c.schedule == row.schedule, runs.c.due_at == row.due_at, runs.c.beat_at == row.beat_at)
                    .values(beat_at=now, replica=self._replica)
                )
                if done.rowcount == 1:
                    taken.append(_run(row))
        return taken

    async def mark(
        self,
        run: Run,
        state: str,
        *,
        message_ts: str = "",
        findings: Iterable[Found] | None = None,
        gaps: Iterable[str] = (),
    ) -> bool:
        """Set the run's state. False if another replica has taken it over."""
        values: dict[str, Any] = {"state": state, "beat_at": self._db.clock()}
        if message_ts:
            values["message_ts"] = message_ts
        if findings is not None:
            values["findings"] = dump_findings(findings)
            values["gaps"] = orjson.dumps(masked(sorted(set(gaps)))).decode()
        async with self._db.engine.begin() as connection:
            mine = (
                runs.c.schedule == run.schedule,
                runs.c.due_at == run.due_at,
                runs.c.replica == self._replica,
            )
            done = await connection.execute(update(runs).where(*mine).values(**values))
        return done.rowcount == 1

    async def posted(self, schedule: str, limit: int) -> list[Run]:
        """The last summaries of a schedule, the newest first."""
        query = select(runs).where(runs.c.schedule == schedule, runs.c.state == "posted")
        async with self._db.engine.connect() as connection:
            return [_run(row) for row in await connection.execute(query.order_by(runs.c.due_at.desc()).limit(limit))]

    # --- health -----------------------------------------------------------------------------------------
    async def saw(self, health: Health) -> None:
        async with self._db.engine.begin() as connection:
            values = {name: getattr(health, name) for name in Health.__slots__}
            await self._db.upsert(connection, healths, ("cluster", "at"), **values)

    async def healths(self, cluster: str, since: float) -> list[Health]:
        """The oldest first."""
        query = select(healths).where(healths.c.cluster == cluster, healths.c.at >= since).order_by(healths.c.at)
        async with self._db.engine.connect() as connection:
            return [
                Health(row.cluster, row.at, row.critical, row.warning, row.info, row.gaps)
                for row in await connection.execute(query)
            ]


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(**{name: getattr(row, name) for name in Schedule.__slots__})


def _run(row: Row[Any]) -> Run:
    found, gaps = read_findings(row.findings), frozenset(orjson.loads(row.gaps))
    return Run(row.schedule, row.due_at, row.state, row.channel, row.message_ts, found, gaps)
