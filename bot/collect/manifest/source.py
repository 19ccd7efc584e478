"""Manifests as a source of facts for a consultation, so that `kdiag check` answers like every other question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.collect.manifest import check_texts
from rules.findings import Answer, Finding, Ranked
from rules.kinds import Fact
from rules.observations import Observations
from rules.template import Words

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


def with_lines(answer: Answer) -> Answer:
    """The answer with corrected lines as lines: the words of a template lose their line breaks and are quoted."""
    answer.roots = [
        Ranked(_with_lines(one.finding), tuple(map(_with_lines, one.explains)), tuple(map(_with_lines, one.siblings)))
        for one in answer.roots
    ]
    return answer


def _with_lines(finding: Finding) -> Finding:
    lines = {}
    for firing in finding.firings:
        for bound in firing.bound.values():
            corrected = bound.get("corrected") if bound.kind == "manifest_problem" else None
            if isinstance(corrected, str):
                lines[Words({"p": bound}).command("{p.corrected}")] = corrected
    steps = tuple(replace(step, command=lines.get(step.command, step.command)) for step in finding.fix)
    return replace(finding, fix=steps)
