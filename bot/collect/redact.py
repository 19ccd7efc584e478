"""Masks secrets in any text before anything else sees it: a paste, a log, an object, a host's file.

What is masked becomes `***`, with enough left around it to recognise what it was (`password=***`, `Bearer ***`). One
linear pass of RE2 finds what looks like a secret wherever it stands; a second, only for texts that hold a Secret
object, masks the values under its `data`. Everything else comes out as it went in, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import re2

MASK: Final = "***"

_NAME = (
    r"(?:[a-z0-9_.-]{0,40}(?:password|passwd|passphrase|secret[_-]?access[_-]?key|access[_-]?key[_-]?secret|api[_-]?key"
    r"|apikey|access[_-]?token|auth[_-]?token|refresh[_-]?token|client[_-]?secret|secret[_-]?key|private[_-]?key"
    r"|account[_-]?key|sharedaccesskey|encryption[_-]?key|client-key-data|id-token|_pwd|_pass|_token|_secret)"
    r"|pwd|pass|token|secret|bearer[_-]?token|auth)"
)
"""Names whose value is a secret. `secretName`, `tokenExpirationSeconds` and `secret "db" not found` are not of them."""

_PEM = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?"

_PATTERNS: Final[tuple[tuple[str, str], ...]] = (
    ("block", f"-----BEGIN {_PEM}-----(?:[^-]|-[^-])*?-----END {_PEM}-----"),
    ("open", f"-----BEGIN {_PEM}-----" r"(?:(?:\\n|\s)*[A-Za-z0-9+/=]{16,})*"),
    ("jwt", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    ("auth", r"(?i:\b(?:proxy-)?authorization\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?"
     r"(?:bearer|basic|digest|token|aws4-hmac-sha256)\s{1,4}[^\s\"'\\,]+)"),
    ("bearer", r"(?i:\bbearer\s{1,4}[A-Za-z0-9._~+/=-]{12,})"),
    ("url", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]*:[^\s/@\"'<>]+@"),
    ("aws", r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}\b"),
    ("google", r"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}"),
    ("github", r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"),
    ("slack", r"\bxox[a-z]-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{8,}|https://hooks\.slack\.com/services/[A-Za-z0-9/_-]{8,}"),
    ("sas", r"[?&]sig=[A-Za-z0-9%+/=_-]{16,}"),
    ("docker", r"\\?[\"']auth\\?[\"']\s{0,4}:\s{0,4}\\?[\"'][A-Za-z0-9+/=]{4,}"),
    ("flag", r"--(?i:" + _NAME + r")(?:=|[ \t]{1,4})(?:\"[^\"\n]+\"|'[^'\n]+'|[^\s\"'-][^\s\"']*)"),
    (
        "env",
        r"(?i:\bname\\?[\"']?[ \t]{0,8}:[ \t]{0,8}\\?[\"']?" + _NAME + r"\\?[\"']?)"
        r"\s{0,200},?\s{0,200}\\?[\"']?value\\?[\"']?"
        r"[ \t]{0,8}:[ \t]{0,8}(?:\\?\"(?:[^\"\\\n]|\\[^\"\n])+|'[^'\n]+|[^\s\"'{}\[\]][^\n]*)",
    ),
    (
        "pair",
        r"(?i:(?:\b|_)" + _NAME + r")\\?[\"']?(?:[ \t]{0,8}=[ \t]{0,4}|[ \t]{0,8}:[ \t]{1,40}|[ \t]{0,8}:)"
        r"(?:\\?\"(?:[^\"\\\n]|\\[^\"\n])+|'[^'\n]+|[^\s\"',;&{}\[\]<>()|][^\s\"',;&{}\[\]<>]*)",
    ),
)  # fmt: skip
"""What is looked for, the surest first: where two begin at the same place the first one counts."""

_LONE: Final = re.compile("[\ud800-\udfff]")
_OPTIONS: Any = re2.Options()
_OPTIONS.max_mem = 64 << 20
_SECRET: Final = re2.compile("|".join(f"(?:{pattern})" for _, pattern in _PATTERNS), _OPTIONS)
_WHICH: Final = re2.compile("|".join(f"({pattern})" for _, pattern in _PATTERNS), _OPTIONS)
"""The same with a group each. Groups are slow, so it is only asked about what was found."""
_KEEP_PAIR: Final = re.compile(r"^(.*?(?:=|:))([ \t]*\\?[\"']?)", re.DOTALL)
_KEEP_ENV: Final = re.compile(r"^.*value\\?[\"']?\s*:\s*\\?[\"']?", re.DOTALL)
_KEEP_FLAG: Final = re.compile(r"^(--[\w.-]+(?:=|[ \t]+)[\"']?)")
_KEEP_AUTH: Final = re.compile(r"^(.*?[:=]\s*\\?[\"']?\w[\w-]*\s+)", re.DOTALL)
_HARMLESS: Final = re.compile(
    r"(?i)^(?:\\?[\"'])?(?:\$|true|false|null|none|nil|~|\*+|<[^>]*>|\$\{?\w+\}?|\$\([^)]*\)|\d{1,2}|yes|no|not|is|was|file|auth)$"
)
"""Values that are no secrets: switches, placeholders, variables, and words of a sentence."""


def redact(text: str) -> str:
    """The text with its secrets masked. Linear in its length; never raises on any string."""
    if not text:
        return text
    if not text.isascii():
        text = _LONE.sub("\ufffd", text)  # half a character, which RE2 cannot be given
    if _SECRET_KIND.search(text):
        text = _mask_secret_objects(text)
    parts: list[str] = []
    end = 0
    for found in _SECRET.finditer(text):
        parts += (text[end : found.start()], _masked(text, found.start(), found.end()))
        end = found.end()
    return "".join((*parts, text[end:])) if parts else text


def _masked(text: str, start: int, end: int) -> str:
    """What stands for a secret: its name or beginning, and the mask."""
    found = text[start:end]
    which = _WHICH.fullmatch(found)
    groups = which.groups() if which else ()
    name = next((_PATTERNS[number][0] for number, group in enumerate(groups) if group is not None), "pair")
    if name in ("block", "open"):
        head, _, rest = found.partition("-----BEGIN")
        title = rest.partition("-----")[0]
        return f"{head}-----BEGIN{title}-----{MASK}" + (f"-----END{title}-----" if name == "block" else "")
    if name == "url":
        scheme, _, rest = found.partition("://")
        return f"{scheme}://{rest.partition(':')[0]}:{MASK}@"
    if name == "auth":
        kept = _KEEP_AUTH.match(found)
        return f"{kept[1] if kept else ''}{MASK}"
    if name == "bearer":
        return f"{found.split(None, 1)[0]} {MASK}"
    if name == "flag":
        kept = _KEEP_FLAG.match(found)
        return f"{kept[1] if kept else ''}{MASK}{_closing(found)}"
    if name == "env":
        kept = _KEEP_ENV.match(found)
        return _pair(found, kept.end()) if kept else MASK
    if name == "sas":
        return f"{found[:5]}{MASK}"
    if name in ("pair", "docker"):
        return _masked_pair(text, start, end)
    if name == "slack" and found.startswith("https:"):
        return f"https://hooks.slack.com/services/{MASK}"
    return f"{found[:4]}{MASK}"


def _closing(found: str) -> str:
    return found[-1] if found[-1] in "\"'" else ""


def _masked_pair(text: str, start: int, end: int) -> str:
    found = text[start:end]
    kept = _KEEP_PAIR.match(found)
    if kept is None:
        return MASK
    value = found[kept.end() :]
    if kept[1].endswith(":") and not kept[2].strip() and not _is_setting(text, start, end, value):
        return found
    return _pair(found, kept.end())


def _pair(found: str, at: int) -> str:
    """`name: value` with the value masked; quoted where YAML would take the mask for an alias."""
    value = found[at:]
    if _HARMLESS.match(value.strip()):
        return found
    bare = found[:at].rstrip().endswith(":") and value[:1] not in "\"'"
    return f'{found[:at]}"{MASK}"' if bare else f"{found[:at]}{MASK}"


def _is_setting(text: str, start: int, end: int, value: str) -> bool:
    """Whether an unquoted `name: value` is a setting, not the sentence `failed to fetch token: pods "x" not found`.

    A setting stands alone on its line; a sentence has words before the name or after the value.
    """
    if len(value) >= 12 and re.search(r"\d", value) and re.search(r"[A-Za-z]", value) and "/" not in value:
        return True
    name = text[start:end].partition(":")[0].strip().lower()
    if name in ("secret", "auth", "pass"):
        return False
    before = text[max(0, start - 200) : start].rpartition("\n")[2].rstrip(" \t\"'")
    after = text[end : end + 200].partition("\n")[0].strip(" \t\r,}\"'")
    if after and not after.startswith("#") and before[-1:] not in ("{", ","):
        return False
    return not before.strip(" \t-") or before[-1:] in ("{", ",") or "pass" in name


# --- Secret objects --------------------------------------------------------------------------------------
_SECRET_KIND: Final = re2.compile(r"\bkind[\"']?\s{0,8}:\s{0,8}[\"']?Secret(?:List)?\b")
_FIELDS: Final = frozenset({"data", "stringData"})
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)
_BLOCK: Final = re.compile(r"^[|>][-+0-9]{0,3}$")
_LINE: Final = re.compile(
    r"^(?P<indent> *)(?P<dash>(?:- +)*)(?P<key>[\w.-]{1,253}|\"[^\"\n]{1,253}\")\s*:(?P<value>[^\n]*)$"
)


def _mask_secret_objects(text: str) -> str:
    """The values under `data` and `stringData` of each Secret, in JSON or YAML; its keys stay."""
    parts: list[str] = []
    last = 0
    for start, end in _json_spans(text) if "{" in text else ():
        parts += (text[last:start], f'"{MASK}"')
        last = end
    return _mask_yaml("".join((*parts, text[last:])))


def _json_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the string values under `data` of JSON Secrets stand, in order."""
    spans: list[tuple[int, int]] = []
    stack: list[dict[str, Any]] = []
    last: re.Match[str] | None = None
    for token in _TOKEN.finditer(text):
        mark = token[0]
        top = stack[-1] if stack else None
        if mark in "{[":
            key = top.get("key") if top and top["open"] == "{" else None
            listed = top["list"] if top and top["open"] == "[" else False
            stack.append(
                {"open": mark, "name": key, "values": [], "secret": listed, "list": bool(top and top.get("list"))}
            )
            if mark == "[" and top and key == '"items"' and top.get("secrets"):
                stack[-1]["list"] = True
        elif mark in "}]":
            if top:
                stack.pop()
                _close(top, stack[-1] if stack else None, spans)
        elif mark == ":":
            if top and last and last[0].startswith('"'):
                top["key"] = last[0]
        elif mark == ",":
            if top:
                top["key"] = None if top["open"] == "{" else top.get("key")
        elif top and top["open"] == "{" and top.get("key"):
            if top["key"] == '"kind"':
                top["secret"] = mark == '"Secret"' or top["secret"]
                top["secrets"] = mark == '"SecretList"'
            else:
                top["values"].append((token.start(), token.end()))
            top["key"] = None
        last = token
    return iter(sorted(spans))


