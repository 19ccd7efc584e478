"""What the bot remembers: SQLite by default, PostgreSQL by URL, the same statements and migrations for both."""

from __future__ import annotations

import os
import secrets
import socket
import time
from typing import Final

from sqlalchemy import delete

from bot.store.base import Clock, Database
from bot.store.diagnoses import Diagnoses, Diagnosis, Found
from bot.store.feedback import Feedback
from bot.store.jobs import Job, Jobs
from bot.store.mutes import Mute, Mutes
from bot.store.schedules import Health, Run, Schedule, Schedules
from bot.store.tables import diagnoses, feedback, healths, mutes, parts, runs, seen, threads

SEEN_S: Final = 3 * 24 * 3600.0
"""Slack retries an event for an hour, with Delayed Events for a day."""


class Store:
    """All of it. `replica` names this process among those that share the database."""

    def __init__(self, storage: str = "", clock: Clock = time.time) -> None:
        self.database = Database(storage, clock)
        self.replica = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.diagnoses = Diagnoses(self.database)
        self.jobs = Jobs(self.database, self.replica)
        self.schedules = Schedules(self.database, self.replica)
        self.mutes = Mutes(self.database)
        self.feedback = Feedback(self.database)

    @property
    def now(self) -> float:
        return self.database.clock()

    async def start(self) -> None:
        await self.database.start()

    async def close(self) -> None:
        await self.database.close()

    async def forget(self, retention_days: int) -> None:
        """Delete what is older than it should be kept."""
        before = self.now - retention_days * 86400.0
        async with self.database.engine.begin() as connection:
            await connection.execute(delete(threads).where(threads.c.at < before))
            await connection.execute(delete(diagnoses).where(diagnoses.c.at < before))
            await connection.execute(delete(parts).where(parts.c.at < before))
            await connection.execute(delete(feedback).where(feedback.c.at < before))
            await connection.execute(delete(healths).where(healths.c.at < before))
            await connection.execute(delete(runs).where(runs.c.due_at < before))
            await connection.execute(delete(mutes).where(mutes.c.until < before))
            await connection.execute(delete(seen).where(seen.c.at < self.now - SEEN_S))


__all__ = ["Diagnosis", "Found", "Health", "Job", "Mute", "Run", "Schedule", "Store"]
