"""The few errors kdiag raises on purpose. Anything else that is raised is a fault of ours."""

from __future__ import annotations

from collections.abc import Sequence


class KdiagError(Exception):
    """A person's mistake or a refused input: one line that says what was wrong and what to do."""


class UsageError(KdiagError):
    """The question itself was wrong (exit status 2)."""


class KnowledgeError(KdiagError):
    """Knowledge that must not load. Carries every fault found, each naming file, line and field."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class EngineError(KdiagError):
    """The rule engine hung, died or refused its input; this answer is lost, the next is not."""
