"""Takes `kubectl describe` apart into fields and sections, and hands it to the reader of its kind.

Indentation is used where it is there, but not needed: chat loses it. So fields are recognised by their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bot.read.commands import is_command
from bot.read.draft import PASTE, Draft
from bot.read.events import read_events
from bot.read.tables import is_header
from bot.read.words import KIND_NAMES

FIELD = re.compile(r"(\s*)([A-Za-z][\w ()./-]{0,62}?):(?:\s+(.*\S)|\s*)$")
"""Indentation, name and value of a line `Name:  value`."""

TOP: Final = frozenset(
    "Name Namespace Priority PriorityClassName Node Start_Time Labels Annotations Status IP IPs Controlled_By "
    "Controllers Containers "
    "Init_Containers Ephemeral_Containers Conditions Volumes QoS_Class Node-Selectors Tolerations Events "
    "Service_Account Reason Message "
    "Priority_Class_Name Roles CreationTimestamp Taints Unschedulable Lease Addresses Capacity Allocatable "
    "System_Info PodCIDR PodCIDRs "
    "ProviderID ExternalID Non-terminated_Pods Allocated_resources Selector Type IP_Family_Policy IP_Families Port "
    "TargetPort Endpoints "
    "NodePort Session_Affinity External_Traffic_Policy Internal_Traffic_Policy LoadBalancer_Ingress Replicas "
    "Pods_Status Pod_Template "
    "StrategyType MinReadySeconds RollingUpdateStrategy OldReplicaSets NewReplicaSet StorageClass Volume Finalizers "
    "Access_Modes "
    "VolumeMode Used_By Mounted_By Mounted_By Claim Reclaim_Policy Node_Affinity Source Reference Metrics "
    "Min_replicas Max_replicas "
    "Deployment_pods Address Ingress_Class Default_backend TLS Rules Resource Termination_Grace_Period Image(s) "
    "Image Desired_Number_of_Nodes_Scheduled "
    "Current_Number_of_Nodes_Scheduled Number_of_Nodes_Misscheduled Node-Selector "
    "Concurrency_Policy Successful_Job_History_Limit Failed_Job_History_Limit Starting_Deadline_Seconds Time_Zone "
    "Last_Schedule_Time Last_Successful_Time Active_Jobs "
    "Number_of_Nodes_Scheduled_with_Up-to-date_Pods Number_of_Nodes_Scheduled_with_Available_Pods "
    "Parallelism Completions Completion_Mode Start_Time Completed_At "
    "Backoff_Limit Schedule Suspend "
    "Pods_Statuses Update_Strategy Volume_Claims Deletion_Grace_Period Deletion_Timestamp No_volumes. No_events. "
    "IsDefaultClass "
    "Provisioner Parameters Capacity Security_Groups Replication_Controllers Network_Plugin Nominated_Node_Name "
    "Created_At Data "
    "Topology_Aware_Hints Termination_Grace_Period Scheduling_Gates Pod_IP Selectors Terminating_since Duration "
    "Progress".replace(" ", "\n")
    .replace("_", " ")
    .split("\n")
)
"""Names of fields at the left edge of some kind's description."""

POD_MARKS: Final = frozenset(
    {"Containers", "Init Containers", "Controlled By", "QoS Class", "Node-Selectors", "State", "Last State",
    "Container ID",
     "Restart Count", "Exit Code", "Liveness", "Readiness", "Host Port"}
)  # fmt: skip
STARTERS: Final = frozenset(
    {"Name", "Start Time", "Labels", "Controlled By", "Containers", "Init Containers", "State", "Last State",
    "Container ID", "Conditions",
     "Status", "Events", "Limits", "Taints", "Node-Selectors", "Namespace", "Priority", "Image",
     "CreationTimestamp", "Selector",
     "Type", "Endpoints", "QoS Class", "Service Account", "Node", "Volumes", "Annotations", "Environment",
     "Mounts", "Capacity",
     "Replicas", "StrategyType", "Pods Status", "Allocated resources", "System Info", "Unschedulable", "Exit Code",
     "Restart Count"}
)  # fmt: skip
"""Fields that may open a description whose beginning was not pasted."""
_NAMELESS_TYPES: Final = frozenset({"Name", "Namespace"})
_ROW_OF_CONDITIONS = re.compile(r"\s*(?:Type\s+Status\b|----\s+------)")
_DESCRIBED: Final = re.compile(r"[A-Z]")
_LOG = re.compile(
    r"\s*(?:[IWEFD]\d{4} \d\d:|[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d |time=|\{\"|\d{4}[-/]\d\d[-/]\d\d[T ]\d)"
)
_SENTENCE = re.compile(r"(?:[A-Z][a-z']+|I|[a-z]+)(?: [\w`'\"/.,()-]+){4,}[.?!:]?\s*$")


@dataclass(slots=True)
class Item:
    """One line of a description: its index, indentation, and field (`name` is empty for other lines)."""

    index: int
    indent: int
    name: str
    value: str
    text: str


