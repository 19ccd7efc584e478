"""`clusters:` of kdiag.yaml: how each cluster is reached."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from bot.config.section import Section


class Cluster(Section):
    """One cluster. A recorded one has `dump` alone."""

    dump: Path | None = Field(default=None, description="A recorded cluster instead of a live one.")
