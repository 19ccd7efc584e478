"""Undoes what chat, terminals and pagers do to a text, line by line, and keeps each line's number and raw text.

Apart from the readers so that these see one kind of text only: plain lines, without colours, entities, smart
quotes, quote marks or line numbers of `grep -n`. Bounded and linear; no text makes it raise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from rules.observations import Gap

MAX_TEXT: Final = 2 * 1024 * 1024
"""Characters that are read. Of a longer text the first and last halves of this are, since logs end with the reason."""

MAX_LINE: Final = 64 * 1024
"""Characters of a line that are read: longer ones are data, not messages."""


@dataclass(slots=True)
class Line:
    """A line as it was meant. `number` counts from 1 in the pasted text; `span` is how many of its lines it covers."""

    number: int
    text: str
    raw: str
    span: int = 1


@dataclass(slots=True)
class Page:
    """The lines of a text and what of it was not read."""

    lines: list[Line] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


_CHARACTERS: Final = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\uff07", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
        **dict.fromkeys("\u2014\u2015", "--"),
        **dict.fromkeys("\u00a0\u1680\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
        **dict.fromkeys("\u2000\u2001\u2002\u2003\u2004\u2005\u2006", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\u2061\ufeff\u00ad\ufffe\u061c", None),
        **dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", None),
        **dict.fromkeys("\u2028\u2029\u0085", " "),
        "\u2026": "...",
    }
)
"""What word processors and chat put in place of the character that was typed."""

_CONTROL: Final = dict.fromkeys((*range(0, 9), *range(14, 32), 127)) | {0x0B: " ", 0x0C: " "}
_HAS_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ANSI = re.compile(
    r"(?:\x1b|\\x1b|\\u001b|\\033|\\e(?=\[[\d;]*m)|#033|\^\[)\[[0-?]{0,32}[ -/]{0,4}[@-~]"
    r"|\x1b\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)?|\x1b[@-Z\\^_()][0-9A-B]?"
)
# a bare `[m` may also open a list: `[master-1]`, `[m-2, m-3]`
_BARE_COLOUR = re.compile(r"\[\d{1,3}(?:;\d{1,3}){0,4}m|(?<!\w)\[m(?![\w.:/ -]{0,253}[],])")
_ENTITY = re.compile(r"&(?:amp;){0,4}(lt|gt|amp|quot|apos|nbsp|#39|#34|#x27|#x22|#x2F|#47|#60|#62);", re.IGNORECASE)
_ENTITIES: Final = {
    "lt": "<",
    "gt": ">",
    "amp": "&",
    "quot": '"',
    "apos": "'",
    "nbsp": " ",
    "#39": "'",
    "#34": '"',
    "#x27": "'",
    "#x22": '"',
    "#x2f": "/",
    "#47": "/",
    "#60": "<",
    "#62": ">",
}
_SLACK_LINK = re.compile(r"<((?:https?|ftp|tel|mailto|unix|tcp):[^|<>\s]{1,2048})(?:\|([^<>|\n]{0,2048}))?>")
_MARKUP = re.compile(
    r"</?(?:pre|code|samp|tt|kbd)(?: [a-z-]+=\"[^\"<>]{0,80}\")*>|\{(?:code|noformat)(?::[^{}\n]{0,80})?\}"
)
_FENCE = re.compile(r"\s*(?:```|~~~)\s*([\w+.-]{0,20})\s*$")
_QUOTE = re.compile(r"\s{0,3}>(?:\s?>){0,4}(?: |$)")
_GREP = re.compile(r"(\s{0,6}(?:(?=[\w/-]{0,120}[./])[\w./-]{1,120}:)?(\d{1,7})[:-])(?!\d\d[:.])")
_LESS = re.compile(r"(\s{0,7}(\d{1,7})(?:  ?|\s*[|\u2502] ?|$))")


def _entity(found: re.Match[str]) -> str:
    return _ENTITIES[found[1].lower()]


def _slack_link(found: re.Match[str]) -> str:
    label = found[2]
    if label:
        return label
    target = found[1]
    return target.partition(":")[2] if target.startswith(("mailto:", "tel:")) else target


def _shorten(text: str, page: Page) -> tuple[str, int, int]:
    """The text within MAX_TEXT, the offset at which its middle was cut out, and how many line ends that took."""
    if len(text) <= MAX_TEXT:
        return text, -1, 0
    half = MAX_TEXT // 2
    left_out = text[half:-half]
    page.gaps.append(
        Gap(
            "the middle of the text",
            f"it is {len(text)} characters long; the first and last {half} were read",
            "paste the part around the first error",
        )
    )
    return text[:half] + "\n" + text[-half:], half, left_out.count("\n")


def clean(text: str) -> str:
    """Characters as they were typed. The number of line ends stays the same.

    >>> clean("&amp;lt;none&amp;gt; \u201cx\u201d")
    '<none> "x"'
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", " ") if "\n" in text else text.replace("\r", "\n")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8").translate(_CHARACTERS)
    if "\x1b" in text or "[0m" in text or "[m" in text or "#033[" in text:
        text = _ANSI.sub("", text)
        text = _BARE_COLOUR.sub("", text)
    if _HAS_CONTROL.search(text):
        text = text.translate(_CONTROL)
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    if "<" in text and ":" in text:
        text = _SLACK_LINK.sub(_slack_link, text)
    if "<pre" in text or "<code" in text or "</" in text or "{code" in text or "{noformat" in text:
        text = _MARKUP.sub("", text)
    return text


