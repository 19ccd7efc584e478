"""What people asked summaries to be silent about, who did, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select

from bot.store.base import Database
from bot.store.diagnoses import Found
from bot.store.masking import masked, new_id
from bot.store.tables import mutes


@dataclass(frozen=True, slots=True)
class Mute:
    """`entry` is a finding's id or fingerprint, `subject` narrows it; "" for any cluster and any subject."""

    cluster: str
    entry: str
    subject: str
    owner: str
    until: float
    id: str = ""
    created_at: float = 0.0

    def covers(self, cluster: str, found: Found) -> bool:
        return (
            self.cluster in ("", cluster)
            and self.entry in (found.id, found.fingerprint)
            and self.subject in ("", found.subject, found.subject.partition(" ")[2])
        )


class Mutes:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, mute: Mute) -> Mute:
        values = {name: getattr(mute, name) for name in Mute.__slots__}
        values |= {"id": new_id()[:6], "created_at": self._db.clock(), "subject": masked(mute.subject)}
        async with self._db.engine.begin() as connection:
            await connection.execute(mutes.insert().values(**values))
        return Mute(**values)

    async def active(self) -> list[Mute]:
        """Those that have not ended, the one that ends first in front."""
        query = select(mutes).where(mutes.c.until > self._db.clock()).order_by(mutes.c.until)
        async with self._db.engine.connect() as connection:
            return [_mute(row) for row in await connection.execute(query)]

    async def delete(self, id_: str) -> bool:
        async with self._db.engine.begin() as connection:
            return (await connection.execute(delete(mutes).where(mutes.c.id == id_))).rowcount == 1


def _mute(row: Row[Any]) -> Mute:
    return Mute(**{name: getattr(row, name) for name in Mute.__slots__})
