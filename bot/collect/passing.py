"""What a program that is well complained of once: a start before its database, one request that failed.

The log of a Pod that is ready is read for what goes wrong all the time. A line that complains, came only once and is
followed by ordinary lines is none of that.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

FOLLOWED_BY: Final = 3
"""Lines without complaint after it, which say that the program went on."""
COMPLAINT: Final = re.compile(
    r"(?i)(?<!no)error|exception|fail|fatal|panic|cannot|can't|could not|couldn't|unable|invalid|denied|refused|missing"
    r"|not (?:found|set|exist|allowed|permitted)|no such|unknown|timed? ?out|abort|expired|required|unsupported"
)
_VARIABLE: Final = re.compile(r"[0-9a-f]{8,}|\d+")
"""Times, ports, ids: two lines that differ only in these say the same."""


def without_passing(content: str) -> str:
    """The log with such lines left blank, so that the others keep their numbers.

    >>> without_passing("ERROR no database\\nup\\nGET /\\nGET /\\n")
    '\\nup\\nGET /\\nGET /\\n'
    """
    lines = content.split("\n")
    complains = [COMPLAINT.search(line) is not None for line in lines]
    said = Counter(_alike(line) for line, bad in zip(lines, complains, strict=True) if bad)
    ordinary = 0
    for number in range(len(lines) - 1, -1, -1):
        if not complains[number]:
            ordinary += bool(lines[number].strip())
        elif ordinary >= FOLLOWED_BY and said[_alike(lines[number])] == 1:
            lines[number] = ""
    return "\n".join(lines)


def _alike(line: str) -> str:
    return _VARIABLE.sub("#", line)
