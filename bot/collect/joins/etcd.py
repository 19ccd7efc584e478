"""Facts out of etcd's keys (the v2 tree of 2015): nodes, flannel leases, endpoints, and which of them are not there.

A key's absence is only stated where its directory was listed, or where the recording holds other keys beside it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.collect.joins.components import Components
from bot.collect.joins.hosts import flannel_prefixes, uses_flannel
from bot.collect.joins.known import Known, with_attributes
from bot.collect.objects.services import differing, nearest
from bot.collect.objects.values import shown_labels
from rules.kinds import Fact, Source, fact

Json = Mapping[str, Any]


def etcd_facts(known: Known) -> Iterator[Fact]:
    tree = _Tree(known)
    yield from _nodes(known, tree)
    yield from _leases(known, tree)
    yield from _flannel_network(known, tree)
    yield from _endpoints(known, tree)


class _Tree:
    """The keys that were seen, by path."""

    def __init__(self, known: Known) -> None:
        self.keys = {
            str(one["key"]).rstrip("/") or "/": one for one in known.of("etcd_key") if one.get("exists") is not False
        }

    def below(self, folder: str) -> dict[str, Fact]:
        """Keys under a folder, by what follows it."""
        start = folder.rstrip("/") + "/"
        return {key[len(start) :]: one for key, one in self.keys.items() if key.startswith(start)}

    def has(self, folder: str) -> bool:
        """Whether anything is known of that folder's content."""
        return folder in self.keys or bool(self.below(folder))

    @property
    def is_read(self) -> bool:
        """Whether the tree as a whole was read, so that a top-level directory that is missing does not exist."""
        return "/" in self.keys or any(key.startswith("/registry/") for key in self.keys)


def _json(one: Fact) -> Json | None:
    value = one.get("value")
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None  # cut, or not JSON after all
    return found if isinstance(found, dict) else None


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


# --- nodes ----------------------------------------------------------------------------------------------
def registered_nodes(facts: Iterable[Fact], components: Components) -> Iterator[Fact]:
    """The nodes under /registry/minions and /registry/nodes, out of keys with their values."""
    for one in facts:
        key = str(one.get("key")) if one.kind == "etcd_key" and one.get("exists") is not False else ""
        folder, _, name = key.rpartition("/")
        if not name or folder not in components.etcd["nodes"]:
            continue
        body = _json(one)
        address = body.get("hostIP") if body else None
        yield fact(
            "registered_node",
            one.source,
            node=name,
            exists=True,
            reported=_reported(body) if body is not None else None,
            address=address if isinstance(address, str) else None,
        )


def _reported(body: Json) -> bool | None:
    """Whether a node's status is filled; None when the object has no such field to go by."""
    return bool(_mapping(body.get("status"))) if "status" in body else None


def _nodes(known: Known, tree: _Tree) -> Iterator[Fact]:
    """Hosts that are nodes by what runs on them, and that the cluster does not know."""
    registered = [str(one["node"]) for one in known.of("registered_node") if one.get("exists") is not False]
    in_etcd = any(tree.has(folder) for folder in known.components.etcd["nodes"]) or bool(registered)
    in_api = any(one.get("kind") == "node" for one in known.of("recorded"))
    if not in_etcd and not in_api:
        return
    there = {known.host_called(name) for name in registered}
    for host in known.hosts:
        if not host or "node" not in known.roles(host) or "master" in known.roles(host):
            continue
        if host in there if in_etcd else known.node_of(host):
            continue
        yield fact("registered_node", _source_of(known, host), node=host, exists=False)


def _source_of(known: Known, host: str) -> Source:
    for kind in ("host", "unit", "port"):
        for one in known.of(kind):
            if one.get("host") == host:
                return one.source
    return Source(f"host {host}")


# --- flannel --------------------------------------------------------------------------------------------
def _leases(known: Known, tree: _Tree) -> Iterator[Fact]:
    leases = [one for one in known.of("flannel_lease") if one.get("exists") is not False and one.get("subnet")]
    seen = {one["subnet"] for one in leases}
    listed = bool(leases)
    for prefix in flannel_prefixes(known):
        folder = f"{prefix}/subnets"
        listed = listed or tree.has(folder) or (tree.is_read and tree.has(prefix))
        for name, one in tree.below(folder).items():
            body = _json(one)
            address = body.get("PublicIP") if body else None
            if name not in seen and "/" not in name:
                leases.append(
                    fact(
                        "flannel_lease",
                        one.source,
                        subnet=name,
                        exists=True,
                        address=address if isinstance(address, str) else None,
                    )
                )
    holders: dict[str, list[Fact]] = defaultdict(list)
    for one in leases:
        holders[str(one.get("address"))].append(one)
    hosts = [host for host in known.hosts if host]
    all_known = bool(hosts) and all(known.addresses(host) for host in hosts)
    holding = set()
    for one in leases:
        address = one.get("address")
        host = known.host_called(str(address)) if address else None
        holding.add(host)
        yield with_attributes(
            one,
            exists=True,
            host=host,
            node=known.node_of(host) if host else None,
            shared=len(holders[str(address)]) > 1 if address else None,
            foreign=True if address and host is None and all_known else None,
        )
    if not listed or not uses_flannel(known):
        return
    for host in hosts:
        runs = known.unit(host, "flanneld")
        wants = runs is not None and (runs.get("active") != "inactive" or runs.get("enabled") == "enabled")
        if "node" in known.roles(host) and host not in holding and wants and known.addresses(host):
            yield fact("flannel_lease", _source_of(known, host), host=host, node=known.node_of(host), exists=False)


