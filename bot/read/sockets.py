"""Reads which ports are listened on, from `netstat -tupln` and `ss -tlnp`, with or without the header."""

from __future__ import annotations

import re
from typing import Final

from bot.read.draft import PASTE, Draft

_NETSTAT = re.compile(
    r"\s*(tcp|tcp6|udp|udp6)\s+\d+\s+\d+\s+(\S{1,100}?):(\d{1,5})\s+(\S{1,100}?):(?:\*|"
    r"\d{1,5})(?:\s+(LISTEN)(?:EN)?)?(?:\s+(?:\d+\s+\d+\s+)?(?:(\d{1,10}|-)(?:/(\S{1,60}.*))?)?)?\s*$"
)
_SS = re.compile(
    r"\s*(?:(tcp|udp)\s+)?(LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S{1,100}?):(\d{1,5})\s+(\S{1,100}?):(?:\*|"
    r"\d{1,5})\s*(?:users:\(\(\"([^\"]{1,60})\")?"
)
_HEADERS = re.compile(r"\s*(?:Active Internet|Proto\s+Recv-Q|Netid\s+State|State\s+Recv-Q)")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "[::1]", "localhost", "[::ffff:127.0.0.1]", "::ffff:127.0.0.1"})


def read_sockets(draft: Draft, index: int) -> int | None:
    """A run of sockets' lines: a port fact for each that listens."""
    end = index
    while end < len(draft.lines) and _HEADERS.match(draft.lines[end].text):
        end += 1
    first = end
    while end < len(draft.lines):
        text = draft.lines[end].text
        found = _NETSTAT.match(text)
        if found:
            address, port, listening, process = found[2], found[3], found[5] == "LISTEN", found[7]
            listening = listening or found[1].startswith("udp")
        else:
            found = _SS.match(text)
            if not found:
                break
            address, port, listening, process = found[3], found[4], True, found[6]
        number = int(port)
        if listening and 0 < number < 65536:
            bare = address.partition("%")[0]
            process = process.split()[0].rstrip(":") if process and process.split() else None
            draft.add(
                "port", end, host=draft.host, port=number, listening=True, address=bare, process=process,
                loopback=bare in _LOOPBACK or bare.startswith("127."),
            )  # fmt: skip
        end += 1
    if end == first:
        return None
    draft.show("sockets", index)
    draft.mark(index, end, {**PASTE, "host": draft.host} if draft.host else PASTE)
    return end
