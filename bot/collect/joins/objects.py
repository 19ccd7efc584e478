"""Joins within pasted tables: which of the listed Pods a Service or a controller means, and what is not listed.

Recorded and live clusters have had these joins already, when their objects were read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from bot.collect.joins.known import Known, with_attributes
from bot.collect.objects.services import differing, fitting, nearest
from bot.collect.objects.values import shown_labels
from rules.kinds import Fact, Source, fact

OWN_SERVICES: Final = ("kubernetes", "kubernetes-ro")
"""What the control plane publishes for itself (the second one only in 2015)."""
_OPTION: Final = re.compile(r" -(o|n|-output|-namespace)[ =]?\S{1,80}| --?[\w-]{1,40}(=\S{1,80})?")
_STORAGE_CLASS: Final = ("sc", "storageclass", "storageclasses", "storageclass.storage.k8s.io")


def object_facts(known: Known) -> Iterator[Fact]:
    shows = {str(one["shows"]) for one in known.of("paste") if one.get("shows")}
    pods = [one for one in known.of("pod") if isinstance(one.get("labels"), str)]
    if "get-pods" in shows and pods and len(pods) == len(known.of("pod")):
        yield from _services(known, pods)
        yield from _controllers(known, pods)
    if "get-services" in shows:
        yield from _own_service(known)
    if "get-storageclasses" in shows:
        yield from _storage_classes(known)


def _pairs(text: object) -> dict[str, str]:
    return dict(part.split("=", 1) for part in str(text).split(",") if "=" in part) if text else {}


def _namespace(name: object) -> str:
    return str(name).partition("/")[0] if "/" in str(name) else ""


def _meant(selector: Mapping[str, str], namespace: str, pods: list[Fact]) -> list[Fact]:
    return [
        pod for pod in pods
        if (not namespace or _namespace(pod["pod"]) in ("", namespace))
        and selector.items() <= _pairs(pod["labels"]).items()
    ]  # fmt: skip


def _services(known: Known, pods: list[Fact]) -> Iterator[Fact]:
    for one in known.of("service"):
        selector = _pairs(one.get("selector"))
        if not selector or one.get("matching_pods") is not None:
            continue
        matching = _meant(selector, _namespace(one["service"]), pods)
        running = [pod for pod in matching if pod.get("phase") == "Running" or pod.get("ready") is True]
        near = None if matching else nearest(selector, [_pairs(pod["labels"]) for pod in pods])
        yield with_attributes(
            one,
            matching_pods=len(matching),
            ready_pods=len(running),
            endpoints=0 if not running else None,
            nearest_labels=shown_labels(near) if near else None,
            differs=differing(selector, near) if near else None,
            fitting_selector=fitting(selector, near) if near else None,
        )


def _controllers(known: Known, pods: list[Fact]) -> Iterator[Fact]:
    for one in known.of("workload"):
        selector = _pairs(one.get("selector"))
        desired = one.get("desired")
        if not selector or not isinstance(desired, int) or one.get("current") is not None:
            continue
        namespace = _namespace(str(one["workload"]).partition(" ")[2])
        current = _meant(selector, namespace, pods)
        ready = [pod for pod in current if pod.get("phase") == "Running" or pod.get("ready") is True]
        yield with_attributes(
            one,
            current=len(current),
            ready=len(ready),
            missing=desired - len(current) if desired > len(current) else None,
            unready=len(current) - len(ready) if len(current) > len(ready) else None,
            short=len(ready) < desired,
        )


def _storage_classes(known: Known) -> Iterator[Fact]:
    """Which claims ask for a class that a whole list of StorageClasses does not have."""
    classes = {one["storage_class"] for one in known.of("storage_class")}
    commands = [str(one["command"]) for one in known.of("paste") if one.get("command")]
    if any(_lists_one(command, _STORAGE_CLASS) for command in commands):
        return
    for one in known.of("claim"):
        if one.get("storage_class") and one.get("class_exists") is None:
            yield with_attributes(one, class_exists=one["storage_class"] in classes)


def _lists_one(command: str, resource: tuple[str, ...]) -> bool:
    """Whether a command shows some objects of a kind only, so that its table is no whole list."""
    words = _OPTION.sub("", command).split()
    return "|" in words or any(word in resource for word in words[:-1])


def _own_service(known: Known) -> Iterator[Fact]:
    """The API server's own Service, missing from a whole list of the default namespace's Services of 2015."""
    services = known.of("service")
    commands = [str(one["command"]).split() for one in known.of("paste") if one.get("command")]
    whole = any(
        words[-1] in ("services", "service", "svc") and "get" in words and not {"-l", "-n"} & set(words)
        for words in commands
        if words
    )
    listed = {str(one["service"]).rpartition("/")[2] for one in services}
    if not whole or known.era != "2015" or listed & set(OWN_SERVICES):
        return
    healthy = [one for one in services if one.get("selector")]
    if healthy:
        yield fact(
            "reference", Source(healthy[0].source.what), object="service default/kubernetes", from_kind="cluster",
            to_kind="service", to="default/kubernetes", to_name="kubernetes", to_namespace="default", exists=False,
        )  # fmt: skip
