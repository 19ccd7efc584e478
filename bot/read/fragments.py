"""Reads pieces of objects: a `status:` without its metadata, a list of container statuses, conditions.

What they are a piece of follows from their fields; the object's name is not told, so a Pod is `<pod>`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bot.read.draft import COVERED, Draft
from bot.read.structured import strings
from bot.read.words import POD_PHASES, UNKNOWN_CONTAINER, UNKNOWN_NODE, UNKNOWN_POD, qualified
from rules.kinds import Scalar
from rules.observations import Passage

Object = dict[str, Any]

_POD_CONDITIONS: Final = frozenset(
    {"PodScheduled", "Initialized", "ContainersReady", "PodReadyToStartContainers", "DisruptionTarget"}
)
_NODE_CONDITIONS: Final = frozenset(
    {"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "OutOfDisk"}
)
_WORKLOAD_CONDITIONS: Final = frozenset(
    {"Progressing", "Available", "ReplicaFailure", "Failed", "Complete", "Suspended", "FailureTarget"}
)
_AUTOSCALER_CONDITIONS: Final = frozenset({"AbleToScale", "ScalingActive", "ScalingLimited"})
_STATUS_LISTS: Final = {
    "containerStatuses": "main",
    "initContainerStatuses": "init",
    "ephemeralContainerStatuses": "ephemeral",
}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15 else None


def _dicts(value: Any) -> Iterator[Object]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


class _Fragment:
    """The pieces of one text, with the lines they stand in."""

    def __init__(self, draft: Draft, start: int, end: int) -> None:
        self.draft, self.start, self.end = draft, start, end
        self.found = False
        self.told: list[str] = []

    def line_of(self, value: str | None) -> int:
        """The line that a text stands in, or the first."""
        if value:
            part = value[:40].split("\n")[0].rpartition(" ")[0] or value[:40]
            for index in range(self.start, self.end):
                if part in self.draft.lines[index].text:
                    return index
        return self.start

    def tell(self, text: str | None, about: dict[str, Scalar]) -> None:
        """A message as a passage of its own."""
        if text:
            self.draft.extra.append(Passage(text, about, self.draft.source(self.line_of(text))))
            self.told.append(text)


def read_fragment(draft: Draft, start: int, end: int, items: list[Object]) -> bool:
    """Facts and passages of pieces of objects; False when they are pieces of nothing we know."""
    fragment = _Fragment(draft, start, end)
    for item in items:
        status = item.get("status")
        if isinstance(status, dict):
            _status(fragment, status, item)
        elif "conditions" in item or "containerStatuses" in item or "phase" in item:
            _status(fragment, item, item)
        elif (
            "lastState" in item
            or "state" in item
            or "restartCount" in item
            or "terminated" in item
            or "waiting" in item
        ):
            _container(fragment, item, UNKNOWN_POD, "main", {"via": "paste", "pod": UNKNOWN_POD})
        elif isinstance(status, str) and "type" in item:
            _conditions(fragment, [item], UNKNOWN_POD)
        elif isinstance(item.get("message"), str) and "reason" in item:
            fragment.found = True
            fragment.tell(_text(item["message"]), {"via": "paste", "reason": str(item["reason"])})
    if not fragment.found:
        return False
    draft.show("yaml" if draft.lines[start].text.lstrip()[:1] not in "{[" else "json", start)
    told = "\n".join(fragment.told)
    for path, text in strings(items):
        if len(text) > 15 and " " in text and text not in told:
            fragment.tell(text, {"via": "manifest" if "spec" in path else "paste"})
    for index in range(start, end):
        if draft.abouts[index] is None:
            draft.abouts[index] = COVERED
    return True


def _pod_name(fragment: _Fragment, item: Object) -> str:
    metadata = item.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("name"), str):
        return qualified(_text(metadata.get("namespace")), metadata["name"])
    command = fragment.draft.command
    if command.kind == "pod" and command.name and command.verb in ("get", "describe", "edit"):
        return fragment.draft.qualify(command.name)
    return UNKNOWN_POD


def _status(fragment: _Fragment, status: Object, item: Object) -> None:
    phase = _text(status.get("phase"))
    types = {str(condition.get("type")) for condition in _dicts(status.get("conditions"))}
    has_containers = any(name in status for name in _STATUS_LISTS)
    is_pod = has_containers or bool(types & _POD_CONDITIONS) or (phase in POD_PHASES and "capacity" not in status)
    pod = _pod_name(fragment, item)
    if is_pod or status.get("reason") == "Evicted":
        about: dict[str, Scalar] = {"via": "paste", "pod": pod}
        reason, message = _text(status.get("reason")), _text(status.get("message"))
        fragment.found = True
        fragment.draft.add(
            "pod", fragment.line_of(message or reason), pod=pod, phase=phase, reason=reason, message=message,
            status=reason or phase,
        )  # fmt: skip
        fragment.tell(message, {**about, "via": "condition", **({"reason": reason} if reason else {})})
        for name, role in _STATUS_LISTS.items():
            for container in _dicts(status.get(name)):
                _container(fragment, container, pod, role, about)
    _conditions(fragment, list(_dicts(status.get("conditions"))), pod)


def _container(fragment: _Fragment, item: Object, pod: str, role: str, about: dict[str, Scalar]) -> None:
    name = _text(item.get("name")) or UNKNOWN_CONTAINER
    state = item.get("state") if isinstance(item.get("state"), dict) else ({} if "lastState" in item else item)
    last = item.get("lastState") or item.get("lastTerminationState")
    now_kind, now = _state(state)
    _, ended = _state(last)
    if not now_kind and not ended:
        return
    fragment.found = True
    restarts = _number(item.get("restartCount"))
    fragment.draft.add(
        "container", fragment.line_of(_text(now.get("reason")) or _text(ended.get("reason"))), pod=pod,
        container=name, role=role,
        image=_text(item.get("image")), state=now_kind or None, reason=_text(now.get("reason")),
        message=_text(now.get("message")),
        exit_code=_number(now.get("exitCode")) if now_kind == "terminated" else _number(ended.get("exitCode")),
        signal=_number(now.get("signal")) or _number(ended.get("signal")), last_reason=_text(ended.get("reason")),
        last_message=_text(ended.get("message")), last_exit_code=_number(ended.get("exitCode")), restarts=restarts,
        ready=item.get("ready") if isinstance(item.get("ready"), bool) else None,
    )  # fmt: skip
    for via, part in ((now_kind, now), ("terminated", ended)):
        reason = _text(part.get("reason"))
        message = _text(part.get("message"))
        fragment.tell(
            message or reason,
            {**about, "via": via or "waiting", "container": name, **({"reason": reason} if reason else {})},
        )


def _state(value: Any) -> tuple[str, Object]:
    if isinstance(value, dict):
        for kind in ("waiting", "terminated", "running"):
            part = value.get(kind)
            if isinstance(part, dict):
                return kind, part
    return "", {}


def _conditions(fragment: _Fragment, conditions: list[Object], pod: str) -> None:
    types = {str(condition.get("type")) for condition in conditions}
    for condition in conditions:
        kind, status = _text(condition.get("type")), condition.get("status")
        if not kind:
            continue
        status = str(status)
        reason, message = _text(condition.get("reason")), _text(condition.get("message"))
        at = fragment.line_of(message or reason or kind)
        about: dict[str, Scalar] = {"via": "condition"}
        if reason:
            about["reason"] = reason
        bad = status != "True"
        draft = fragment.draft
        if types & _NODE_CONDITIONS:
            about["node"] = UNKNOWN_NODE
            if kind == "Ready":
                draft.add("node", at, node=UNKNOWN_NODE, ready=status, reason=reason, message=message)
            elif not bad or status == "Unknown":
                draft.add(
                    "node_condition",
                    at,
                    node=UNKNOWN_NODE,
                    condition=kind,
                    status=status,
                    reason=reason,
                    message=message,
                )
        elif types & _AUTOSCALER_CONDITIONS:
            if bad == (kind != "ScalingLimited"):
                draft.add("autoscaler_condition", at, condition=kind, status=status, reason=reason, message=message)
        elif types & _WORKLOAD_CONDITIONS:
            about["workload"] = "deployment <deployment>"
            if bad != (kind in ("ReplicaFailure", "Failed")):
                draft.add(
                    "workload_condition",
                    at,
                    workload="deployment <deployment>",
                    condition=kind,
                    status=status,
                    reason=reason,
                    message=message,
                )
        elif types & _POD_CONDITIONS or kind == "Ready":
            about["pod"] = pod
            if bad or kind == "DisruptionTarget":
                draft.add("pod_condition", at, pod=pod, condition=kind, status=status, reason=reason, message=message)
        fragment.found = True
        fragment.tell(message, about)
