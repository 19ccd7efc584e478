"""What comes of asking a host: what a command printed, or why there is no connection."""

from __future__ import annotations

from dataclasses import dataclass


class SshProblem(Exception):
    """No connection. `reason` is as in the fact `reach`, or auth, host-key, host-key-changed, key, lost."""

    def __init__(self, why: str, reason: str) -> None:
        super().__init__(why)
        self.reason = reason

    @property
    def answered(self) -> bool | None:
        """Whether the machine is there: it said something (True), is silent (False), or nobody can tell (None)."""
        if self.reason in ("auth", "host-key", "host-key-changed", "refused", "lost"):
            return True
        return False if self.reason in ("timeout", "no-route") else None


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed. `code` None: it was ended, for its time or its length (`cut`)."""

    text: str
    complaint: str
    code: int | None
    cut: bool = False
