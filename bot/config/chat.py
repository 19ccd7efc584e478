"""`chat:` of kdiag.yaml: who may ask in Slack, where kdiag speaks, what it remembers and for how long."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.config.section import Section


class Allow(Section):
    """One grant. What is left out does not restrict; a person needs one grant that covers what they ask."""

    groups: list[str] = Field(default_factory=list, description="Slack user groups: ids (S0123) or handles (@oncall).")
    users: list[str] = Field(default_factory=list, description="Slack user ids (U0123).")
    channels: list[str] = Field(default_factory=list, description="Channel ids (C0123) where it may be asked.")
    clusters: list[str] = Field(default_factory=lambda: ["*"], description="Names of clusters; * stands for any text.")
    namespaces: list[str] = Field(
        default_factory=lambda: ["*"],
        description="Namespaces. Only a grant of all of them (*) lets nodes, hosts, etcd and whole clusters be asked.",
    )


class Chat(Section):
    """The bot in Slack."""

    admin_channel: str = Field(default="", description="Channel id or #name where kdiag reports faults of its own.")
    channels: list[str] = Field(
        default_factory=list,
        description="Channel ids where answers to /kdiag are for all to see, and pastes are read. "
        "Default: every channel that kdiag was invited to.",
    )
    allow: list[Allow] = Field(
        default_factory=list,
        description="Who may ask about what. Default: everyone in the workspace about every cluster.",
    )
    shared_channels: bool = Field(
        default=False, description="Answer in channels shared with other organisations (Slack Connect)."
    )
    read_bots: list[str] = Field(
        default_factory=list, description="Ids of bots (B0123) whose messages are read like those of people: alerts."
    )
    repeat_minutes: int = Field(
        default=60, ge=0, description="For so long the same failure is not answered again, but points to its thread."
    )
    language: Literal["", "en", "ja"] = Field(
        default="", description="Language of every answer. Default: that of the person's Slack."
    )
    retention_days: int = Field(default=90, ge=1, description="Diagnoses and feedback are deleted after so many days.")
    at_once: int = Field(default=4, ge=1, le=64, description="Questions worked on at the same time.")
