"""`chat:` of kdiag.yaml: who may ask in Slack, and where kdiag reports."""

from __future__ import annotations

from pydantic import Field

from bot.config.section import Section


class Chat(Section):
    """The bot in Slack."""

    admin_channel: str = Field(default="", description="Channel id or #name where kdiag reports faults of its own.")
