"""Who calls whom, as the callers' own texts say: a Pod whose log names a Service depends on that Service.

A symptom of a failed connection or look-up names a host, and so does a line of a log that has one with port or
scheme. Where that host is the name or the cluster address of a Service, or where the name was to be resolved inside
the cluster, the Pod stands below that Service in the topology, so that what is wrong behind the Service can explain
the Pod's complaint. Names are those of https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from rules.kinds import Fact
from rules.observations import Passage, Relation

NAMES_OF_HOSTS: Final = ("address", "endpoint", "server", "service_name")
"""Attributes of a symptom that may hold a host, with or without scheme, port and path."""
CLUSTER_DNS: Final = ("kube-system/kube-dns", "kube-system/coredns", "openshift-dns/dns-default")
_IN_A_LOG: Final = re.compile(
    r"\b([a-z][\w-]{0,62}(?:\.[a-z][\w-]{0,62}){0,5}):\d{2,5}\b"
    r"|\w{2,20}://(?:[^@/\s]{1,200}@)?([a-z][\w-]{0,62}(?:\.[a-z][\w-]{0,62}){0,5})"
    r"|\b([a-z][\w-]{0,62}\.[a-z][\w-]{0,62}\.svc)\b"
)
"""A host with its port, behind a scheme, or with the cluster's suffix."""
_HOST: Final = re.compile(r"(?:\w{1,20}://)?(?:[^@/\s]{1,200}@)?\[?([\w.-]{1,253})\]?")


def callers(
    facts: Iterable[Fact], passages: Iterable[Passage], relations: Iterable[Relation], resolving: frozenset[str]
) -> Iterator[Relation]:
    """The Services that Pods' texts name. `resolving`: ids of symptoms that say that a name was not resolved.

    A Pod that stands behind a Service itself does not depend on it.
    """
    known = list(facts)
    behind = {(one.upper, one.lower) for one in relations}
    for found in (*_calls(known, resolving), *_mentions(known, passages)):
        if (found.lower, found.upper) not in behind:
            yield found


def _mentions(facts: Iterable[Fact], passages: Iterable[Passage]) -> Iterator[Relation]:
    """Services with nothing behind them, as hosts in Pods' logs: `db:5432`, `http://db/`, `db.shop.svc`."""
    empty = {str(one["service"]) for one in facts if one.kind == "service" and one.get("endpoints") == 0}
    if not empty:
        return
    for passage in passages:
        pod = str(passage.about.get("pod") or "")
        if passage.about.get("via") != "log" or "/" not in pod:
            continue
        hosts = {found[1] or found[2] or found[3] for found in _IN_A_LOG.finditer(passage.text)}
        for host in sorted(hosts):
            service = _service(host, pod.partition("/")[0], {})
            if service in empty:
                yield Relation(f"service {service}", f"pod {pod}", "is called by")


def _calls(facts: Iterable[Fact], resolving: frozenset[str]) -> Iterator[Relation]:
    known = list(facts)
    services = {str(one["service"]): one for one in known if one.kind == "service"}
    addresses = {str(one["cluster_ip"]): name for name, one in services.items() if one.get("cluster_ip")}
    dns = [name for name in CLUSTER_DNS if name in services]
    for one in known:
        pod = one.get("pod")
        if one.kind != "symptom" or not isinstance(pod, str) or "/" not in pod:
            continue
        if one["is"] in resolving:
            for name in dns:
                yield Relation(f"service {name}", f"pod {pod}", "resolves names for")
        for attribute in NAMES_OF_HOSTS:
            service = _service(str(one.get(attribute) or ""), pod.partition("/")[0], addresses)
            if service is not None and service in services:
                yield Relation(f"service {service}", f"pod {pod}", "is called by")


def _service(host: str, namespace: str, addresses: dict[str, str]) -> str | None:
    """The Service that a host name means in a namespace: `db`, `db.shop`, `db.shop.svc...`, or a cluster address."""
    found = _HOST.match(host)
    if found is None:
        return None
    name = found[1].rstrip(".")
    if name in addresses:
        return addresses[name]
    first, _, rest = name.partition(".")
    if not rest:
        return f"{namespace}/{first}"
    second, _, rest = rest.partition(".")
    return f"{second}/{first}" if not rest or rest == "svc" or rest.startswith("svc.") else None
