"""Reads objects pasted as YAML or JSON: dumps of a cluster, manifests, and fragments of either.

Dumps go to the same projection that live clusters use (`bot.collect.objects`), manifests to the checker of
`kdiag check` (`bot.read.manifests`); fragments without kind or name are projected here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from bot.read.commands import is_command
from bot.read.draft import COVERED, Draft
from bot.read.etcd_values import read_value
from bot.read.fragments import read_fragment
from bot.read.indentation import repair
from bot.read.manifests import note_manifest
from bot.read.structured import MAX_DEPTH, MAX_YAML, load_json, load_yaml, strings
from bot.read.words import moment
from rules.kinds import Source
from rules.observations import Observations, Passage

Object = dict[str, Any]

_TOP_KEYS: Final = frozenset(
    {"apiVersion", "kind", "metadata", "status", "items", "containerStatuses", "initContainerStatuses",
    "conditions", "id",
     "lastState", "state", "involvedObject", "desiredState", "currentState"}
)  # fmt: skip
_KEY = re.compile(r"(\s*)(?:- )?\"?([A-Za-z][\w./-]{0,120})\"?:(?:\s|$)")
_YAML_LINE = re.compile(
    r"\s*(?:#.*|---.*|\.\.\.|- .*|-|\"?[\w.$/{}<*-][\w .$/{}<>*()@-]{0,253}\"?:(?:\s.*)?|[\]}],?|\?.*|'[^']*':.*|"
    r"\"[^\"]*\":.*)$"
)
_LOG_START = re.compile(r"\s*(?:[IWEFD]\d{4} \d\d:|time=|\{\"level|[A-Z][a-z]{2} \d\d \d\d:)")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"")
MAX_UNINDENTED: Final = 20000
"""Lines of a JSON text whose end is looked for by counting its braces."""
_MIN_TEXT: Final = 16
"""Shorter texts of an object are names and words, not messages."""


def read_objects(draft: Draft, index: int) -> int | None:
    """An object's text from its first line on."""
    text = draft.lines[index].text
    head = text.lstrip()[:1]
    if head in "{[":
        return _read_json(draft, index)
    found = _KEY.match(text)
    if (found and found[2] in _TOP_KEYS) or text.strip() in ("---", "- apiVersion: v1"):
        return _read_yaml(draft, index)
    return None


# --- JSON -----------------------------------------------------------------------------------------------


def _read_json(draft: Draft, index: int) -> int | None:
    lines = draft.lines
    first = lines[index].text
    stripped = first.strip()
    if len(stripped) > 2 and stripped[-1] in "}]":
        value = load_json(stripped)
        if isinstance(value, (dict, list)):
            return _take(draft, index, index + 1, value)
        return None
    if not re.match(r"\s*[\[{]\s*(?:$|\"[\w./-]+\":|\{\s*$)", first) or not draft.may_look(1):
        return None
    base = len(first) - len(first.lstrip())
    end = index + 1
    while end < len(lines):
        text = lines[end].text
        if (
            text[base : base + 1] in ("}", "]")
            and text.strip() in ("}", "]", "},", "};", "}]", "}.")
            and len(text) - len(text.lstrip()) == base
        ):
            value = load_json("\n".join(line.text for line in lines[index : end + 1]).strip().rstrip(",;."))
            if isinstance(value, (dict, list)):
                return _take(draft, index, end + 1, value)
            break
        if text.strip() and len(text) - len(text.lstrip()) < base:
            break
        end += 1
    if not draft.may_look(end - index):
        return None
    return _read_unindented_json(draft, index)


def _read_unindented_json(draft: Draft, index: int) -> int | None:
    """JSON whose indentation is lost, or whose end is missing: by counting braces, strings left aside."""
    depth = 0
    lines = draft.lines
    for end in range(index, min(len(lines), index + MAX_UNINDENTED)):
        text = lines[end].text
        if "{" in text or "}" in text or "[" in text or "]" in text:
            bare = _QUOTED.sub("", text)
            depth += bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")
        if depth <= 0:
            draft.may_look(end - index)
            value = load_json("\n".join([line.text for line in lines[index : end + 1]]).strip().rstrip(",;."))
            return _take(draft, index, end + 1, value) if isinstance(value, (dict, list)) else None
        if depth > MAX_DEPTH:
            break
    draft.may_look(min(len(lines) - index, MAX_UNINDENTED))
    return None


