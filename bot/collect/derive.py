"""Joins what hosts, etcd and the API server say about one another. Facts in, facts out; nothing is judged here.

No single reader can say that a port is missing (it must know what the host is for), that a node is not registered
(it must know the hosts), or that flannel is used at all. This is done once, after collection, in memory. What
cannot be told from the observations is left out: a list that may be incomplete proves no absence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from bot.collect.joins.cluster import cluster_facts
from bot.collect.joins.components import components
from bot.collect.joins.etcd import etcd_facts, registered_nodes
from bot.collect.joins.hosts import host_facts
from bot.collect.joins.known import NO_HOST, Known
from bot.collect.joins.logs import log_ends
from bot.collect.joins.objects import object_facts
from bot.collect.joins.texts import text_facts
from rules.kinds import Fact
from rules.observations import Observations, Relation

SERVE_THE_NODE: Final = (
    "kubelet",
    "docker",
    "containerd",
    "crio",
    "kube-proxy",
    "flanneld",
    "k3s",
    "k3s-agent",
    "rke2-agent",
)


def derive(observations: Observations) -> list[Fact]:
    """Facts that follow from several observations together, without those that were observed themselves.

    A fact that was known in part comes again with all of its attributes (a unit with its role, a port with its unit).
    """
    found, first = _known(observations)
    seen = set(observations.facts)
    made: Iterable[Fact] = (
        *first,
        *etcd_facts(found),
        *host_facts(found),
        *object_facts(found),
        *log_ends(observations.passages),
        *cluster_facts(found),
    )
    return [each for each in dict.fromkeys(made) if each not in seen]


def relate(observations: Observations) -> list[Relation]:
    """Which host and daemon a node depends on, and which of the master's daemons the nodes' depend on."""
    journals = {(one.about.get("host"), one.about.get("unit")) for one in observations.passages}
    of_units = [Relation(f"host {host}", f"unit {unit} on {host}", "runs") for host, unit in journals if host and unit]
    return list(dict.fromkeys((*_relations(_known(observations)[0]), *sorted(of_units, key=str))))


def _known(observations: Observations) -> tuple[Known, list[Fact]]:
    """The facts, indexed, and those of them that were made of plain texts and keys first, since the joins need them."""
    data = components()
    first = [*text_facts(observations.passages, data), *registered_nodes(observations.facts, data)]
    hosts = (one.about.get("host") for one in observations.passages)
    return Known([*observations.facts, *first], data, (one for one in hosts if isinstance(one, str))), first


def _relations(found: Known) -> Iterator[Relation]:
    masters = [host for host in found.hosts if "master" in found.roles(host)]
    unregistered = {str(one["node"]) for one in found.of("registered_node") if one.get("exists") is False}
    for host, unit in found.units:
        yield Relation(f"host {host}", f"unit {unit} on {host}", "runs")
        node = found.node_of(host) or (host if host in unregistered else None)
        if node and unit in SERVE_THE_NODE:
            yield Relation(f"unit {unit} on {host}", f"node {node}", "serves")
        if "node" in found.roles(host):
            for master in masters:
                if master != host:
                    yield Relation(f"unit kube-apiserver on {master}", f"unit {unit} on {host}", "is needed by")
                    yield Relation(f"unit etcd on {master}", f"unit {unit} on {host}", "is needed by")
    for key in found.of("etcd_key"):
        if key.get("exists") is False and str(key["key"]).endswith("/config"):
            for host, unit in found.units:
                if unit == "flanneld":
                    yield Relation(f"etcd key {key['key']}", at("unit", unit, host), "is needed by")
    for host in found.hosts:
        node = found.node_of(host) or (host if host in unregistered else None)
        if node:
            yield Relation(f"host {host}", f"node {node}", "is")
            yield Relation(f"node {node}", f"host {host}", "is")
    yield from _ports(found)
    yield from _certificates(found)
    for master in masters:
        for unit in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
            yield Relation(at("unit", "etcd", master), at("unit", unit, master), "is needed by")
            if unit != "kube-apiserver":
                yield Relation(at("unit", "kube-apiserver", master), at("unit", unit, master), "is needed by")
        for workload in found.of("workload"):
            yield Relation(at("unit", "kube-controller-manager", master), str(workload["workload"]), "serves")
        for service in found.of("service"):
            yield Relation(at("unit", "kube-controller-manager", master), f"service {service['service']}", "serves")
        for pod in found.of("pod"):
            if pod.get("assigned") is False:
                yield Relation(at("unit", "kube-scheduler", master), f"pod {pod['pod']}", "assigns")


def _certificates(found: Known) -> Iterator[Relation]:
    """An expired certificate is above the daemon that uses it; one of the control plane is above all that calls it."""
    for one in found.of("certificate"):
        if not one.get("expired") or not one.get("host") or not one.get("file"):
            continue
        host, file = str(one["host"]), str(one["file"])
        unit = found.components.of_certificate(file, str(one.get("subject") or ""))
        upper = f"certificate {host}:{file}"
        lower = ["certificate"]  # of a text that does not say which
        if unit:
            lower.append(at("unit", unit, host))
        if unit == "kubelet":
            lower += [f"node {one.get('node') or found.node_of(host) or host}", f"host {host}", "kubelet"]
        if unit in ("kube-apiserver", "etcd", None) and "master" in found.roles(host):
            lower += ["apiserver", "etcd", *(f"node {node['node']}" for node in found.of("node"))]
        for each in lower:
            yield Relation(upper, each, "is used by")


def _ports(found: Known) -> Iterator[Relation]:
    """A daemon is above its ports, and a port of one host is above what others fail at for want of it."""
    seen: set[tuple[str, int]] = set()
    for one in (*found.of("port"), *found.of("firewall"), *found.of("reach")):
        port = one.get("port")
        if not isinstance(port, int):
            continue
        called = str(one.get("target") or "") if one.kind == "reach" else str(one.get("host") or NO_HOST)
        host = found.host_called(called) or called
        if (host, port) not in seen:
            seen.add((host, port))
            yield Relation(f"host {host}", at("port", port, host), "has")
            for component in found.components.by_unit.values():
                if any(port in group.any for group in component.ports):
                    yield Relation(at("unit", component.unit, host), at("port", port, host), "listens on")
                    yield Relation(at("port", port, host), at("unit", component.unit, host), "is the way to")
        if one.kind == "reach" and one.get("host"):
            caller = str(one["host"])
            yield Relation(at("port", port, host), f"host {caller}", "is needed by")
    for host, port in seen:
        owner = found.components.of_port(port)
        if owner and owner.unit in ("etcd", "kube-apiserver"):
            for other in found.hosts:
                if other and other != host and "node" in found.roles(other):
                    yield Relation(at("port", port, host), f"host {other}", "is needed by")


def at(kind: str, name: str | int, host: str) -> str:
    """The subject of something on a host: `unit kubelet on node1`; without the host where a paste names none."""
    return f"{kind} {name} on {host}" if host else f"{kind} {name}"
