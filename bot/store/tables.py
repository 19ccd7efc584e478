"""The tables. Times are seconds since 1970 (UTC), so that SQLite and PostgreSQL agree on them.

Changed only together with a migration in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

diagnoses: Final = Table(
    "diagnoses",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("cluster", String(100), nullable=False),  # "" for a paste
    Column("kind", String(20), nullable=False),  # of the question
    Column("name", Text, nullable=False),
    Column("asked", Text, nullable=False),  # its subject once resolved
    Column("user_id", String(30), nullable=False),
    Column("lang", String(5), nullable=False),
    Column("channel", String(30), nullable=False),
    Column("thread_ts", String(30), nullable=False),  # "" where the answer opened its own thread: then `message_ts`
    Column("message_ts", String(30), nullable=False),  # of the answer; "" if it was shown to one person only
    Column("signature", String(32), nullable=False),  # digest of the root findings; "" for none
    Column("findings", Text, nullable=False),  # JSON: [{fingerprint, id, subject, severity, title}]
    Column("kept", LargeBinary),  # observations, compressed; null when they were too many
    Index("ix_diagnoses_channel_thread_ts", "channel", "thread_ts"),
    Index("ix_diagnoses_channel_signature_at", "channel", "signature", "at"),
)

threads: Final = Table(
    "threads",
    METADATA,
    Column("channel", String(30), primary_key=True),
    Column("thread_ts", String(30), primary_key=True),
    Column("diagnosis", String(16), ForeignKey("diagnoses.id", ondelete="CASCADE"), nullable=False),
    Column("at", Float, nullable=False, index=True),
)

parts: Final = Table(
    "parts",
    METADATA,
    Column("channel", String(30), primary_key=True),
    Column("ts", String(30), primary_key=True),  # of the person's message
    Column("thread_ts", String(30), nullable=False),
    Column("text", Text, nullable=False),  # with secrets masked
    Column("at", Float, nullable=False, index=True),
    Index("ix_parts_channel_thread_ts", "channel", "thread_ts"),
)

feedback: Final = Table(
    "feedback",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("diagnosis", String(16), nullable=False),
    Column("user_id", String(30), nullable=False),
    Column("entry", String(100), nullable=False),  # the first finding's id; "" if there was none
    Column("helpful", Boolean, nullable=False),
    Column("at", Float, nullable=False, index=True),
    UniqueConstraint("diagnosis", "user_id"),
)

schedules: Final = Table(
    "schedules",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("cluster", String(100), nullable=False),
    Column("channel", String(30), nullable=False),
    Column("expression", String(100), nullable=False),  # cron
    Column("zone", String(64), nullable=False),
    Column("spoken", String(200), nullable=False),  # as the person wrote it
    Column("owner", String(30), nullable=False),
    Column("lang", String(5), nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("next_at", Float, nullable=False, index=True),
)

runs: Final = Table(
    "runs",
    METADATA,
    Column("schedule", String(16), ForeignKey("schedules.id", ondelete="CASCADE"), primary_key=True),
    Column("due_at", Float, primary_key=True),
    Column("state", String(10), nullable=False),  # claimed, posting, posted, failed
    Column("replica", String(60), nullable=False),
    Column("beat_at", Float, nullable=False),
    Column("channel", String(30), nullable=False),
    Column("message_ts", String(30), nullable=False),
    Column("findings", Text, nullable=False),  # JSON, as in diagnoses
    Column("gaps", Text, nullable=False),  # JSON: what could not be checked
)

healths: Final = Table(
    "healths",
    METADATA,
    Column("cluster", String(100), primary_key=True),
    Column("at", Float, primary_key=True),
    Column("critical", Integer, nullable=False),
    Column("warning", Integer, nullable=False),
    Column("info", Integer, nullable=False),
    Column("gaps", Integer, nullable=False),
)

mutes: Final = Table(
    "mutes",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("cluster", String(100), nullable=False),  # "" for every cluster
    Column("entry", String(100), nullable=False),  # a finding's id or fingerprint
    Column("subject", Text, nullable=False),  # "" for every subject
    Column("owner", String(30), nullable=False),
    Column("until", Float, nullable=False, index=True),
    Column("created_at", Float, nullable=False),
)

jobs: Final = Table(
    "jobs",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("payload", Text, nullable=False),  # JSON, with secrets masked
    Column("replica", String(60), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("beat_at", Float, nullable=False, index=True),
)

seen: Final = Table(
    "seen",
    METADATA,
    Column("key", String(120), primary_key=True),
    Column("at", Float, nullable=False, index=True),
)
