"""What of a unit's journal speaks about the present: its last run, not the runs and troubles before it.

A daemon that was started again says nothing any more of what ailed the process before it. Only where it ended soon
after its start, again and again, is the run before the last one kept: the last may not have come to its fault yet.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

SOON: Final = timedelta(seconds=45)
"""A shorter run has not shown yet that it works."""
WINDOW: Final = timedelta(minutes=10)
"""How long before the daemon's last word a trouble of it counts; what goes on is said again."""
_LINE: Final = re.compile(
    r"(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) \S+ (?P<name>[^\s\[]+)(?:\[(?P<pid>\d+)\])?:"
)


def present(journal: str) -> str:
    """The journal with every line that is of the past left empty, so that line numbers stay.

    A text that is not journalctl's short form is given back as it is.
    """
    lines = journal.split("\n")
    heads = [_LINE.match(line) for line in lines]
    runs: dict[str, tuple[datetime, datetime]] = {}
    for head in heads:
        if head and head["pid"] and head["name"] != "systemd":
            time = _time(head["time"])
            runs[head["pid"]] = (runs.get(head["pid"], (time, time))[0], time)
    if not runs:
        return journal
    pids = [*runs]
    first, last = runs[pids[-1]]
    kept = {pids[-1], *(pids[-2:-1] if last - first < SOON else ())}
    begin = min(runs[pid][0] for pid in kept)
    alive = True  # what follows a line without a head (a trace) shares its fate
    for at, head in enumerate(heads):
        if head:
            time = _time(head["time"])
            alive = head["pid"] in kept if head["pid"] in runs else time >= begin
            alive = alive and last - time <= WINDOW
        if not alive:
            lines[at] = ""
    return "\n".join(lines)


def _time(text: str) -> datetime:
    """A journal's time; of a leap year, since it names none."""
    return datetime.strptime(f"2000 {text}", "%Y %b %d %H:%M:%S")
