"""What a Web API call answers when it cannot do what it was asked."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """`{"ok": false, "error": code, ...more}`, as the Web API says it."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more

    def as_response(self) -> dict[str, Any]:
        return {"ok": False, "error": self.code, **self.more}


class RateLimited(Exception):
    """HTTP 429: come back after so many seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after
