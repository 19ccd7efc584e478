"""Answers that were given: what was found, where it was said, what people added to it, and what it rests on."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.kept import pack, unpack
from bot.questions import Question
from bot.store.base import Database
from bot.store.masking import masked, new_id
from bot.store.tables import diagnoses, parts, threads
from rules.observations import Observations

MAX_KEPT: Final = 4 << 20
"""Bytes, compressed, of the observations behind one answer. A whole cluster of thousands of Pods has more."""
MAX_PART: Final = 4 << 20
MAX_PARTS: Final = 40


@dataclass(frozen=True, slots=True)
class Found:
    """A root finding as it is remembered."""

    fingerprint: str
    id: str
    subject: str
    severity: str
    title: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "id": self.id,
            "subject": self.subject,
            "severity": self.severity,
            "title": self.title,
        }


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One answer. `channel`, `thread_ts` and `message_ts` say where it stands; "" where it does not."""

    cluster: str
    kind: str
    name: str
    asked: str
    user_id: str
    lang: str
    channel: str
    thread_ts: str
    message_ts: str
    findings: tuple[Found, ...]
    id: str = ""
    at: float = 0.0

    @property
    def signature(self) -> str:
        return signature_of(self.findings)

    @property
    def question(self) -> Question:
        return Question(self.kind, self.name)


def signature_of(findings: Iterable[Found]) -> str:
    """The same for the same set of root findings; "" for none."""
    prints = sorted({one.fingerprint for one in findings})
    return hashlib.sha256("\0".join(prints).encode()).hexdigest()[:32] if prints else ""


def dump_findings(findings: Iterable[Found]) -> str:
    return orjson.dumps(masked([one.as_dict() for one in findings])).decode()


def read_findings(text: str) -> tuple[Found, ...]:
    return tuple(Found(**one) for one in orjson.loads(text or "[]"))


