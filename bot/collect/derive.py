"""Joins what hosts, etcd and the API server say about one another. Facts in, facts out; nothing is judged here.

No single reader can say that a port is missing (it must know what the host is for), that a node is not registered
(it must know the hosts), or that flannel is used at all. This is done once, after collection, in memory. What
cannot be told from the observations is left out: a list that may be incomplete proves no absence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.collect.joins.components import components
from bot.collect.joins.etcd import etcd_facts
from bot.collect.joins.hosts import host_facts
from bot.collect.joins.known import Known
from bot.collect.joins.objects import object_facts
from rules.kinds import Fact
from rules.observations import Observations, Relation


def derive(observations: Observations) -> list[Fact]:
    """Facts that follow from several observations together, without those that were observed themselves.

    A fact that was known in part comes again with all of its attributes (a unit with its role, a port with its unit).
    """
    found = Known(observations.facts, components())
    known = set(observations.facts)
    made: Iterable[Fact] = (*etcd_facts(found), *host_facts(found), *object_facts(found))
    return [each for each in dict.fromkeys(made) if each not in known]


def relate(observations: Observations) -> list[Relation]:
    """Which host and daemon a node depends on, and which of the master's daemons the nodes' depend on."""
    found = Known(observations.facts, components())
    return list(dict.fromkeys(_relations(found)))


def _relations(found: Known) -> Iterator[Relation]:
    masters = [host for host in found.hosts if "master" in found.roles(host)]
    for host, unit in found.units:
        yield Relation(f"host {host}", f"unit {unit} on {host}", "runs")
        node = found.node_of(host)
        if node and unit in (
            "kubelet",
            "docker",
            "containerd",
            "crio",
            "kube-proxy",
            "flanneld",
            "k3s",
            "k3s-agent",
        ):
            yield Relation(f"unit {unit} on {host}", f"node {node}", "serves")
        if "node" in found.roles(host):
            for master in masters:
                if master != host:
                    yield Relation(
                        f"unit kube-apiserver on {master}", f"unit {unit} on {host}", "is needed by"
                    )
                    yield Relation(f"unit etcd on {master}", f"unit {unit} on {host}", "is needed by")
    for host in found.hosts:
        node = found.node_of(host)
        if node:
            yield Relation(f"host {host}", f"node {node}", "is")
            yield Relation(f"node {node}", f"host {host}", "is")
    for master in masters:
        for unit in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
            yield Relation(f"unit etcd on {master}", f"unit {unit} on {master}", "is needed by")
            if unit != "kube-apiserver":
                yield Relation(f"unit kube-apiserver on {master}", f"unit {unit} on {master}", "is needed by")
        for workload in found.of("workload"):
            yield Relation(f"unit kube-controller-manager on {master}", str(workload["workload"]), "serves")
        for pod in found.of("pod"):
            if pod.get("assigned") is False:
                yield Relation(f"unit kube-scheduler on {master}", f"pod {pod['pod']}", "assigns")