# --- YAML -----------------------------------------------------------------------------------------------


def _yaml_end(draft: Draft, index: int) -> int:
    """Where a YAML text ends: at a command, a log line, or a line at its left edge that is no YAML."""
    lines = draft.lines
    base = len(lines[index].text) - len(lines[index].text.lstrip())
    end = index
    size = 0
    blanks = 0
    in_scalar = -1
    while end < len(lines):
        text = lines[end].text
        if not text.strip():
            blanks += 1
            end += 1
            continue
        indent = len(text) - len(text.lstrip())
        if in_scalar >= 0:
            if indent > in_scalar:
                end += 1
                size += len(text)
                continue
            in_scalar = -1
        if indent < base or (indent == base and not _YAML_LINE.match(text)):
            break
        if is_command(text) or _LOG_START.match(text):
            break
        if blanks and indent <= base:
            key = _KEY.match(text)
            if (
                not text.startswith("---")
                and not text.lstrip().startswith(("#", "- "))
                and (blanks > 1 or not key or key[2][:1].isupper())
            ):
                break
        if re.search(r"[:-]\s+[|>][+-]?\d?\s*$", text):
            in_scalar = indent
        blanks = 0
        size += len(text)
        if size > MAX_YAML:
            break
        end += 1
    while end > index and not lines[end - 1].text.strip():
        end -= 1
    return end


def _read_yaml(draft: Draft, index: int) -> int | None:
    if not draft.may_look(1):
        return None
    end = _yaml_end(draft, index)
    draft.may_look(end - index)
    if end - index < 2:
        return None
    texts = [line.text for line in draft.lines[index:end]]
    base = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
    texts = [text[base:] for text in texts]
    size = sum(map(len, texts)) + len(texts)
    if not draft.may_load(size):
        return None
    documents = load_yaml("\n".join(texts))
    if documents is None or not any(isinstance(document, (dict, list)) for document in documents):
        repaired = repair(texts)
        documents = load_yaml("\n".join(repaired)) if repaired and draft.may_load(size) else None
    if documents is None:
        cut = _loadable_prefix(draft, texts)
        if cut is None or _is_cut_within(texts, *cut):
            taken = _broken(draft, index, end, texts)
            if taken is not None or cut is None:
                return taken
        documents, used = cut
        end = index + used
    if len(documents) == 1:
        return _take(draft, index, end, documents[0])
    values = [document for document in documents if isinstance(document, (dict, list))]
    return _take(draft, index, end, values) if values else None


def _loadable_prefix(draft: Draft, texts: list[str]) -> tuple[list[Any], int] | None:
    """What can be loaded of a YAML text whose last lines are damaged or not its own: a few cuts at its left edge."""
    edges = [position for position, text in enumerate(texts) if position > 1 and text[:1] not in (" ", "-", "#", "")]
    for position in [len(texts) - 1, *reversed(edges[-6:])]:
        part = "\n".join(texts[:position])
        if not draft.may_load(len(part)):
            return None
        documents = load_yaml(part)
        if documents and any(isinstance(document, dict) for document in documents):
            return documents, position
    return None


def _is_cut_within(texts: list[str], documents: list[Any], used: int) -> bool:
    """Whether what does not load of a manifest is more of its fields, not words that follow it."""
    fields = _KEY.match(texts[used]) is not None
    return fields and not any(is_dump(item) for document in documents for item in _objects(document))


def _broken(draft: Draft, index: int, end: int, texts: list[str]) -> int | None:
    """YAML that cannot be loaded: as a manifest it is the checker's; else its lines are read as plain text."""
    names = {found[2] for text in texts if (found := _KEY.match(text))}
    if "apiVersion" not in names or "kind" not in names or "status" in names:
        return None
    note_manifest(draft, index, end)
    return end


# --- what was loaded ------------------------------------------------------------------------------------


def _objects(value: Any) -> list[Object]:
    """The objects of a loaded text, lists unfolded."""
    found: list[Object] = []
    pending = list(reversed(value)) if isinstance(value, list) else [value]
    while pending:
        item = pending.pop()
        if not isinstance(item, dict):
            continue
        items = item.get("items")
        if isinstance(items, list) and str(item.get("kind", "List")).endswith("List"):
            kind = str(item.get("kind", ""))[:-4]
            for child in reversed(items):
                if isinstance(child, dict):
                    pending.append(
                        {"kind": kind, "apiVersion": item.get("apiVersion", "v1"), **child}
                        if kind and "kind" not in child
                        else child
                    )
        else:
            found.append(item)
    return found