class Diagnoses:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, diagnosis: Diagnosis, observations: Observations) -> Diagnosis:
        """Remember it; the returned one has its id."""
        diagnosis = replace(diagnosis, id=diagnosis.id or new_id(), at=self._db.clock())
        row = {
            "id": diagnosis.id,
            "at": diagnosis.at,
            "cluster": diagnosis.cluster,
            "kind": diagnosis.kind,
            "name": masked(diagnosis.name),
            "asked": masked(diagnosis.asked),
            "user_id": diagnosis.user_id,
            "lang": diagnosis.lang,
            "channel": diagnosis.channel,
            "thread_ts": diagnosis.thread_ts,
            "message_ts": diagnosis.message_ts,
            "signature": diagnosis.signature,
            "findings": dump_findings(diagnosis.findings),
            "kept": _compressed(diagnosis, observations),
        }
        async with self._db.engine.begin() as connection:
            await self._db.upsert(connection, diagnoses, ("id",), **row)
            await self._open_thread(connection, diagnosis)
        return diagnosis

    async def moved(self, diagnosis: Diagnosis, message_ts: str) -> Diagnosis:
        """Its answer stands in this message."""
        if message_ts == diagnosis.message_ts:
            return diagnosis
        moved = replace(diagnosis, message_ts=message_ts)
        async with self._db.engine.begin() as connection:
            await connection.execute(
                update(diagnoses).where(diagnoses.c.id == diagnosis.id).values(message_ts=message_ts)
            )
            await self._open_thread(connection, moved)
        return moved

    async def _open_thread(self, connection: AsyncConnection, diagnosis: Diagnosis) -> None:
        """What is written in the answer's thread from now on belongs to it."""
        root = diagnosis.thread_ts or diagnosis.message_ts
        if root:
            await self._db.upsert(
                connection,
                threads,
                ("channel", "thread_ts"),
                channel=diagnosis.channel,
                thread_ts=root,
                diagnosis=diagnosis.id,
                at=diagnosis.at,
            )

    async def get(self, id_: str) -> Diagnosis | None:
        return await self._one(select(diagnoses).where(diagnoses.c.id == id_))

    async def of_thread(self, channel: str, thread_ts: str) -> Diagnosis | None:
        """What was last answered in a thread."""
        return await self._one(
            select(diagnoses)
            .join(threads, threads.c.diagnosis == diagnoses.c.id)
            .where(threads.c.channel == channel, threads.c.thread_ts == thread_ts)
        )

    async def same(self, channel: str, signature: str, since: float, not_in: str) -> Diagnosis | None:
        """The newest answer with the same findings in another thread of the channel."""
        return await self._one(
            select(diagnoses)
            .where(
                diagnoses.c.channel == channel,
                diagnoses.c.signature == signature,
                diagnoses.c.at >= since,
                diagnoses.c.thread_ts != not_in,
                diagnoses.c.message_ts != "",
            )
            .order_by(diagnoses.c.at.desc())
        )

    async def last(self, user_id: str, channel: str) -> Diagnosis | None:
        """What the person was last answered in the channel, else what anyone was."""
        mine = select(diagnoses).where(diagnoses.c.channel == channel, diagnoses.c.user_id == user_id)
        anyone = select(diagnoses).where(diagnoses.c.channel == channel)
        return await self._one(mine.order_by(diagnoses.c.at.desc())) or await self._one(
            anyone.where(diagnoses.c.message_ts != "").order_by(diagnoses.c.at.desc())
        )

    async def recent(self, user_id: str, limit: int) -> list[Diagnosis]:
        query = select(diagnoses).where(diagnoses.c.user_id == user_id).order_by(diagnoses.c.at.desc()).limit(limit)
        async with self._db.engine.connect() as connection:
            return [_diagnosis(row) for row in await connection.execute(query)]

    async def open_with(self, fingerprint: str, channel: str, since: float) -> list[Diagnosis]:
        """Answers in a channel that named a finding, the newest first."""
        query = (
            select(diagnoses)
            .where(
                diagnoses.c.channel == channel,
                diagnoses.c.at >= since,
                diagnoses.c.message_ts != "",
                diagnoses.c.findings.contains(f'"{fingerprint}"'),
            )
            .order_by(diagnoses.c.at.desc())
            .limit(20)
        )
        async with self._db.engine.connect() as connection:
            return [_diagnosis(row) for row in await connection.execute(query)]

    async def observations(self, id_: str) -> tuple[str, Observations] | None:
        """The subject and the observations behind an answer; None when they were too many to keep."""
        async with self._db.engine.connect() as connection:
            kept = await connection.scalar(select(diagnoses.c.kept).where(diagnoses.c.id == id_))
        if kept is None:
            return None
        _question, asked, observations = unpack(zlib.decompress(kept))
        return asked, observations

    # --- what people wrote in a thread ------------------------------------------------------------------
    async def put_part(self, channel: str, ts: str, thread_ts: str, text: str) -> None:
        """Add a message, or its new text."""
        async with self._db.engine.begin() as connection:
            await self._db.upsert(
                connection,
                parts,
                ("channel", "ts"),
                channel=channel,
                ts=ts,
                thread_ts=thread_ts,
                text=masked(text)[:MAX_PART],
                at=self._db.clock(),
            )

    async def drop_part(self, channel: str, ts: str) -> None:
        async with self._db.engine.begin() as connection:
            await connection.execute(delete(parts).where(parts.c.channel == channel, parts.c.ts == ts))

    async def has_part(self, channel: str, ts: str) -> bool:
        async with self._db.engine.connect() as connection:
            query = select(parts.c.ts).where(parts.c.channel == channel, parts.c.ts == ts)
            return (await connection.scalar(query)) is not None

    async def texts(self, channel: str, thread_ts: str) -> list[str]:
        """What people wrote in a thread, the oldest first; the newest MAX_PARTS of it."""
        query = (
            select(parts.c.text)
            .where(parts.c.channel == channel, parts.c.thread_ts == thread_ts)
            .order_by(parts.c.ts.desc())
            .limit(MAX_PARTS)
        )
        async with self._db.engine.connect() as connection:
            return [str(text) for text in await connection.scalars(query)][::-1]

    async def _one(self, query: Any) -> Diagnosis | None:
        async with self._db.engine.connect() as connection:
            row = (await connection.execute(query.limit(1))).first()
        return _diagnosis(row) if row is not None else None


def _compressed(diagnosis: Diagnosis, observations: Observations) -> bytes | None:
    bounded = Observations(
        facts=observations.facts,
        passages=observations.passages,
        relations=observations.relations,
        gaps=observations.gaps,
    )
    if len(bounded.facts) > 200_000:
        return None
    kept = zlib.compress(orjson.dumps(masked(orjson.loads(pack(diagnosis.question, diagnosis.asked, bounded)))), 6)
    return kept if len(kept) <= MAX_KEPT else None


def _diagnosis(row: Row[Any]) -> Diagnosis:
    return Diagnosis(
        cluster=row.cluster,
        kind=row.kind,
        name=row.name,
        asked=row.asked,
        user_id=row.user_id,
        lang=row.lang,
        channel=row.channel,
        thread_ts=row.thread_ts,
        message_ts=row.message_ts,
        findings=read_findings(row.findings),
        id=row.id,
        at=row.at,
    )
