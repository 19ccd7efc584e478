"""Reads kubectl's tables: finds the header, gives every row's cells, and hands them to the row readers.

Cells are cut where the header's columns begin; rows that do not keep to that (collapsed blanks, empty cells,
wrapped rows, hand-edited tables) are fitted by what each column may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bot.read.draft import PASTE, Draft

Row = dict[str, str]

MAX_FITTED_ROWS: Final = 200
"""Rows of a paste that may be fitted cell by cell, which is slow; further ones are passed by."""

_FIRST: Final = frozenset(
    {"NAME", "NAMESPACE", "POD", "CONTROLLER", "LAST", "LASTSEEN", "FIRSTSEEN", "FIRST", "TIME", "NODE", "HOST"}
)
_HEADER_LINE = re.compile(r"[A-Z][A-Z0-9()\[\]/_.:%+*sa-z -]*$")
_COMMON: Final = frozenset(
    "NAME NAMESPACE READY STATUS AGE RESTARTS IP NODE TYPE REASON OBJECT MESSAGE LABELS SELECTOR PORT HOST "
    "ENDPOINTS KIND CAPACITY VOLUME REPLICAS CONTROLLER POD SERVICE AVAILABLE DESIRED CURRENT VERSION ROLES ERROR DATA "
    "PROVISIONER REFERENCE TARGETS COMPLETIONS SCHEDULE CLASS HOSTS CREATED REQUEST COUNT "
    "SUBOBJECT SOURCE MSG FROM".split()
)
_TWO_WORDS = re.compile(
    r"\b(LAST SEEN|FIRST SEEN|NOMINATED NODE|READINESS GATES|ACCESS MODES|RECLAIM POLICY|NODE SELECTOR|LAST SCHEDULE"
    r"|MIN AVAILABLE|MAX UNAVAILABLE|ALLOWED DISRUPTIONS|PORT NAME|CONTAINER ID)\b"
)
_CAPS = re.compile(r"\S+")


def is_header(text: str) -> bool:
    """Whether a line is the header of a table that kubectl prints."""
    stripped = text.strip()
    first = stripped.split(" ", 1)[0]
    if first not in _FIRST and "/" not in first:
        return False
    words = stripped.replace("-", " ").split()
    if not _HEADER_LINE.match(stripped) or any(word.islower() for word in words):
        return False
    seen = sum([word.partition("(")[0] in _COMMON or word == "STATUS" for word in words])
    return first in _FIRST and seen >= 2 and len(words) >= 2


def columns_of(header: str) -> list[tuple[str, int]]:
    """The columns' names (blanks as `_`) with where each begins."""
    joined = _TWO_WORDS.sub(lambda found: found[0].replace(" ", "_"), header)
    return [(found[0], found.start()) for found in _CAPS.finditer(joined)]


