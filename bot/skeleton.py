"""`kdiag kb new`: the skeleton of an entry, made from a pasted error, so that only the thinking is left to do."""

from __future__ import annotations

import re
from typing import Final

import yaml

from rules.errors import UsageError

_ERROR: Final = re.compile(
    r"(?i)error|fail|refused|denied|cannot|unable|invalid|not found|timed? ?out|forbidden|panic|fatal"
)
_NAMES: Final = re.compile(
    r'"[^"]+"'  # what stands in quotes
    r"|\b[\w.-]+\.[\w.-]+/[\w./:@-]+"  # images and paths with a host
    r"|\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b"  # addresses
    r"|\b[0-9a-f]{8,}(-[0-9a-f]{4,}){0,4}\b"  # ids
    r"|\b[a-z0-9]+(-[a-z0-9]+){2,}\b"  # generated names
    r"|\d+"
)


def skeleton(id_: str, text: str) -> str:
    """YAML of an entry whose sign is the likeliest line of `text` with its names, numbers and addresses left open."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_):
        raise UsageError(f"{id_!r} is not kebab-case, like registry-name-unknown")
    line = next((each for each in text.splitlines() if _ERROR.search(each)), text.strip().splitlines()[0])
    example = yaml.safe_dump(text.strip(), default_style="|", allow_unicode=True, width=10_000)
    indented = "".join(f"        {each}\n" for each in example.split("\n", 1)[1].splitlines())
    return f"""id: {id_}
title: {{en: TODO the cause in a few words, ja: TODO}}
severity: critical
certainty: 0.8
tags: []
source: []
signs:
  - text: {yaml.safe_dump(pattern(line), default_style="'", allow_unicode=True, width=10_000).strip()}
subject: ["pod {{pod}}"]
explains: []
cause:
  en: TODO what is wrong, with the object's own names in braces
  ja: TODO
confirm: {{en: TODO what would prove it}}
refute: {{en: TODO what would rule it out}}
fix:
  - command: TODO kubectl ...
    note: {{en: TODO}}
    risk: change
verify: []
examples:
  match:
    - name: as it was pasted
      text: |
{indented}    - name: TODO the same with other names, another era or layout
      text: TODO
  no_match:
    - name: TODO the same words with another meaning
      text: TODO
    - name: TODO the healthy state
      text: TODO
"""


def pattern(line: str) -> str:
    """A pattern for the line: its words kept, its names left open, timestamps and prefixes dropped."""
    words = re.sub(r"^\s*(\S+\s+){0,6}?(?=[A-Za-z]*(?i:error|fail|unable|cannot|warning))", "", line, count=1).strip()
    words = words or line.strip()
    out: list[str] = []
    position = 0
    for match in _NAMES.finditer(words):
        out.append(re.escape(words[position : match.start()]).replace("\\ ", " ").replace("\\-", "-"))
        token = match.group(0)
        out.append('"[^"]+"' if token.startswith('"') else r"\d+" if token.isdigit() else r"\S+")
        position = match.end()
    out.append(re.escape(words[position:]).replace("\\ ", " ").replace("\\-", "-"))
    return "".join(out)[:300]
