"""Reads events, in whatever table they stand: describe's, `get events` of every era, or rows without a header."""

from __future__ import annotations

import re
from typing import Final

from bot.collect.objects.values import event_reason
from bot.read.draft import PASTE, About, Draft
from bot.read.words import WORKLOADS, age, kind_of, qualified, seconds_since, whole
from rules.kinds import Fact, Scalar

_AGE: Final = r"(?:(?:\d{1,6}[ywdhms]){1,4}|<unknown>|<invalid>)"
_DESCRIBED = re.compile(
    rf"\s*(Normal|Warning)\s+([A-Z]\w{{2,60}})\s+({_AGE}(?: \(x\d{{1,9}} over {_AGE}\))?|<unknown>)"
    r"\s+([\w.:-]{1,100}(?:, ?[\w.-]{1,253})?)(?:\s+(.*))?$"
)
_DESCRIBED_OLD = re.compile(
    rf"\s*({_AGE})\s+({_AGE})\s+(\d{{1,9}})\s+(?:\{{([\w.-]+)(?:[, ]+([\w.-]+))?\s*\}}|([\w.-]+(?:, ?[\w.-]+)?))"
    r"\s+(?:([\w.]+\{[\w.-]+\})\s+)?(?:(Normal|Warning)\s+)?([A-Z]\w{2,60}|[a-z]\w{2,40})\s+(.*)$"
)
_LISTED = re.compile(
    rf"\s*(?:([a-z0-9][a-z0-9-]{{0,62}})\s+)?({_AGE}(?: \(x\d{{1,9}} over {_AGE}\))?)\s+(?:({_AGE})\s+)?(Normal|"
    rf"Warning)\s+([A-Z]\w{{2,60}})\s+"
    r"([a-z]\w{2,60}(?:\.[\w.-]{1,100})?/[\w.:-]{1,253})(?:\s+(.*))?$"
)
_DATED = re.compile(
    r"\s*(\d{4}-\d\d-\d\d[T ][\d:.]{5,18}\S{0,6}(?: [+-]\d{4} [A-Z]{1,5})?)\s+(\d{4}-\d\d-\d\d[T "
    r"][\d:.]{5,18}\S{0,6}(?: [+-]\d{4} [A-Z]{1,5})?)"
    r"\s+(\d{1,9})\s+([\w.-]{1,253})\s+([A-Z]\w{2,40})\s+(?:([\w.]+\{[\w.-]+\})\s+)?(?:(Normal|"
    r"Warning)\s+)?([A-Z]\w{2,60}|[a-z]\w{2,40})\s+"
    r"(?:\{([\w.-]+)(?:[, ]+([\w.-]+))?\s*\}\s*)?(.*)$"
)
_TIMED = re.compile(r"\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|<nil>|<none>)\s+([A-Z]\w{2,60})\s+(.*)$")
_SUBOBJECT = re.compile(r"\{([\w.-]{1,253})\}")
_COUNT = re.compile(r"\(x(\d{1,9}) over ")
_ASSIGNED = re.compile(r"Successfully assigned (?:([\w.-]{1,253})/)?([\w.-]{1,253}) to ([\w.-]{1,253})")
_NODE_STATUS = re.compile(r"Node ([\w.-]{1,253}) (?:status is now|event: Registered)")
_HEADERS = ("LAST SEEN", "LASTSEEN", "FIRSTSEEN", "FIRST SEEN", "FirstSeen", "TIME ", "Type ")
_TYPE_HEADER = re.compile(r"\s*(?:Type\s+Reason\s+Age|FirstSeen\s+LastSeen\s+Count|Events?:\s+(?:Type|FirstSeen)\s)")
_RULE = re.compile(r"[\s-]*$")
_ENDED_BY: Final = {
    "Started": ("pod", frozenset({
        "FailedScheduling", "FailedAttachVolume", "FailedMount", "FailedMapVolume", "FailedCreatePodSandBox",
        "NetworkNotReady",
    })),
    "ProvisioningSucceeded": ("claim", frozenset({
        "WaitForFirstConsumer", "ExternalProvisioning", "Provisioning", "ProvisioningFailed", "FailedBinding",
    })),
}  # fmt: skip
"""Reason -> what it proves to be over, and for what: no container starts before its Pod's volumes are mounted."""