def _without_quote_marks(texts: list[str]) -> None:
    """Takes `> ` from the front of lines: a quote, or a shell's second prompt. Nothing kdiag reads begins with it."""
    for index, text in enumerate(texts):
        if ">" in text[:4]:
            found = _QUOTE.match(text)
            if found:
                texts[index] = text[found.end() :]


def _without_line_numbers(texts: list[str]) -> None:
    """Takes the numbers of `grep -n`, `less -N` or `cat -n` from the front, when a run of lines carries rising ones."""
    for pattern, step in ((_GREP, 0), (_LESS, 1)):
        found = [(index, pattern.match(text)) for index, text in enumerate(texts) if text]
        if not found:
            continue
        run: list[tuple[int, re.Match[str]]] = []
        for index, match in [*found, (len(texts), None)]:
            number = int(match[2]) if match else -1
            last = int(run[-1][1][2]) if run else -1
            if match and (not run or (number > last if step == 0 else number == last + 1)):
                run.append((index, match))
                continue
            if len(run) >= (2 if step == 0 else 3) and (step == 0 or len(run) * 2 > len(found)):
                for at, prefix in run:
                    texts[at] = texts[at][prefix.end() :]
            run = [(index, match)] if match else []


def _without_fences(texts: list[str]) -> None:
    for index, text in enumerate(texts):
        if "```" in text or "~~~" in text:
            texts[index] = "" if _FENCE.match(text) else text.replace("```", "")
        elif text.startswith("`") or text.endswith("`"):
            marks = text.count("`")
            if marks <= 2 and (marks == 1 or text.startswith("`") == text.rstrip().endswith("`")):
                texts[index] = text.replace("`", "")


def split(text: str, page: Page) -> list[str]:
    lines = text.split("\n")
    if max(map(len, lines)) > MAX_LINE:
        for index, line in enumerate(lines):
            if len(line) > MAX_LINE:
                page.gaps.append(Gap("the end of a line", f"a line of {len(line)} characters was cut at {MAX_LINE}"))
                lines[index] = line[:MAX_LINE]
        del page.gaps[8:]
    return lines


def normalize(text: str) -> Page:
    """The page of a text: each line as it was meant, with its number and how it was pasted."""
    page = Page()
    text, cut_at, lines_cut = _shorten(text, page)
    raw_text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    raws = raw_text.split("\n")
    texts = split(clean(text), page)
    if "\t" in text:
        texts = [line.expandtabs(8) if "\t" in line else line for line in texts]
    if "`" in text or "~~~" in text:
        _without_fences(texts)
    if ">" in text or "&gt;" in text:
        _without_quote_marks(texts)
    if texts and any(line[:8].lstrip()[:1].isdigit() for line in texts[:64]):
        _without_line_numbers(texts)
    first_half = text[:cut_at].count("\n") + 1 if cut_at >= 0 else len(texts)
    page.lines = [
        Line(
            index + 1 if index < first_half else index + 1 + lines_cut - 1,
            line,
            raws[index] if index < len(raws) else "",
        )
        for index, line in enumerate(texts)
    ]
    return page