def _close(done: dict[str, Any], outer: dict[str, Any] | None, spans: list[tuple[int, int]]) -> None:
    """At an object's end: hand its `data` values up to the object they belong to, or mask them if that is a Secret."""
    if done["open"] != "{":
        return
    if done["secret"]:
        spans += done.get("data", [])
    if outer is not None and outer["open"] == "{" and (done["name"] or "").strip('"') in _FIELDS:
        outer.setdefault("data", []).extend(done["values"])


def _mask_yaml(text: str) -> str:
    """YAML by its indentation: a Secret's `data` stands as deep as its `kind`."""
    lines = text.split("\n")
    shapes = [_LINE.match(line) if ":" in line else None for line in lines]
    begin = 0
    for number in range(len(lines) + 1):
        if number == len(lines) or lines[number].startswith("---"):
            _mask_document(lines, shapes, begin, number)
            begin = number + 1
    return "\n".join(lines)


def _depth(shape: re.Match[str]) -> int:
    return len(shape["indent"]) + len(shape["dash"])


def _mask_document(lines: list[str], shapes: list[re.Match[str] | None], begin: int, end: int) -> None:
    """Masks within one document. An object is the run of lines between two that are less deep or begin an item."""
    groups: dict[int, tuple[bool, list[int]]] = {}
    for number in range(begin, end):
        shape = shapes[number]
        if shape is None:
            line = lines[number].lstrip(" ")
            if line[:1] in ("{", "}"):  # JSON over several lines: a brace begins or ends an object
                indent = len(lines[number]) - len(line)
                for deeper in [each for each in groups if each > indent]:
                    _mask_group(lines, shapes, groups.pop(deeper), number, deeper)
            continue
        depth = _depth(shape)
        for deeper in [each for each in groups if each > depth or (each == depth and shape["dash"])]:
            _mask_group(lines, shapes, groups.pop(deeper), end, deeper)
        secret, fields = groups.get(depth, (False, []))
        key = shape["key"].strip('"')
        if key == "kind" and shape["value"].strip().strip("\"',") == "Secret":
            secret = True
        elif key in _FIELDS:
            fields = [*fields, number]
        groups[depth] = (secret, fields)
    for depth, group in groups.items():
        _mask_group(lines, shapes, group, end, depth)


def _mask_group(
    lines: list[str], shapes: list[re.Match[str] | None], group: tuple[bool, list[int]], end: int, depth: int
) -> None:
    secret, fields = group
    if not secret:
        return
    for field in fields:
        number = field + 1
        while number < end:
            line, shape = lines[number], shapes[number]
            indent = len(line) - len(line.lstrip(" "))
            if line.strip() and indent <= depth:
                break
            if shape is not None and shape["value"].strip() and not shape["value"].strip().startswith("{"):
                written = shape["value"].strip()
                comma = "," if written.endswith(",") else ""
                if not _BLOCK.match(written):
                    lines[number] = f'{line[: shape.start("value")]} "{MASK}"{comma}'
            elif shape is None and line.strip() and line.strip() not in "{}},[]":
                lines[number] = " " * indent + MASK
            number += 1


__all__ = ["MASK", "redact"]