def is_dump(item: Object) -> bool:
    """Whether an object comes from a cluster: it has a status, or what only the API server writes.

    >>> is_dump({"kind": "Pod", "metadata": {"name": "web"}, "spec": {}})
    False
    """
    metadata = item.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    status = item.get("status")
    return bool(
        (isinstance(status, dict) and status)
        or (isinstance(status, str) and item.get("kind") == "Status")
        or metadata.get("uid")
        or metadata.get("resourceVersion")
        or metadata.get("creationTimestamp")
        or item.get("kind") == "Event"
        or item.get("subsets")
        or ("id" in item and (item.get("uid") or item.get("creationTimestamp")))
    )


def _take(draft: Draft, index: int, end: int, value: Any) -> int | None:
    """Facts of a loaded text; None when it is no object and so somebody else's."""
    if read_value(draft, index, end, value):
        return end
    objects = _objects(value)
    whole = [
        item
        for item in objects
        if isinstance(item.get("kind"), str) and (isinstance(item.get("metadata"), dict) or "id" in item)
    ]
    if not whole:
        lone = next(
            (item for item in objects if isinstance(item.get("kind"), str) and isinstance(item.get("apiVersion"), str)),
            None,
        )
        if lone and not is_dump(lone):
            note_manifest(draft, index, end)
            return end
        return end if objects and read_fragment(draft, index, end, objects) else None
    asked = draft.command.verb in ("get", "edit") and draft.command.tool == "kubectl"
    dumps = [item for item in whole if is_dump(item) or (asked and item.get("kind") != "List")]
    if dumps:
        _project(draft, index, end, dumps)
    else:
        note_manifest(draft, index, end)
    return end


def newest(value: Any) -> datetime | None:
    """The newest instant written in a value: the clock of objects that came without one."""
    found: datetime | None = None
    for _, text in strings(value):
        if len(text) >= 20 and text[:4].isdigit() and text[4] == "-" and text[10] == "T":
            when = moment(text)
            if when and (found is None or when > found):
                found = when
    return found


def _project(draft: Draft, index: int, end: int, items: list[Object]) -> None:
    from bot.collect.objects import project_objects

    now = draft.now or newest(items) or datetime(1970, 1, 1, tzinfo=UTC)
    where = f"line {draft.lines[index].number}"
    try:
        seen = project_objects(items, now)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        # A paste may hold anything under an object's names; the projection is made for what an API server sends.
        seen = Observations()
        draft.page.gaps.append(_gap(fault))
        draft.mark(index, end, {"via": "paste"})
        return
    draft.facts += seen.facts
    draft.relations += seen.relations
    draft.page.gaps += seen.gaps
    draft.extra += seen.passages
    draft.show("yaml" if draft.lines[index].text.lstrip()[:1] not in "{[" else "json", index)
    for offset in range(index, end):
        if draft.abouts[offset] is None:
            draft.abouts[offset] = COVERED
    told = "\n".join(passage.text for passage in seen.passages)
    draft.extra += _left_over(draft, items, told, where)


def _gap(fault: Exception) -> Any:
    from rules.observations import Gap

    return Gap("an object of the text", f"its fields are not as an API server writes them ({type(fault).__name__})")


def _left_over(draft: Draft, items: list[Object], told: str, where: str) -> list[Passage]:
    """Messages of objects that the projection did not pass on: texts under a status, or called message."""
    passages: list[Passage] = []
    for item in items:
        metadata = item.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        kind = str(item.get("kind", "")).lower()
        name, namespace = metadata.get("name"), metadata.get("namespace")
        subject = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
        for path, text in strings(item):
            if len(text) < _MIN_TEXT or " " not in text or text in told:
                continue
            if (
                not (path.startswith("status.") or path.endswith(("message", "reason", "error")))
                or "annotations" in path
            ):
                continue
            about: dict[str, str | int | float | bool] = {"via": "condition"}
            if name:
                about["object"] = subject
            passages.append(Passage(text, about, Source(draft.source_name, where, f"{path}: {text[:300]}")))
            if len(passages) >= 500:
                return passages
    return passages
