"""Reads what `openssl x509 -noout -subject -issuer -enddate` says of a certificate."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from bot.read.draft import PASTE, Draft
from rules.kinds import Scalar

_LINE: Final = re.compile(r"\s*(subject|issuer|notBefore|notAfter)=\s*(.{1,400}?)\s*$")
_FILE: Final = re.compile(r"\s-in[ =](\S{1,400})")
_WRITTEN: Final = "%b %d %H:%M:%S %Y GMT"


def read_certificate(draft: Draft, index: int) -> int | None:
    """A certificate's lines, in any order; that of its end must be there."""
    values: dict[str, str] = {}
    end = index
    while end < len(draft.lines) and (found := _LINE.match(draft.lines[end].text)) and found[1] not in values:
        values[found[1]] = found[2]
        end += 1
    try:
        until = datetime.strptime(values["notAfter"], _WRITTEN).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    file = _FILE.search(draft.command.text) if draft.command.tool == "openssl" else None
    draft.add(
        "certificate", index, host=draft.host, file=file[1] if file else None,
        **certificate(values.get("subject", ""), values.get("issuer", ""), until, draft.now),
    )  # fmt: skip
    draft.show("openssl-x509", index)
    draft.mark(index, end, PASTE)
    return end


def certificate(subject: str, issuer: str, until: datetime, now: datetime | None) -> dict[str, Scalar | None]:
    """The attributes of the fact `certificate` that do not depend on where it is kept. Without a clock no judgement."""
    left = int((until - now).total_seconds()) if now else None
    return {
        "subject": _name(subject),
        "issuer": _name(issuer),
        "expires": f"{until:%Y-%m-%d %H:%M} UTC",
        "expires_in_s": left,
        "expired": None if left is None else left < 0,
    }


def _name(written: str) -> str | None:
    """A distinguished name in one spelling: openssl has written `/O=a/CN=b`, `O = a, CN = b` and `O=a, CN=b`."""
    parts = written.strip("/").split("/") if written.startswith("/") else written.split(", ")
    return ", ".join(re.sub(r"\s*=\s*", "=", part, count=1) for part in parts) or None
