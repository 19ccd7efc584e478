"""Makes facts of the tables of kubectl before 1.0: POD/IP/CONTAINER(S), CONTROLLER, services with LABELS, minions.

Names there may be cut (`4e04dd3b-c...`), hosts end in a slash, and empty LABELS or SELECTOR cells say something.
"""

from __future__ import annotations

import re
from typing import Final

from bot.read.draft import Draft
from bot.read.tables import Row
from bot.read.words import age, known, labels, whole

_UUID = re.compile(r"[0-9a-f]{6,8}(?:-[0-9a-f]{0,4}){0,4}[0-9a-f-]{0,20}(?:\.{3})?")
_UNASSIGNED: Final = frozenset({"", "<unassigned>", "<unassigned>/", "/"})
_READY_WORDS: Final = {"Ready": "True", "NotReady": "False", "Unknown": "Unknown"}
_PORT = re.compile(r"(\d{1,5})(?:/\w+)?")


def is_2015(names: frozenset[str]) -> bool:
    return bool(
        {"POD", "IP", "STATUS"} <= names
        or "CONTROLLER" in names
        or {"NAME", "LABELS", "SELECTOR"} <= names
        or {"NAME", "LABELS", "STATUS"} == names
        or {"NAME", "LABELS"} == names
        or {"POD", "CONTAINER(S)"} <= names
    )


def take_row(draft: Draft, index: int, row: Row, names: frozenset[str]) -> bool:
    """Facts of one row of a 2015 table; False for a table that is none."""
    if not is_2015(names):
        return False
    draft.evidence("era", "2015", index)
    if "POD" in names:
        _pod(draft, index, row)
    elif "CONTROLLER" in names:
        _controller(draft, index, row)
    elif "SELECTOR" in names:
        _service(draft, index, row, names)
    else:
        _minion(draft, index, row)
    return True


def _pod(draft: Draft, index: int, row: Row) -> None:
    draft.show("get-pods", index)
    name = row.get("POD", "")
    status = known(row.get("STATUS"))
    host = row.get("HOST", "").partition("/")[0]
    assigned = row.get("HOST", "") not in _UNASSIGNED and bool(host) if "HOST" in row else None
    node = host if assigned else None
    pod = draft.qualify(name)
    draft.add(
        "pod", index, pod=pod, status=status, phase=status if status in ("Waiting", "Pending", "Running", "Failed",
        "Unknown", "Succeeded") else None,
        node=node, assigned=assigned, labels=labels(row.get("LABELS")), ready=True if status == "Running" else None,
        age_s=age((row.get("CREATED") or "").removesuffix(" ago")),
    )  # fmt: skip
    if node:
        draft.relate(f"node {node}", f"pod {pod}", "runs")
    images = (row.get("IMAGE(S)") or "").split(",")
    for position, container in enumerate(part for part in (row.get("CONTAINER(S)") or "").split(",") if part):
        draft.add(
            "container", index, pod=pod, container=container, node=node,
            image=images[position] if position < len(images) and images[position] else None,
            state="running" if status == "Running" else "waiting" if status == "Waiting" else None,
        )  # fmt: skip
    if status != "Running":
        draft.abouts[index] = {"via": "paste", "pod": pod, **({"node": node} if node else {})}


def _controller(draft: Draft, index: int, row: Row) -> None:
    draft.show("get-replicationcontrollers", index)
    name = row.get("CONTROLLER", "")
    full = f"replicationcontroller {draft.qualify(name)}"
    draft.add(
        "workload", index, workload=full, kind="replicationcontroller", name=name, desired=whole(row.get("REPLICAS")),
        selector=labels(row.get("SELECTOR")), generated_name=_UUID.fullmatch(name) is not None and len(name) >= 8,
    )  # fmt: skip
    draft.abouts[index] = {"via": "paste", "workload": full}


def _service(draft: Draft, index: int, row: Row, names: frozenset[str]) -> None:
    draft.show("get-services", index)
    name = row.get("NAME", "")
    selector = labels(row.get("SELECTOR"))
    label = labels(row.get("LABELS"))
    port = _PORT.match(row.get("PORT") or row.get("PORT(S)") or "")
    draft.add(
        "service", index, service=draft.qualify(name), cluster_ip=known(row.get("IP") or row.get("IP(S)")),
        ports=port[1] if port else None, selector=selector, has_selector=selector is not None,
        labels=label, has_labels=label is not None if "LABELS" in names else None,
    )  # fmt: skip
    draft.abouts[index] = {"via": "paste", "service": draft.qualify(name)}


def _minion(draft: Draft, index: int, row: Row) -> None:
    draft.show("get-nodes", index)
    name = row.get("NAME", "")
    status = row.get("STATUS", "")
    draft.add(
        "node", index, node=name,
        ready=_READY_WORDS.get(status.partition(",")[0]),
        cordoned=True if "SchedulingDisabled" in status else None, age_s=age(row.get("AGE")),
    )  # fmt: skip
    if status and not status.startswith("Ready"):
        draft.abouts[index] = {"via": "paste", "node": name}