def emit_event(
    draft: Draft,
    index: int,
    *,
    reason: str,
    message: str,
    type_: str | None = None,
    kind: str | None = None,
    name: str | None = None,
    namespace: str | None = None,
    container: str | None = None,
    component: str | None = None,
    node: str | None = None,
    times: int | None = None,
    last_seen: str | None = None,
) -> None:
    """One event as a fact and a passage of its message. `kind` is in lower case."""
    message = message.strip()
    reason = event_reason(reason)
    age_s = seconds_since(last_seen, draft.now)
    about: dict[str, Scalar] = {"via": "event", "reason": reason}
    if namespace is None and kind != "node":
        namespace = draft.namespace
    where: dict[str, Scalar] = {}
    if namespace and kind != "node":
        where["namespace"] = namespace
    if kind and name:
        full = name if kind == "node" or name.startswith("<") else qualified(namespace, name)
        where["object"] = f"{kind} {full}"
        if kind in ("pod", "node", "service"):
            where[kind] = full
        elif kind == "persistentvolumeclaim":
            where["claim"] = full
        elif kind == "persistentvolume":
            where["volume"] = full
        elif kind in WORKLOADS:
            where["workload"] = f"{kind} {full}"
    if container:
        where["container"] = container
    if node and "node" not in where:
        where["node"] = node
    assigned = _ASSIGNED.match(message) if reason == "Scheduled" else None
    if assigned:
        pod = qualified(assigned[1] or namespace, assigned[2])
        where.setdefault("pod", pod)
        where["node"] = assigned[3]
        draft.relate(f"node {assigned[3]}", f"pod {pod}", "runs")
    extra: dict[str, Scalar] = {}
    if times is not None:
        extra["times"] = times
    if age_s is not None:
        extra["age_s"] = age_s
    about.update(where)
    about.update(extra)
    draft.add("event", index, reason=reason, type=type_, message=message[:4000], component=component, **where, **extra)
    draft.abouts[index] = about
    draft.texts[index] = message or draft.lines[index].text


def _subject(draft: Draft, kind: str | None, name: str | None) -> tuple[str | None, str | None, str | None]:
    """kind, name and namespace of what a table's object columns say."""
    if kind is None or name is None:
        return None, None, None
    lower = kind_of(kind) or kind.lower()
    name = name.partition(".")[0] if lower == "pod" and re.search(r"\.[0-9a-f]{12,}$", name) else name
    return lower, name, None


def _split_message(rest: str) -> tuple[str | None, str | None, str]:
    """subobject, source and message of the tail of a `get events` row that shows them (`-o wide`, 1.10 to 1.14)."""
    container = None
    found = re.match(
        r"(?:(spec\.\w+\{[\w.-]+\})\s+)?(kubelet|default-scheduler|[\w-]+-controller)(?:, ?([\w.-]+))?\s{2,}(.*)", rest
    )
    if found:
        sub = _SUBOBJECT.search(found[1] or "")
        container = sub[1] if sub else None
        return container, found[2], found[4]
    return None, None, rest


def read_row(draft: Draft, index: int, owner: tuple[str | None, str | None, str | None] = (None, None, None)) -> bool:
    """Reads one line as an event, if it is one. `owner` is kind, name, namespace of the object described around it."""
    text = draft.lines[index].text
    head = text.lstrip()[:8]
    kind, name, namespace = owner
    if head.startswith(("Normal", "Warning")):
        found = _DESCRIBED.match(text)
        if found:
            seen = found[3]
            count = _COUNT.search(seen)
            component, _, node = found[4].partition(",")
            emit_event(
                draft, index, reason=found[2], message=found[5] or "", type_=found[1], kind=kind, name=name,
                namespace=namespace, component=component, node=node.strip() or None,
                times=whole(count[1]) if count else None, last_seen=seen.partition(" (")[0],
            )  # fmt: skip
            return True
        return False
    if not head[:1].isalnum() and head[:1] != "<":
        return False
    found = _LISTED.match(text) if " Normal " in text or " Warning " in text else None
    if found and not (found[1] and age(found[1]) is not None and found[2] is None):
        object_kind, _, object_name = found[6].partition("/")
        container, component, message = _split_message(found[7] or "")
        count = _COUNT.search(found[2])
        lower = kind_of(object_kind) or object_kind.partition(".")[0]
        emit_event(
            draft, index, reason=found[5], message=message, type_=found[4], kind=lower, name=object_name,
            namespace=found[1], container=container, component=component,
            times=whole(count[1]) if count else None, last_seen=found[2].partition(" (")[0],
        )  # fmt: skip
        draft.show("events", index)
        return True
    if head[:1].isdigit() or head[:1] == "<":
        found = _DESCRIBED_OLD.match(text)
        if found and (found[4] or kind or found[7] or found[8]):
            sub = _SUBOBJECT.search(found[7] or "")
            component, _, node = (found[6] or "").partition(",")
            emit_event(
                draft, index, reason=found[9], message=found[10], type_=found[8], kind=kind, name=name,
                namespace=namespace, container=sub[1] if sub else None, component=found[4] or component or None,
                node=found[5] or node.strip() or None, times=whole(found[3]), last_seen=found[2],
            )  # fmt: skip
            return True
        found = _DATED.match(text)
        if found:
            lower, object_name, _ = _subject(draft, found[5], found[4])
            sub = _SUBOBJECT.search(found[6] or "")
            emit_event(
                draft, index, reason=found[8], message=found[11], type_=found[7], kind=lower, name=object_name,
                container=sub[1] if sub else None, component=found[9], node=found[10], times=whole(found[3]),
                last_seen=max(found[1], found[2]),
            )  # fmt: skip
            draft.show("events", index)
            return True
    return False


