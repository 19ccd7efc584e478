"""What kind of cluster it is, told by hosts and etcd where the API server and the text do not say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from bot.collect.joins.known import Known
from rules.kinds import Fact, Source, fact

_OLD_VERSIONS: Final = ("v1beta1", "v1beta2", "v1beta3")
_ENOUGH: Final = 2
"""Ports of one era, each with its daemon, that decide: a single 8080 may be anybody's."""


def cluster_facts(known: Known) -> Iterator[Fact]:
    """The era, control plane and runtime that daemons, ports and keys show, as far as no `cluster` fact has them."""
    said = {name for one in known.of("cluster") for name in one.attributes}
    found: dict[str, str] = {}
    source: Source | None = None
    for attribute, told in (
        ("era", _era(known)),
        ("control_plane", _control_plane(known)),
        ("runtime", _runtime(known)),
    ):
        if told and attribute not in said:
            found[attribute] = told[0]
            source = source or told[1]
    if source is not None:
        yield fact("cluster", Source(source.what), **found)


def settled(facts: Iterable[Fact]) -> list[Fact]:
    """All facts, with one value for each attribute of the cluster: what the API server says stands first.

    A text of a host may look like another kind of cluster: etcd on the ports of 2015 serves today's API server too.
    """
    told: set[str] = set()
    kept: list[Fact] = []
    clusters = [one for one in facts if one.kind == "cluster"]
    for one in sorted(clusters, key=lambda each: each.get("nodes") is None):
        new = {name: value for name, value in one.attributes.items() if name not in told}
        told |= new.keys()
        if new:
            kept.append(Fact("cluster", new, one.source))
    return [*(one for one in facts if one.kind != "cluster"), *kept]


def _era(known: Known) -> tuple[str, Source] | None:
    for one in known.of("etcd_key"):
        if str(one["key"]).startswith("/registry/") and _version(one) in _OLD_VERSIONS:
            return "2015", one.source
    seen: dict[str, dict[int, Fact]] = {}
    for one in known.of("port"):
        port, process = one.get("port"), one.get("process")
        era = known.components.era_of_port.get(port) if isinstance(port, int) and one.get("listening") else None
        component = known.components.of_process(str(process)) if process else None
        if era and isinstance(port, int) and component and any(port in group.any for group in component.ports):
            seen.setdefault(era, {})[port] = one
    if len(seen) == 1:
        era, ports = next(iter(seen.items()))
        if len(ports) >= _ENOUGH:
            return era, next(iter(ports.values())).source
    return None


def _version(key: Fact) -> str | None:
    value = key.get("value")
    if not isinstance(value, str) or '"apiVersion"' not in value:
        return None
    try:
        body = json.loads(value)
    except ValueError:
        return None  # cut
    version = body.get("apiVersion") if isinstance(body, dict) else None
    return version if isinstance(version, str) else None


def _control_plane(known: Known) -> tuple[str, Source] | None:
    for (_, unit), one in known.units.items():
        if unit == "kube-apiserver" and one.get("exists") is not False and one.get("active") != "unknown":
            return "units", one.source
    return None


def _runtime(known: Known) -> tuple[str, Source] | None:
    for unit, runtime in (("containerd", "containerd"), ("crio", "cri-o"), ("docker", "docker")):
        for (_, name), one in known.units.items():
            if name == unit and one.get("active") == "active":
                return runtime, one.source
    return None