@dataclass(slots=True)
class Block:
    """A description: the fields at its left edge, and its sections' lines. `base` is its indentation."""

    items: list[Item] = field(default_factory=list)
    fields: dict[str, Item] = field(default_factory=dict)
    sections: dict[str, list[Item]] = field(default_factory=dict)
    base: int = 0

    def value(self, name: str) -> str | None:
        item = self.fields.get(name)
        if item is None or item.value in ("<none>", "<unset>", "", "<unknown>"):
            return None
        return item.value

    def index(self, name: str) -> int:
        item = self.fields.get(name)
        return item.index if item else self.items[0].index

    def lines_of(self, name: str) -> list[str]:
        """The value of a field with its continuation lines (labels, taints)."""
        item = self.fields.get(name)
        first = [item.value] if item and item.value else []
        return first + [line.text.strip() for line in self.sections.get(name, [])]


Reader = Callable[[Draft, Block, "str | None"], None]


def _item(index: int, text: str) -> Item:
    found = FIELD.match(text)
    indent = len(text) - len(text.lstrip())
    if found:
        return Item(index, indent, found[2], found[3] or "", text)
    return Item(index, indent, "", "", text)


def starts_description(text: str) -> bool:
    """Whether a line can open a description. `Name:` does; others when they are names that only descriptions have."""
    found = FIELD.match(text)
    return bool(found and found[2] in STARTERS)


def read_description(draft: Draft, index: int, readers: dict[str, Reader]) -> int | None:
    """A description from its first line to its last, with its events."""
    first = draft.lines[index].text
    found = FIELD.match(first)
    if not found or found[2] not in STARTERS:
        return None
    if found[2] not in POD_MARKS and not _is_followed(draft, index):
        return None
    if not draft.may_look(1):
        return None
    block = Block(base=len(found[1]))
    end = _collect(draft, index, block)
    kind = _kind(draft, block)
    if kind is None or kind not in readers:
        draft.may_look(end - index)
        return None
    draft.show(f"describe-{kind}", index)
    name = block.value("Name")
    namespace = block.value("Namespace") or draft.namespace
    events_at = next((item.index for item in block.items if item.name == "Events" and item.value != "<none>"), None)
    if events_at is not None:
        if name is None and draft.command.verb == "describe" and draft.command.kind == kind:
            name = draft.command.name
        shown = name or (f"<{kind}>" if kind in ("pod", "node") else None)
        owner = (kind if shown else None, shown, namespace if kind not in ("node", "persistentvolume") else None)
        if FIELD.match(draft.lines[events_at].text) and block.fields["Events"].value:
            position = events_at + 1
        else:
            position = read_events(draft, events_at, owner) or events_at + 1
        while position < end:
            after = read_events(draft, position, owner)
            position = after if after else position + 1
    readers[kind](draft, block, name)
    draft.mark(index, end, PASTE)
    return end


def _is_followed(draft: Draft, index: int) -> bool:
    """Whether another field of a description stands within the next lines: one alone may be prose."""
    for line in draft.lines[index + 1 : index + 4]:
        found = FIELD.match(line.text)
        if found and (found[2] in TOP or found[2] in POD_MARKS):
            return True
        if _ROW_OF_CONDITIONS.match(line.text):
            return True
    return False


def _collect(draft: Draft, index: int, block: Block) -> int:
    """Gathers the block's lines; gives the index after its last one."""
    position = index
    blanks = 0
    section = area = ""
    seen_name = False
    while position < len(draft.lines):
        text = draft.lines[position].text
        if not text.strip():
            blanks += 1
            if blanks > 2:
                break
            position += 1
            continue
        item = _item(position, text)
        at_edge = item.indent <= block.base
        if item.name == "Name" and at_edge:
            if seen_name:
                break
            seen_name = True
        if at_edge and not _belongs(item, section, blanks):
            break
        if item.name in AREAS:
            area = item.name
        inside = area in NESTED and item.name in INNER
        if item.name in TOP and not inside and (at_edge or _lost_indent(item, block)):
            if item.name in block.fields and item.name in ("Namespace", "Start Time", "Events") and at_edge:
                break
            block.fields.setdefault(item.name, item)
            section = item.name
            block.sections.setdefault(section, [])
        elif section:
            block.sections[section].append(item)
        block.items.append(item)
        blanks = 0
        position += 1
    while position > index and not draft.lines[position - 1].text.strip():
        position -= 1
    return position


def _lost_indent(item: Item, block: Block) -> bool:
    """A section's name that is indented more than the first line, whose own blanks chat has cut off."""
    return (
        item.indent <= 2
        and not item.value
        and item.name in ("Events", "Conditions", "Containers", "Volumes", "Init Containers")
    )