def read_events(
    draft: Draft, index: int, owner: tuple[str | None, str | None, str | None] = (None, None, None)
) -> int | None:
    """A run of event rows with their continuation lines, from a header or a first row on."""
    start = index
    lines = draft.lines
    text = lines[index].text
    if _TYPE_HEADER.match(text) or (owner[0] and text.strip() in ("Events:", "Events")):
        draft.show("events", index)
        index += 1
    elif not read_row(draft, index, owner):
        return None
    else:
        index += 1
    last = index - 1 if draft.abouts[index - 1] else None
    while index < len(lines):
        text = lines[index].text
        if not text.strip():
            if last is None or index + 1 >= len(lines) or not _is_event_line(lines[index + 1].text):
                break
            index += 1
            continue
        if _TYPE_HEADER.match(text) or (_RULE.match(text) and "-" in text):
            draft.mark(index, index + 1, PASTE)
        elif read_row(draft, index, owner):
            last = index
        elif last is not None and _goes_on(draft, last, text):
            continuation = text.strip()
            so_far = "" if draft.texts[last] == lines[last].text else draft.texts[last]
            glue = " " if continuation[:1].islower() or so_far.endswith(",") else "\n"
            _extend_message(draft, last, so_far + glue + continuation if so_far.strip() else continuation)
            draft.abouts[index] = draft.abouts[last]
            draft.texts[index] = ""
        else:
            break
        index += 1
    draft.mark(start, index, PASTE)
    if owner[0] is None:
        _adopt(draft, start, index)
    return index


def _adopt(draft: Draft, start: int, end: int) -> None:
    """Rows of a description's events are about one object: the Pod that was assigned, or the node that is named."""
    pod = node = None
    for index in range(start, end):
        about = draft.abouts[index]
        if about is None or about.get("via") != "event" or "object" in about:
            continue
        if pod is None and "pod" in about:
            pod = about["pod"]
        told = _NODE_STATUS.match(draft.texts.get(index, ""))
        if told:
            node = told[1]
    where: dict[str, Scalar] = {"pod": pod} if pod else {"node": node} if node else {}
    if not where:
        return
    kind, name = next(iter(where.items()))
    where["object"] = f"{kind} {name}"
    numbers = set()
    for index in range(start, end):
        about = draft.abouts[index]
        if about is not None and about.get("via") == "event" and "object" not in about:
            draft.abouts[index] = {**about, **where}
            numbers.add(f"line {draft.lines[index].number}")
    for position in range(len(draft.facts) - 1, -1, -1):
        made = draft.facts[position]
        if made.kind == "event" and made.source.where in numbers and "object" not in made.attributes:
            draft.facts[position] = Fact(made.kind, {**made.attributes, **where}, made.source)


def _is_event_line(text: str) -> bool:
    return text.lstrip().startswith(("Normal ", "Warning "))


_NOT_MESSAGE = re.compile(
    r"\s*(?:[IWEFD]\d{4} \d\d:|[A-Z][\w -]{1,40}:\s{2,}|NAME\b|\[\S+@|\S+@\S+[:~]|[$#%] |```|kubectl |apiVersion:|"
    r"Name:|--- |\d{4}-\d\d-\d\d)"
)


