"""Joins lines that a terminal or a person wrapped, so that a message is one line again.

Two kinds. A terminal cuts at a fixed column, inside words too: joined as they are. A person or a mailer wraps
between words: joined with one blank. Both only where it is clear, since a wrong join destroys a table or a YAML
text; tables with wrapped rows are left to the table reader, which knows the columns.
"""

from __future__ import annotations

import re
from typing import Final

from bot.read.normalize import Line

NARROWEST: Final = 76
WIDEST: Final = 400
"""Columns of a terminal: shorter or longer lines were not cut by one."""

MAX_JOINED: Final = 64
"""Lines that one message may have been cut into."""

_BEGINS = re.compile(
    r"\s*(?:"
    r"[IWEFD]\d{4} \d\d:|\d{4}[-/]\d\d[-/]\d\d|\[?\d\d:\d\d:\d\d|[A-Z][a-z]{2}\s+\d{1,2} \d\d:|\d{1,2}\u6708 +\d"
    r"|time=|ts=|level=|\{|\}|\[|\]|[-*+\u2022\u25cf] |\d+\. |--- |(?:Warning|Normal)\s|[$#%>] |<\?|\| |\|"
    r"|[\w.@-]{1,60}\[\d+\]: |(?:Error|error|ERROR|FATAL|fatal|panic|Warning|WARN|INFO|DEBUG|E|W)\b[:\s(]"
    r"|[\w/.-]+=\S*$|`|[\w-]+\.go:\d|\[\S+@|\S+@\S+[:~]"
    r"|(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error)\b|Caused by: |Traceback \("
    r")"
)
_LOG_BEGINS = re.compile(
    r"\s*(?:[IWEFD]\d{4} \d\d:\d\d|\d{4}[-/]\d\d[-/]\d\d[T ]\d|[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d |time=\"|\{\"|"
    r"Warning  |Normal  "
    r"|(?:[0-9]+[smhd]){1,3} +(?:Warning|Normal) |[\w.@-]{1,60}\[\d+\]: )"
)
_KEYED = re.compile(r"\s*[\w .()/'\"-]{1,60}:(?:\s|$)")
_FIELD = re.compile(r"\s*(?:- )?[a-z][A-Za-z]*:\s")
_TERMINALS: Final = frozenset({79, 80, 100, 120, 132, 140, 150, 160, 180, 200, 220, 240})
"""Widths that terminals have: one line of exactly that width was rather cut than written so."""
_COLUMNS = re.compile(r"\S {2,}(?=\S)")
_SENTENCE_CONTINUES = re.compile(r"[a-z(\"'/]")
_REQUEST = re.compile(r"(?:Get|Post|Put|Patch|Delete|Head) \"?https?://")
_OPEN_ENDS = (
    ",", " is", " the", " a", " an", " of", " to", " for", " in", " on", " with", " and", " or", " from", " by",
    " not", " cannot",
    " at", " that", "'s", " because", " create", " resource", " while",
)  # fmt: skip


def _is_columnar(text: str) -> bool:
    return len(_COLUMNS.findall(text)) >= 3


def _is_unbalanced(text: str) -> bool:
    plain = text.replace('\\"', "")
    return plain.count('"') % 2 == 1 or plain.count("(") > plain.count(")") or plain.count("[") > plain.count("]")


def _says_error(text: str) -> bool:
    low = text.lower()
    return "error" in low or "fail" in low or "forbidden" in low or "cannot" in low or "denied" in low


def _is_cut(start: str, line: str, following: str, width: int, cut_lines: int) -> bool:
    """Whether `following` is the rest of `line`, which is as wide as the widest of its block. `start` began it all."""
    if not following.strip() or line.endswith("  ") or following.startswith("  "):
        return False
    if line.isupper() and _is_columnar(line):
        return False  # a table's header, whose column ERROR is no error
    if len(line) != width:
        lost_indent = 0 < width - len(line) <= 8 and _LOG_BEGINS.match(line) and line[-1:].isalnum()
        if not lost_indent or not following[:1].islower() or _begins(following):
            return False
    if _is_columnar(following) or _BEGINS.match(following):
        return False
    is_error = _says_error(start) and not _FIELD.match(start) and not following[:1].isupper()
    if _KEYED.match(following) and not is_error and not _is_cut_in_word(line, following):
        return False
    is_row = _is_columnar(line) and "  " in following.strip()
    if cut_lines >= 2 and not is_row and not following[:1].isupper() and not line.endswith(" "):
        return True
    return bool(_LOG_BEGINS.match(line)) or _is_unbalanced(line) or (is_error and width in _TERMINALS)


def _begins(text: str) -> bool:
    return _BEGINS.match(text) is not None or _KEYED.match(text) is not None


def _is_cut_in_word(line: str, following: str) -> bool:
    """`... -> can` + `celed (Client...): x`: the `:` of the second is not a key's."""
    return line[-1:].isalnum() and following[:1].islower() and " " in following.partition(":")[0]


def _continues(start: str, line: str, following: str) -> bool:
    """Whether a person or mailer wrapped the sentence of `line`, begun in `start`, between words."""
    stripped = line.rstrip()
    if len(stripped) < 40 or line[:1] == " " or following[:1] == " " or _is_columnar(line) or _is_columnar(following):
        return False
    if stripped.endswith(":") and _REQUEST.match(following):
        return True
    if not _SENTENCE_CONTINUES.match(following) or ("=" in following.partition(" ")[0] and not stripped.endswith(",")):
        return False
    low = stripped.lower()
    open_end = low.endswith((*_OPEN_ENDS, ":")) or _is_unbalanced(stripped)
    return open_end and _says_error(start) and not _begins(following)


def _count_cut(block: list[Line], width: int) -> int:
    """How many lines are as wide as the widest; 0 when they begin alike, as the rows of a list do."""
    firsts = [line.text.split(None, 1)[0] for line in block if len(line.text) == width]
    return len(firsts) if len(set(firsts)) == len(firsts) else 0


def _join_block(block: list[Line], joined: list[Line]) -> None:
    width = 0
    if len(block) > 1:
        width = max([len(line.text) for line in block])
    if width < 40:
        joined += block
        return
    could_be_cut = NARROWEST <= width <= WIDEST
    cut_lines = _count_cut(block, width) if could_be_cut else 0
    index = 0
    while index < len(block):
        line = block[index]
        index += 1
        pieces = [line.text]
        last = line.text
        while index < len(block) and len(pieces) < MAX_JOINED:
            following = block[index].text
            if could_be_cut and _is_cut(pieces[0], last, following, width, cut_lines):
                pieces.append(following)
            elif len(last) >= 40 and _continues(pieces[0], last, following):
                pieces[-1] = pieces[-1].rstrip() + " "
                pieces.append(following)
            else:
                break
            last = following
            index += 1
        if len(pieces) > 1:
            line = Line(line.number, "".join(pieces), line.raw, block[index - 1].number - line.number + 1)
        joined.append(line)


def unwrap(lines: list[Line]) -> list[Line]:
    """The same lines with wrapped ones joined. Blank lines part blocks, whose widest line says where a terminal cut."""
    joined: list[Line] = []
    block: list[Line] = []
    for line in lines:
        if line.text and not line.text.isspace():
            block.append(line)
            continue
        if block:
            _join_block(block, joined)
            block = []
        joined.append(line)
    if block:
        _join_block(block, joined)
    return joined
