"""Manifests as a source of facts for a consultation, so that `kdiag check` answers like every other question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.collect.manifest import check_texts
from rules.kinds import Fact
from rules.observations import Observations

if TYPE_CHECKING:
    from bot.questions import Question


class ManifestSource:
    """Files by name and text. They are all that is asked, so it answers no wants."""

    def __init__(self, texts: Sequence[tuple[str, str]], version: str = "") -> None:
        self._texts = texts
        self._version = version

    async def collect(self, question: Question) -> Observations:
        return check_texts(self._texts, self._version)

    async def satisfy(self, want: Fact) -> Observations:
        return Observations()

    def asked(self, question: Question) -> str:
        return ""

    async def close(self) -> None:
        return None