def _goes_on(draft: Draft, last: int, text: str) -> bool:
    """Whether a line that is no row belongs to the message above: mount output, or a wrapped row."""
    message = draft.texts.get(last, "")
    if message == draft.lines[last].text:
        message = ""
    if _NOT_MESSAGE.match(text) or len(message) > 6000:
        return False
    if not message.strip() or message.endswith((":", ",", "\\")) or message.count('"') % 2 or "\n" in message:
        return True
    low = message.lower()
    return text[:1] == " " or "error" in low or "failed" in low or "cannot" in low or "output" in low


def _extend_message(draft: Draft, index: int, message: str) -> None:
    draft.texts[index] = message
    for position in range(len(draft.facts) - 1, max(-1, len(draft.facts) - 4), -1):
        made = draft.facts[position]
        if made.kind == "event" and made.source.where == f"line {draft.lines[index].number}":
            draft.facts[position] = type(made)(made.kind, {**made.attributes, "message": message[:4000]}, made.source)
            return


def emit_timed_rows(draft: Draft, index: int) -> int | None:
    """`TIME  REASON  MSG`, a popular custom-columns view of events."""
    end = index + 1
    while end < len(draft.lines):
        found = _TIMED.match(draft.lines[end].text)
        if not found:
            break
        emit_event(draft, end, reason=found[2], message=found[3], last_seen=found[1])
        end += 1
    if end == index + 1:
        return None
    draft.show("events", index)
    draft.mark(index, end, PASTE)
    return end


_LOGGED = re.compile(
    r"Event\(\w{1,20}\.ObjectReference\{Kind:\"(\w{1,60})\", Namespace:\"([\w.-]{0,253})\", "
    r"Name:\"([\w.:-]{1,253})\"[^{}\n]{0,600}\}\): "
    r"(?:type: '(\w{1,20})' )?reason: '(\w{1,80})' (.*)$"
)
_LOGGED_NEW = re.compile(
    r"\"Event occurred\" object=\"([^\"\n]{1,500})\" (?:fieldPath=\"[^\"\n]{0,300}\" )?kind=\"(\w{1,60})\" "
    r"(?:apiVersion=\"[^\"\n]{1,100}\" )?type=\"(\w{1,20})\" "
    r"reason=\"(\w{1,80})\" message=\"(.*?)\"?$"
)


def read_logged_event(draft: Draft, index: int) -> About | None:
    """An event that a component wrote into its own log: a fact, and what the line is about."""
    text = draft.lines[index].text
    found = _LOGGED.search(text)
    if found:
        kind, namespace, name, type_, reason, message = found.groups()
    else:
        found = _LOGGED_NEW.search(text)
        if not found:
            return None
        full, kind, type_, reason, message = found.groups()
        namespace, _, name = full.rpartition("/")
    lower = kind_of(kind) or kind.lower()
    emit_event(
        draft, index, reason=reason, message=message, type_=type_, kind=lower, name=name, namespace=namespace or None
    )
    about = draft.abouts[index]
    draft.texts.pop(index, None)
    draft.abouts[index] = None
    return {key: value for key, value in (about or {}).items() if key != "via"}


def retire_events(draft: Draft) -> None:
    """Marks as `stale` a trouble that is over: a later event says that what it stood in the way of has happened.

    "Later" needs ages, and both must be about the same object, or stand in one run of rows that name none.
    """
    rows: list[tuple[int, About, int, Scalar]] = []
    run = 0
    for index, about in enumerate(draft.abouts):
        if about is None or about.get("via") != "event":
            run += bool(draft.lines[index].text.strip())
            continue
        age_s = about.get("age_s")
        if isinstance(age_s, int):
            rows.append((index, about, age_s, run))
    ended: dict[tuple[str, Scalar], int] = {}
    for _, about, age_s, group in rows:
        subject, reasons = _ENDED_BY.get(str(about.get("reason")), ("", ()))
        for reason in reasons:
            key = (reason, about.get(subject, group))
            ended[key] = min(age_s, ended.get(key, age_s))
    over = {
        index: about
        for index, about, age_s, group in rows
        for subject, reasons in _ENDED_BY.values()
        if about.get("reason") in reasons
        and ended.get((str(about["reason"]), about.get(subject, group)), age_s) < age_s
    }
    if not over:
        return
    for index, about in over.items():
        draft.abouts[index] = {**about, "stale": True}
    numbers = {f"line {draft.lines[index].number}" for index in over}
    draft.facts = [
        Fact(made.kind, {**made.attributes, "stale": True}, made.source)
        if made.kind == "event" and made.source.where in numbers
        else made
        for made in draft.facts
    ]
