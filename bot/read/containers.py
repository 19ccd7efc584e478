"""Reads containers and sandboxes as `docker ps -a`, `crictl ps -a` and `crictl pods` show them, wrapped or not."""

from __future__ import annotations

import re
from typing import Final

from bot.read.draft import PASTE, Draft
from bot.read.words import age, qualified, whole
from rules.kinds import Scalar

_DOCKER = re.compile(
    r"\s*([0-9a-f]{12}|[0-9a-f]{64})\s+(\S{1,300})\s+(\"[^\"]{0,300}\"|\S{1,80})\s+((?:About )?(?:an?|\d{1,6}) \w+ "
    r"ago|Less than a second ago)\s+"
    r"(Up .{1,60}?|Exited \(\d{1,3}\) .{1,40}?ago|Created|Restarting \(\d{1,3}\) .{1,40}?ago|Dead|Paused|Removal In "
    r"Progress)(?:\s{2,}(.*?))?(?:\s+([\w.-]{1,253}))?\s*$"
)
_DOCKER_START = re.compile(r"\s*[0-9a-f]{12}\s+\S+\s+\"")
_HEADER = re.compile(r"\s*CONTAINER(?: ID)?\s+IMAGE\s+(?:COMMAND|CREATED)")
_POD_HEADER = re.compile(r"\s*POD ID\s+CREATED\s+STATE\s+NAME")
_CRICTL = re.compile(
    r"\s*([0-9a-f]{12,64})\s+(\S{1,300})\s+((?:About )?(?:an?|\d{1,6}) \w+ ago|Less than a second ago)\s+(Running|"
    r"Exited|Created|Unknown)\s+"
    r"([\w.-]{1,253})\s+(\d{1,9})\s+([0-9a-f]{6,64})(?:\s+([\w.-]{1,253}))?(?:\s+([a-z0-9][\w-]{0,62}))?\s*$"
)
_SANDBOX = re.compile(
    r"\s*([0-9a-f]{12,64})\s+((?:About )?(?:an?|\d{1,6}) \w+ ago|Less than a second ago)\s+(Ready|"
    r"NotReady)\s+([\w.-]{1,253})\s+([a-z0-9][\w-]{0,62})\s+(\d{1,9})"
)
_KUBE_NAME = re.compile(
    r"k8s_([\w.-]{1,63}?)(?:\.[0-9a-f]{1,8})?_([\w.-]{1,253}?)_([a-z0-9-]{1,63})_([0-9a-f-]{8,36})_(\w+)$"
)
_EXITED = re.compile(r"(?:Exited|Restarting) \((\d{1,3})\)")
_STATES: Final = {"Up": "running", "Ex": "exited", "Cr": "created", "Re": "exited", "De": "exited", "Pa": "running"}


def read_containers(draft: Draft, index: int) -> int | None:
    """A run of containers' rows. Only containers of Pods and those that ended are of use; all become facts."""
    lines = draft.lines
    end = index
    if _HEADER.match(lines[end].text) or _POD_HEADER.match(lines[end].text):
        end += 1
    first = end
    while end < len(lines):
        used = _docker(draft, end) or _crictl(draft, end)
        if not used:
            break
        end += used
    if end == first:
        return None
    draft.show("containers", index)
    draft.mark(index, end, PASTE)
    return end


def _docker(draft: Draft, index: int) -> int:
    """One row of docker's; a wrapped row goes on in the indented line below. Gives the number of lines, 0 for none."""
    text = draft.lines[index].text
    used = 1
    found = _DOCKER.match(text)
    if not found and _DOCKER_START.match(text) and index + 1 < len(draft.lines):
        following = draft.lines[index + 1].text
        found = _DOCKER.match(text.rstrip() + "   " + following.strip())
        used = 2
    if not found:
        return 0
    status, name = found[5], found[7] or (found[6] or "").strip() or None
    exited = _EXITED.match(status)
    pod_name = _KUBE_NAME.match(name or "")
    pod = qualified(pod_name[3], pod_name[2]) if pod_name else None
    draft.add(
        "host_container", index, host=draft.host, tool="docker", container_id=found[1],
        container=pod_name[1] if pod_name else name, pod=pod, image=found[2], command=found[3].strip('"') or None,
        state=_STATES.get(status[:2]), exit_code=int(exited[1]) if exited else None, age_s=age(found[4]),
        attempt=whole(pod_name[5]) if pod_name else None,
    )  # fmt: skip
    draft.evidence("runtime", "docker", index)
    about: dict[str, Scalar] = {"via": "paste"}
    if pod and pod_name:
        about |= {"pod": pod, "container": pod_name[1]}
    if draft.host:
        about["host"] = draft.host
    draft.mark(index, index + used, about)
    return used


def _crictl(draft: Draft, index: int) -> int:
    text = draft.lines[index].text
    found = _CRICTL.match(text)
    if found:
        pod = qualified(found[9], found[8]) if found[8] else None
        draft.add(
            "host_container", index, host=draft.host, tool="crictl", container_id=found[1], image=found[2],
            age_s=age(found[3]),
            state=found[4].lower(), container=found[5], attempt=int(found[6]), pod=pod,
        )  # fmt: skip
        about: dict[str, Scalar] = {"via": "paste", "container": found[5]}
        if pod:
            about["pod"] = pod
        draft.mark(index, index + 1, about)
        return 1
    found = _SANDBOX.match(text)
    if found:
        draft.mark(index, index + 1, {"via": "paste", "pod": qualified(found[5], found[4])})
        return 1
    return 0