_SHAPES: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(pattern)
    for names, pattern in {
        "READY": r"\d+/\d+|\d+|True|False|Unknown|true|false|<none>|<unknown>",
        "RESTARTS": r"\d+(?: \(.{1,30} ago\))?",
        "AGE CREATED DURATION": r"(?:\d+[ywdhms]){1,4}|<unknown>|<invalid>|<none>|About .*|\d+ \w+|(?:\d{4}-\S+).*",
        "IP CLUSTER-IP EXTERNAL-IP INTERNAL-IP CLUSTER_IP EXTERNAL_IP IP(S)": r"(?:[\d.]{7,15}|[0-9a-f:]{2,39}|"
        r"<none>|<pending>|<unknown>|None|"
        r"<nodes>|[\w.-]+\.[\w.-]+|<masked>|"
        r"\S*[xX]{2}\S*)(?:,\S+)?",
        "PORT": r"\d{1,5}(?:/\w+)?(?:,\S+)?",
        "PORT(S)": r"(?:\S*:)?\d{1,5}(?::\d+)?/(?:TCP|UDP|SCTP)\S*|<none>|\d{1,5}",
        "LABELS SELECTOR": r"\S+=\S*|<none>|\S+ (?:in|notin) \(.*",
        "REPLICAS DESIRED CURRENT UP-TO-DATE AVAILABLE COUNT MINPODS MAXPODS DATA ACTIVE SUCCESSFUL": r"\d+|<none>|"
        r"<unknown>|"
        r"True|False.*"
        r"|\d+/\d+",
        "TYPE": r"Normal|Warning|ClusterIP|NodePort|LoadBalancer|ExternalName|[\w./-]+",
        "CAPACITY": r"\d+[\w.]*|<none>|0",
        "ACCESS_MODES ACCESSMODES": r"(?:RWO|ROX|RWX|RWOP|ReadWriteOnce|ReadOnlyMany|ReadWriteMany)(?:,\S+)*|<none>|"
        r"\[.*\]",
        "HOST": r"[\w.-]*(?:/[\w.:-]*)?|<unassigned>/?|<none>",
        "STATUS": r"[A-Z][\w:/.,-]*(?: \(.*)?|<unknown>|\w+",
        "NODE": r"[\w.-]+|<none>",
        "NAMESPACE": r"[a-z0-9][a-z0-9-]*",
        "NAME POD CONTROLLER": r"(?![\d.]+$)(?!\S+=)[\w./:-]+(?: \(default\))?|\S+\.{2,3}",
        "CONTAINER(S) IMAGE(S) CONTAINERS IMAGES": r"(?![\d.]+$)(?!\S*=)\S+",
        "COMPLETIONS": r"\d+/(?:\d+|1 of \d+)|\d+|<none>|Complete|\d+/<none>",
        "VOLUME": r"[\w.-]+|\"\"",
        "OBJECT": r"[\w.-]+/\S+",
    }.items()
    for name in names.split()
}
"""What a column's cells look like; columns that are not here may hold anything."""
_FREE: Final = frozenset({"MESSAGE", "MSG", "ERROR"})


def _fits(name: str, cell: str) -> bool:
    shape = _SHAPES.get(name)
    return shape is None or shape.fullmatch(cell) is not None


def _cut(text: str, columns: list[tuple[str, int]]) -> Row | None:
    """Cells by the header's positions; None when a word lies across one or a cell does not fit its column."""
    row: Row = {}
    size = len(text)
    last = len(columns) - 1
    for position, (name, start) in enumerate(columns):
        if start >= size:
            break
        if start and text[start - 1] != " ":
            return None
        cell = text[start:].strip() if position == last else text[start : columns[position + 1][1]].strip()
        if cell:
            shape = _SHAPES.get(name)
            if shape is not None and not shape.fullmatch(cell):
                return None
            row[name] = cell
    return row if columns[0][0] in row else None


def _tokens(text: str) -> list[str]:
    """Words, with `4 (57s ago)` kept together."""
    words = text.split()
    if "(" not in text:
        return words
    out: list[str] = []
    inside = False
    for word in words:
        if (inside or word.startswith("(")) and out:
            out[-1] += " " + word
            inside = not word.endswith(")")
        else:
            out.append(word)
    return out


def _fit(draft: Draft, text: str, columns: list[tuple[str, int]]) -> Row | None:
    """Cells by what they look like, for rows that do not keep to the header's positions."""
    tokens = _tokens(text)
    if len(tokens) > 60:
        tokens = [*tokens[:59], " ".join(tokens[59:])]
    names = [name for name, _ in columns]
    if names[-1] in _FREE and len(tokens) > len(names):
        tokens = [*tokens[: len(names) - 1], " ".join(tokens[len(names) - 1 :])]
    if len(tokens) == len(names) and all(map(_fits, names, tokens)):
        return dict(zip(names, tokens, strict=True))
    if len(tokens) > len(names) + 2 or not tokens:
        return None
    draft.slow_rows += 1
    if draft.slow_rows > MAX_FITTED_ROWS:
        return None
    best: list[list[int]] = [[-(10**6)] * (len(tokens) + 1) for _ in range(len(names) + 1)]
    took: list[list[bool]] = [[False] * (len(tokens) + 1) for _ in range(len(names) + 1)]
    best[0][0] = 0
    for column, name in enumerate(names, start=1):
        typed = name in _SHAPES
        for used in range(len(tokens) + 1):
            skipped = best[column - 1][used] - 1
            best[column][used] = skipped
            if used and _fits(name, tokens[used - 1]):
                taken = best[column - 1][used - 1] + (3 if typed else 1)
                if taken > skipped:
                    best[column][used] = taken
                    took[column][used] = True
    if best[len(names)][len(tokens)] <= 0:
        return None
    row: Row = {}
    used = len(tokens)
    for column in range(len(names), 0, -1):
        if took[column][used]:
            used -= 1
            row[names[column - 1]] = tokens[used]
    return row if names[0] in row else None


