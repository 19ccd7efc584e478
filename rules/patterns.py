"""What a writer of signs writes -> what RE2 runs, and the fixed words that any match must contain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import re2

MIN_LITERAL: Final = 3


def compile_pattern(pattern: str) -> Any:
    """The compiled RE2, or re2.error. Multi-line: `^` and `$` are the ends of a line."""
    options = re2.Options()
    options.log_errors = False
    options.never_nl = False
    options.one_line = False
    return re2.compile("(?m)" + translate(pattern), options)


def translate(pattern: str) -> str:
    """The RE2 pattern for what a writer wrote: flexible blanks and quotes, see the module's text."""
    out: list[str] = []
    in_class = False
    negated = False
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\" and position + 1 < len(pattern):
            out.append(pattern[position : position + 2])
            position += 2
            continue
        if in_class:
            if char == "]":
                in_class = False
                if negated:
                    out.append(r"\x1e")
            elif char == '"' and negated:
                out.append(r"\\")
            out.append(char)
        elif char == "[":
            in_class = True
            negated = pattern.startswith("[^", position)
            out.append("[^" if negated else "[")
            position += 2 if negated else 1
            continue
        elif char == " ":
            while pattern.startswith(" ", position + 1):
                position += 1
            # a quantified blank keeps its quantifier: ` *` is `\s*`
            out.append(r"\s" if pattern[position + 1 : position + 2] in ("*", "+", "?", "{") else r"\s+")
        elif char == '"':
            out.append(r'\\*"')
        else:
            out.append(char)
        position += 1
    return "".join(out)


def literals(pattern: str) -> frozenset[str]:
    """Lower-case words of which any match of the writer's `pattern` contains at least one; empty if none is sure.

    >>> sorted(literals("(?i)no such (file|host)"))
    ['no such ']
    >>> sorted(literals("(no route to|unknown) host|NXDOMAIN"))
    ['no route to', 'nxdomain', 'unknown']
    """
    parsed: Any = re._parser.parse(pattern)  # type: ignore[attr-defined]  # the only parser of patterns in the library
    return _best(parsed) or frozenset()


def _best(sequence: Any) -> frozenset[str] | None:
    candidates: list[frozenset[str]] = []
    run = ""

    def close() -> None:
        nonlocal run
        # Quotes may be escaped in the text, so they end a fixed word.
        for word in re.split(r"[\"\\\n]", run):
            if len(word.strip()) >= MIN_LITERAL:
                candidates.append(frozenset({word.lower()}))
        run = ""

    for op, value in sequence:
        name = str(op)
        if name == "LITERAL":
            run += chr(value)
            continue
        if name == "IN" and _is_blank_class(value):
            close()
            continue
        close()
        if name == "SUBPATTERN":
            inner = _best(value[-1])
            if inner:
                candidates.append(inner)
        elif name == "BRANCH":
            each = [_best(branch) for branch in value[1]]
            if all(each):
                candidates.append(frozenset().union(*[e for e in each if e]))
        elif name in ("MAX_REPEAT", "MIN_REPEAT") and value[0] > 0:
            inner = _best(value[2])
            if inner:
                candidates.append(inner)
    close()
    # the choice whose shortest word is longest is the rarest in ordinary text
    return max(candidates, key=lambda c: (min(len(w) for w in c), -len(c)), default=None)


def _is_blank_class(value: Any) -> bool:
    return bool(value) and str(value[0][0]) == "CATEGORY" and "SPACE" in str(value[0][1])


def needed_words(patterns: Iterable[str]) -> tuple[str, ...]:
    """The rarest such words over several patterns that must all match; empty if there are none to rely on."""
    best: frozenset[str] = frozenset()
    for pattern in patterns:
        try:
            words = literals(pattern)
        except (re.error, RecursionError):
            continue  # RE2 says what is wrong with it
        if _rarity(words) > _rarity(best):
            best = words
    return tuple(sorted({" ".join(word.split()) for word in best}))


def _rarity(words: frozenset[str]) -> int:
    return min((len(w) for w in words), default=0)