def _belongs(item: Item, section: str, blanks: int) -> bool:
    """Whether a line at the left edge is still part of the description."""
    text = item.text
    if section == "Events" and item.name not in TOP:
        return text.lstrip().startswith(("Normal", "Warning", "Type ", "----", "FirstSeen")) or (
            not blanks and not is_command(text) and not is_header(text) and not _LOG.match(text)
        )
    if item.name:
        if item.name in TOP:
            return True
        known = item.name in INNER or (
            section in ("Containers", "Init Containers", "Volumes", "Environment") and " " not in item.name
        )
        return known and not (blanks and item.name not in INNER)
    if not blanks and _QUOTA_LINE.match(text):
        return True
    if (
        blanks
        or is_command(text)
        or is_header(text)
        or _LOG.match(text)
        or text.lstrip().startswith(("```", "apiVersion:"))
    ):
        return False
    if section in (
        "Conditions",
        "Labels",
        "Annotations",
        "Tolerations",
        "Taints",
        "Volumes",
        "Containers",
        "Finalizers",
        "Rules",
    ):
        return not _SENTENCE.match(text) or section == "Conditions" or "State" in section
    return text.strip() in ("No volumes.", "No events.", "[...]", "...") or text.lstrip().startswith(("Type ", "----"))


NESTED: Final = frozenset({"Containers", "Init Containers", "Volumes"})
AREAS: Final = NESTED | {"Conditions", "Events", "QoS Class"}
"""Sections; in the nested ones a field that is also one of the left edge is theirs, even when indentation is lost."""
_QUOTA_LINE = re.compile(r"\s*(?:Resource\s+Used\s+Hard|-{3,}\s+-{2,}\s+-{2,}|[a-z][\w./-]*\s+\d\w*\s+\d\w*)\s*$")
INNER: Final = frozenset(
    {"State", "Last State", "Reason", "Message", "Exit Code", "Started", "Finished", "Ready", "Restart Count",
    "Image", "Image ID", "Port",
     "Ports", "Host Port", "Host Ports", "Container ID", "Command", "Args", "Limits", "Requests", "Liveness",
     "Readiness", "Startup",
     "Environment", "Environment Variables", "Environment Variables from", "Mounts", "Signal", "Optional",
     "SecretName", "Type",
     "ClaimName", "ReadOnly", "Medium", "SizeLimit", "Path", "HostPathType", "cpu", "memory", "IP", "QoS Tier",
     "ConfigMapName", "TokenExpirationSeconds", "DownwardAPI"}
)  # fmt: skip
"""Fields below a section."""


def _kind(draft: Draft, block: Block) -> str | None:
    """The kind that is described: shown by fields that only it has, else what the command asked for."""
    names = block.fields.keys() | {item.name for item in block.items if item.name in POD_MARKS}
    asked = draft.command.kind if draft.command.verb == "describe" else None
    if "Pod Template" in names or "Pods Status" in names or "Pods Statuses" in names or "StrategyType" in names:
        return _workload_kind(block, asked)
    if (
        asked in ("deployment", "replicaset", "statefulset", "daemonset", "job", "cronjob", "replicationcontroller")
        and "Node" not in names
    ):
        return asked
    for marks, kind in (
        ({"System Info"}, "node"),
        ({"Taints"}, "node"),
        ({"Unschedulable"}, "node"),
        ({"Allocated resources"}, "node"),
        ({"Non-terminated Pods"}, "node"),
        ({"Reference", "Metrics"}, "horizontalpodautoscaler"),
        ({"Min replicas"}, "horizontalpodautoscaler"),
        ({"Default backend"}, "ingress"),
        ({"Ingress Class"}, "ingress"),
        ({"Reclaim Policy"}, "persistentvolume"),
        ({"Access Modes"}, "persistentvolumeclaim"),
        ({"Mounted By"}, "persistentvolumeclaim"),
        ({"Selector", "Session Affinity"}, "service"),
        ({"Selector", "Endpoints"}, "service"),
        ({"Schedule", "Suspend"}, "cronjob"),
        ({"Image(s)", "Replicas"}, "replicationcontroller"),
    ):
        if marks <= names:
            return kind
    if names & POD_MARKS or {"Node", "Status"} <= names:
        return "pod"
    if "Conditions" in names:
        text = " ".join(item.text for item in block.sections.get("Conditions", ())[:12])
        if "MemoryPressure" in text or "LastHeartbeatTime" in text or "DiskPressure" in text:
            return "node"
        if "PodScheduled" in text or "ContainersReady" in text:
            return "pod"
        if "ScalingActive" in text or "AbleToScale" in text:
            return "horizontalpodautoscaler"
    if any(re.match(r"\s*Resource\s+Used\s+Hard", item.text) for item in block.items[:6]):
        return "resourcequota"
    return asked if asked in KIND_NAMES else None


def _workload_kind(block: Block, asked: str | None) -> str:
    if "StrategyType" in block.fields or "NewReplicaSet" in block.fields:
        return "deployment"
    if "Desired Number of Nodes Scheduled" in block.fields:
        return "daemonset"
    if {"Schedule", "Suspend"} <= block.fields.keys():
        return "cronjob"
    if "Parallelism" in block.fields or "Completions" in block.fields:
        return "job"
    if "Volume Claims" in block.fields or "Update Strategy" in block.fields:
        return "statefulset"
    owner = block.value("Controlled By") or ""
    if owner.startswith("Deployment/"):
        return "replicaset"
    return asked or ("replicationcontroller" if "Image(s)" in block.fields else "replicaset")
