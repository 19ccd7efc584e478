"""What people said about answers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select

from bot.store.base import Database
from bot.store.tables import feedback


@dataclass(frozen=True, slots=True)
class Tally:
    """How often an entry's answers were called helpful, and not. `entry` is "" for answers without a finding."""

    entry: str
    helpful: int
    not_helpful: int


class Feedback:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def give(self, diagnosis: str, user_id: str, entry: str, helpful: bool) -> None:
        """A person's verdict on an answer; a second one replaces the first."""
        async with self._db.engine.begin() as connection:
            await self._db.upsert(
                connection,
                feedback,
                ("diagnosis", "user_id"),
                diagnosis=diagnosis,
                user_id=user_id,
                entry=entry,
                helpful=helpful,
                at=self._db.clock(),
            )

    async def tallies(self) -> list[Tally]:
        """By entry, those with the most unhelpful answers first."""
        helpful = func.sum(case((feedback.c.helpful, 1), else_=0))
        not_helpful = func.sum(case((feedback.c.helpful, 0), else_=1))
        query = (
            select(feedback.c.entry, helpful, not_helpful)
            .group_by(feedback.c.entry)
            .order_by(not_helpful.desc(), feedback.c.entry)
        )
        async with self._db.engine.connect() as connection:
            return [Tally(entry, int(good), int(bad)) for entry, good, bad in await connection.execute(query)]
