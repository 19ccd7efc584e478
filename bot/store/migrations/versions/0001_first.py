"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "diagnoses",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("cluster", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=30), nullable=False),
        sa.Column("lang", sa.String(length=5), nullable=False),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("thread_ts", sa.String(length=30), nullable=False),
        sa.Column("message_ts", sa.String(length=30), nullable=False),
        sa.Column("signature", sa.String(length=32), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diagnoses")),
    )
    op.create_index(op.f("ix_diagnoses_at"), "diagnoses", ["at"], unique=False)
    op.create_index("ix_diagnoses_channel_signature_at", "diagnoses", ["channel", "signature", "at"], unique=False)
    op.create_index("ix_diagnoses_channel_thread_ts", "diagnoses", ["channel", "thread_ts"], unique=False)
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("diagnosis", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=30), nullable=False),
        sa.Column("entry", sa.String(length=100), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("diagnosis", "user_id", name=op.f("uq_feedback_diagnosis_user_id")),
    )
    op.create_index(op.f("ix_feedback_at"), "feedback", ["at"], unique=False)
    op.create_table(
        "healths",
        sa.Column("cluster", sa.String(length=100), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("critical", sa.Integer(), nullable=False),
        sa.Column("warning", sa.Integer(), nullable=False),
        sa.Column("info", sa.Integer(), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "at", name=op.f("pk_healths")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("replica", sa.String(length=60), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_beat_at"), "jobs", ["beat_at"], unique=False)
    op.create_table(
        "mutes",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("cluster", sa.String(length=100), nullable=False),
        sa.Column("entry", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=30), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
    )
    op.create_index(op.f("ix_mutes_until"), "mutes", ["until"], unique=False)
    op.create_table(
        "parts",
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("ts", sa.String(length=30), nullable=False),
        sa.Column("thread_ts", sa.String(length=30), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "ts", name=op.f("pk_parts")),
    )
    op.create_index(op.f("ix_parts_at"), "parts", ["at"], unique=False)
    op.create_index("ix_parts_channel_thread_ts", "parts", ["channel", "thread_ts"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("cluster", sa.String(length=100), nullable=False),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("expression", sa.String(length=100), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("spoken", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=30), nullable=False),
        sa.Column("lang", sa.String(length=5), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    op.create_index(op.f("ix_schedules_next_at"), "schedules", ["next_at"], unique=False)
    op.create_table(
        "seen",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_seen")),
    )
    op.create_index(op.f("ix_seen_at"), "seen", ["at"], unique=False)
    op.create_table(
        "runs",
        sa.Column("schedule", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("replica", sa.String(length=60), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("message_ts", sa.String(length=30), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("gaps", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["schedule"], ["schedules.id"], name=op.f("fk_runs_schedule"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("schedule", "due_at", name=op.f("pk_runs")),
    )
    op.create_table(
        "threads",
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("thread_ts", sa.String(length=30), nullable=False),
        sa.Column("diagnosis", sa.String(length=16), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["diagnosis"], ["diagnoses.id"], name=op.f("fk_threads_diagnosis"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "thread_ts", name=op.f("pk_threads")),
    )
    op.create_index(op.f("ix_threads_at"), "threads", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_threads_at"), table_name="threads")
    op.drop_table("threads")
    op.drop_table("runs")
    op.drop_index(op.f("ix_seen_at"), table_name="seen")
    op.drop_table("seen")
    op.drop_index(op.f("ix_schedules_next_at"), table_name="schedules")
    op.drop_table("schedules")
    op.drop_index("ix_parts_channel_thread_ts", table_name="parts")
    op.drop_index(op.f("ix_parts_at"), table_name="parts")
    op.drop_table("parts")
    op.drop_index(op.f("ix_mutes_until"), table_name="mutes")
    op.drop_table("mutes")
    op.drop_index(op.f("ix_jobs_beat_at"), table_name="jobs")
    op.drop_table("jobs")
    op.drop_table("healths")
    op.drop_index(op.f("ix_feedback_at"), table_name="feedback")
    op.drop_table("feedback")
    op.drop_index("ix_diagnoses_channel_thread_ts", table_name="diagnoses")
    op.drop_index("ix_diagnoses_channel_signature_at", table_name="diagnoses")
    op.drop_index(op.f("ix_diagnoses_at"), table_name="diagnoses")
    op.drop_table("diagnoses")