def _flannel_network(known: Known, tree: _Tree) -> Iterator[Fact]:
    """The key without which no flanneld starts: stated as missing where etcd was read and flanneld is used."""
    prefixes = flannel_prefixes(known)
    keys = [f"{prefix}/config" for prefix in prefixes]
    if any(key in tree.keys for key in keys) or not tree.is_read:
        return
    if any(unit == "flanneld" and _is_used(one) for (_, unit), one in known.units.items()):
        first = next(iter(tree.keys.values()))
        yield fact("etcd_key", Source(first.source.what), key=keys[0], exists=False)


def _is_used(unit: Fact) -> bool:
    return unit.get("exists") is not False and (unit.get("active") != "inactive" or unit.get("enabled") == "enabled")


# --- endpoints ------------------------------------------------------------------------------------------
def _endpoints(known: Known, tree: _Tree) -> Iterator[Fact]:
    pods = _pods(known, tree)
    addresses = {address: name for name, (address, _) in pods.items() if address}
    services = _services(known, tree)
    for folder in known.components.etcd["endpoints"]:
        if not tree.has(folder):
            continue
        written = tree.below(folder)
        for name, one in written.items():
            body = _json(one)
            if body is None or name not in services or "/" not in name:
                continue
            listed = [str(each) for each in body.get("endpoints") or () if isinstance(each, str)]
            listed += [str(a.get("ip")) for s in body.get("subsets") or () for a in _mapping(s).get("addresses") or ()]
            yield from _service(name, one, services[name], len(listed), pods)
            for each in listed if pods else ():
                ip, _, port = each.rpartition(":") if ":" in each else (each, "", "")
                if ip not in addresses:
                    yield fact("endpoint", one.source, service=name, address=ip, port=port or None, owned=False)
        for name, (selector, one) in services.items():
            if name not in written:
                yield from _service(name, one, (selector, one), 0, pods)


def _pods(known: Known, tree: _Tree) -> dict[str, tuple[str | None, Json]]:
    """Pods under /registry/pods: `namespace/name` -> address and labels, running ones only."""
    found: dict[str, tuple[str | None, Json]] = {}
    for folder in known.components.etcd["pods"]:
        for name, one in tree.below(folder).items():
            body = _json(one)
            if body is None or "/" not in name:
                continue
            state, status = _mapping(body.get("currentState")), _mapping(body.get("status"))
            phase = state.get("status") or status.get("phase")
            if phase not in ("Running", None):
                continue
            address = state.get("podIP") or status.get("podIP")
            labels = _mapping(body.get("labels") or _mapping(body.get("metadata")).get("labels"))
            found[name] = (address if isinstance(address, str) else None, labels)
    return found


def _services(known: Known, tree: _Tree) -> dict[str, tuple[Json, Fact]]:
    """Services with a selector: `namespace/name` -> selector and key. Others have their endpoints by hand."""
    found: dict[str, tuple[Json, Fact]] = {}
    for name, one in tree.below("/registry/services/specs").items():
        body = _json(one)
        selector = _mapping(body.get("selector") or _mapping(body.get("spec")).get("selector")) if body else {}
        if selector and "/" in name:
            found[name] = (selector, one)
    return found


def _service(
    name: str,
    at: Fact,
    service: tuple[Json, Fact],
    endpoints: int,
    pods: Mapping[str, tuple[str | None, Json]],
) -> Iterator[Fact]:
    selector = service[0]
    if endpoints:
        return
    namespace = name.partition("/")[0]
    matching = [
        pod for pod, (_, labels) in pods.items()
        if pod.startswith(f"{namespace}/") and all(labels.get(k) == v for k, v in selector.items())
    ]  # fmt: skip
    labelled = [{str(k): str(v) for k, v in labels.items()} for _, labels in pods.values()]
    near = None if matching else nearest(selector, labelled)
    yield fact(
        "service",
        at.source,
        service=name,
        namespace=namespace,
        selector=",".join(f"{k}={selector[k]}" for k in sorted(selector)),
        has_selector=True,
        endpoints=0,
        matching_pods=len(matching) if pods else None,
        ready_pods=len(matching) if pods else None,
        nearest_labels=shown_labels(near) if near else None,
        differs=differing(selector, near) if near else None,
    )