_SENTENCE_STATUS: Final = re.compile(
    r"((?:\S+\s+){1,2})(\d{1,3}/\d{1,3})\s+(\S+ \S.{4,2000}?)\s{2,}(\d{1,6})\s+((?:\d{1,6}[ywdhms]){1,4})\s*"
)


def _sentence_status(text: str, columns: list[tuple[str, int]]) -> Row | None:
    """A Pod's row as kubectl 1.6 and older print it: the STATUS may be a whole error message."""
    names = [name for name, _ in columns]
    if "READY" not in names or names[names.index("READY") :] != ["READY", "STATUS", "RESTARTS", "AGE"]:
        return None
    match = _SENTENCE_STATUS.fullmatch(text.strip())
    first = match[1].split() if match else []
    if match is None or len(first) != len(names) - 4:
        return None
    return dict(zip(names, [*first, *match.groups()[1:]], strict=True))


def cells(draft: Draft, text: str, columns: list[tuple[str, int]]) -> Row | None:
    return _cut(text, columns) or _fit(draft, text, columns) or _sentence_status(text, columns)


def _join_wrapped(draft: Draft, index: int) -> tuple[str, int, int]:
    """The header at `index`, joined with the header lines it goes on in; their number; the column of the cut, or 0."""
    lines = draft.lines
    header = lines[index].text
    count = 1
    width = 0
    while count < 4 and index + count < len(lines):
        following = lines[index + count].text
        if not following.strip() or (is_header(following) and following.lstrip() == following):
            break
        words = following.replace("-", " ").split()
        caps = [word for word in words if word.partition("(")[0].isupper()]
        if len(caps) != len(words) or not any(
            word.partition("(")[0] in _COMMON or word in ("GATES", "NOMINATED") for word in words
        ):
            break
        if following[0] != " " or len(header) >= 76:
            longest = max((len(line.text) for line in lines[index : index + 40]), default=0)
            width = longest if 76 <= longest <= 400 else 0
        header = (header.ljust(width) if width else header.rstrip() + "  ") + (
            following if width else following.strip()
        )
        count += 1
    return header, count, width


def read_table(draft: Draft, index: int, take: Callable[[Draft, int, Row, frozenset[str]], bool]) -> int | None:
    """A table from its header on. `take` makes facts of a row's cells and says whether it knows such a table."""
    if not is_header(draft.lines[index].text):
        return None
    header, height, width = _join_wrapped(draft, index)
    columns = columns_of(header)
    names = frozenset(name for name, _ in columns)
    position = index + height
    misses = 0
    rows = 0
    while position < len(draft.lines):
        text = draft.lines[position].text
        if not text.strip():
            # Chat and the guide leave blank lines in a table; two end it.
            if position + 1 < len(draft.lines) and rows == 0 and draft.lines[position + 1].text.strip():
                position += 1
                continue
            break
        used = 1
        if height > 1:
            used = min(height, len(draft.lines) - position)
            pieces = [draft.lines[position + step].text for step in range(used)]
            if width:
                text = "".join(piece.ljust(width) for piece in pieces[:-1]) + pieces[-1]
            else:
                while used > 1 and not pieces[used - 1].startswith(" "):
                    used -= 1
                text = "  ".join(piece.strip() for piece in pieces[:used])
        if is_header(text) or (text.lstrip() != text and text.startswith("    ") and not header.startswith(" ")):
            break
        row = cells(draft, text, columns)
        if row is None:
            misses += 1
            if misses > 2 or rows == 0 or not _looks_like_row(text):
                break
            draft.mark(position, position + used, PASTE)
            position += used
            continue
        if not take(draft, position, row, names):
            break
        for step in range(1, used):
            if draft.abouts[position + step] is None:
                draft.abouts[position + step] = draft.abouts[position]
        rows += 1
        misses = 0
        position += used
    if rows == 0 and position == index + height:
        return None
    draft.mark(index, position, PASTE)
    return position


def _looks_like_row(text: str) -> bool:
    return "  " in text.strip()
