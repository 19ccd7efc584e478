"""Checks of the cluster as a whole: its nodes, their versions and taints, what is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

import yaml

from bot.collect.objects.hygiene.keeper import Keeper, Toleration
from bot.collect.objects.hygiene.lints import Found
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation
from rules.knowledge import BUILT_IN

Lint = tuple[str, str | None, str, Found]
RELEASES: Final = BUILT_IN / "hygiene" / "releases.yml"
METRICS_API: Final = "v1beta1.metrics.k8s.io"
MAX_SKEW: Final = 3
"""Minor versions that a kubelet may be behind the API server."""
_BY_CONTROLLER: Final = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node-role.kubernetes.io/")


@cache
def _supported_until() -> dict[int, date]:
    """Minor version of Kubernetes 1 -> the day on which its support ends."""
    rows = yaml.safe_load(RELEASES.read_text(encoding="utf-8"))["supported_until"]
    return {int(str(version).partition(".")[2]): day for version, day in rows.items()}


def _minor(version: str | None) -> int | None:
    """31 of `v1.31.4-eks-5678`."""
    parts = (version or "").lstrip("v").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[0] == "1" and parts[1].isdecimal() else None


def nodes(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """Old versions, versions that differ, and a single control plane node."""
    found = list(situation.inventory.nodes.values())
    if not found or not situation.inventory.is_listed("node", None):
        return
    newest = max((minor for each in found if (minor := _minor(each.version)) is not None), default=None)
    table = _supported_until()
    today = datetime.fromtimestamp(situation.now, UTC).date()
    for each in found:
        minor = _minor(each.version)
        if minor is None or newest is None:
            continue
        until = table.get(minor)
        if minor < min(table) or (until and until < today):
            yield "node", None, each.name, Found("old-version", "kubelet", each.version, "a supported version")
        if newest - minor > MAX_SKEW:
            yield "node", None, each.name, Found("version-skew", "kubelet", each.version, f"1.{newest}")
    masters = [each for each in found if each.role == "control-plane"]
    if len(masters) == 1 and len(found) > 1:
        yield "node", None, masters[0].name, Found("single-control-plane", "control plane nodes", "1", "3")


def taints(situation: Situation, keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """Taints that no Pod and no template tolerates, so that the node takes nothing."""
    if not situation.inventory.is_listed("pod", None) and not situation.inventory.pods:
        return
    for node in situation.inventory.nodes.values():
        for taint in node.taints:
            if taint.effect not in ("NoSchedule", "NoExecute") or taint.key.startswith(_BY_CONTROLLER):
                continue
            if not any(_tolerates(each, taint.key, taint.value, taint.effect) for each in keeper.tolerations):
                shown = f"{taint.key}={taint.value or ''}:{taint.effect}"
                yield "node", None, node.name, Found("taint-nobody-tolerates", taint.key, shown)


def _tolerates(toleration: Toleration, key: str, value: str | None, effect: str | None) -> bool:
    wanted, operator, wanted_value, wanted_effect = toleration
    if wanted is None:  # tolerates everything, as DaemonSets of the network and the like do: not meant for this node
        return False
    same = operator == "Exists" or (wanted_value or "") == (value or "")
    return wanted == key and same and wanted_effect in (None, effect)


def metrics_server(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    inventory = situation.inventory
    if inventory.is_listed("apiservice", None) and (None, METRICS_API) not in inventory.things.get("apiservice", {}):
        yield "apiservice", None, METRICS_API, Found("no-metrics-server", METRICS_API)


def cilium(situation: Situation, keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """Identities that no endpoint has, or whose namespace is gone."""
    inventory = situation.inventory
    spaces = inventory.names.get(("namespace", None), set())
    for name, namespace in keeper.identities.items():
        if namespace and inventory.is_listed("namespace", None) and namespace not in spaces:
            yield "ciliumidentity", None, name, Found("cilium-identity-namespace", "namespace", namespace)
        if inventory.is_listed("ciliumendpoint", None) and name not in keeper.identities_in_use:
            yield "ciliumidentity", None, name, Found("cilium-identity-unused", name)
