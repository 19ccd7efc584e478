"""Matters of hygiene: nothing is broken, but it is not as it is recommended. Only when asked for."""

from __future__ import annotations

from typing import Final

from bot.collect.objects.records import Container, Workload
from bot.collect.objects.situation import Situation
from rules.kinds import Scalar, Source

MAX_LINTS: Final = 2000
SYSTEM: Final = ("kube-system", "kube-public", "kube-node-lease")


def project(situation: Situation) -> None:
    left = MAX_LINTS
    for workload in situation.inventory.workloads.values():
        if workload.owner or workload.namespace in SYSTEM:
            continue
        for check, name, value, expected in _checks(workload):
            if left <= 0:
                return
            left -= 1
            where: dict[str, Scalar | None] = {"workload": workload.subject, "namespace": workload.namespace}
            situation.fact(
                "lint",
                Source(workload.subject, f"template, {name}"),
                check=check,
                name=name,
                value=value,
                expected=expected,
                object=workload.subject,
                **where,
            )
    for pod in situation.inventory.pods.values():
        if left > 0 and pod.owner is None and not pod.static and not pod.ended and pod.namespace not in SYSTEM:
            left -= 1
            situation.fact(
                "lint",
                Source(pod.subject, "metadata.ownerReferences"),
                check="no-controller",
                name=pod.name,
                object=pod.subject,
                pod=pod.key,
                namespace=pod.namespace,
            )


def _checks(workload: Workload) -> list[tuple[str, str, str | None, str | None]]:
    found: list[tuple[str, str, str | None, str | None]] = []
    for each in workload.containers:
        if each.role == "main":
            found += _container_checks(each, workload)
    return found


def _container_checks(container: Container, workload: Workload) -> list[tuple[str, str, str | None, str | None]]:
    name = container.name
    found: list[tuple[str, str, str | None, str | None]] = []
    if "memory" not in container.limits:
        found.append(("no-limits", name, None, "resources.limits.memory"))
    if not container.requests:
        found.append(("no-requests", name, None, "resources.requests"))
    last = (container.image or "").rpartition("/")[2]
    if container.image and "@" not in last and (":" not in last or last.endswith(":latest")):
        found.append(("latest-tag", name, container.image, "a fixed tag or digest"))
    kinds = {each.probe for each in container.probes}
    if workload.kind in ("deployment", "statefulset", "daemonset") and "readiness" not in kinds:
        found.append(("no-readiness-probe", name, None, "readinessProbe"))
    if container.privileged:
        found.append(("privileged", name, "true", None))
    return found
