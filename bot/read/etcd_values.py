"""Makes facts of JSON values that etcd holds: v2 keys as curl shows them, 2015 objects, flannel's leases, health."""

from __future__ import annotations

from typing import Any, Final

from bot.read.draft import Draft
from bot.read.events import emit_event
from bot.read.structured import load_json
from bot.read.words import kind_of

Object = dict[str, Any]
LEASES = "/network/subnets"
_NODES = ("/registry/minions/", "/registry/nodes/")

KEY_NOT_FOUND: Final = 100
"""The one error code of etcd's v2 API that says something about the key; others are about the request or the server."""


def read_value(draft: Draft, start: int, end: int, value: Any) -> bool:
    """Facts of a value that only etcd gives; False when it is another object."""
    if not isinstance(value, dict):
        return False
    path = (draft.command.path or "").rstrip("/")
    if draft.command.tool == "curl" and "/v2/keys" in path:
        path = path.partition("/v2/keys")[2] or "/"
    if "errorCode" in value and "cause" in value:
        if value["errorCode"] == KEY_NOT_FOUND:
            draft.add("etcd_key", start, key=str(value["cause"])[:500], exists=False)
    elif isinstance(value.get("node"), dict) and "action" in value:
        _node(draft, start, value["node"])
    elif "PublicIP" in value and ("BackendType" in value or "BackendData" in value):
        _lease(draft, start, path.rpartition("/")[2] or None, value)
    elif set(value) <= {"Network", "SubnetLen", "SubnetMin", "SubnetMax", "Backend"} and "Network" in value:
        draft.add("etcd_key", start, key=path or "/coreos.com/network/config", exists=True, value=str(value)[:300])
    elif set(value) <= {"health", "reason"} and "health" in value:
        healthy = str(value["health"]).lower() == "true"
        draft.add(
            "etcd_endpoint", start, host=draft.host, healthy=healthy, error=str(value.get("reason") or "")[:300] or None
        )
    elif isinstance(value.get("etcdserver"), str):
        draft.add("etcd_endpoint", start, host=draft.host, version=value["etcdserver"], healthy=True)
    elif not _object_2015(draft, start, value):
        return False
    draft.show("etcd", start)
    draft.mark(start, end, {"via": "paste"})
    return True


def _lease(draft: Draft, index: int, subnet: str | None, value: Object) -> None:
    draft.add("flannel_lease", index, subnet=subnet, address=str(value.get("PublicIP"))[:64], exists=True)
    draft.evidence("cni", "flannel", index)


def _node(draft: Draft, index: int, node: Object) -> None:
    """A key of the v2 API with what is below it."""
    pending = [node]
    while pending:
        item = pending.pop()
        key = item.get("key")
        key = key if isinstance(key, str) and key else "/"
        children = item.get("nodes")
        value = item.get("value")
        draft.add(
            "etcd_key", index, key=key[:500], exists=True, dir=item.get("dir") is True or None,
            value=value[:300] if isinstance(value, str) else None,
            children=len(children) if isinstance(children,
            list) else (0 if item.get("dir") is True and item is node else None),
        )  # fmt: skip
        note_key(draft, index, key)
        if isinstance(value, str) and value[:1] == "{":
            parsed = load_json(value)
            if isinstance(parsed, dict):
                if "PublicIP" in parsed:
                    _lease(draft, index, key.rpartition("/")[2], parsed)
                else:
                    _object_2015(draft, index, parsed)
        if isinstance(children, list):
            pending += [child for child in reversed(children[:2000]) if isinstance(child, dict)]


def note_key(draft: Draft, index: int, key: str) -> None:
    """What a key's path says by being there."""
    for prefix in _NODES:
        if key.startswith(prefix) and "/" not in key[len(prefix) :] and len(key) > len(prefix):
            draft.add("registered_node", index, node=key[len(prefix) :], exists=True)
    if f"{LEASES}/" in key:
        draft.add("flannel_lease", index, subnet=key.rpartition("/")[2], exists=True)
        draft.evidence("cni", "flannel", index)


def _object_2015(draft: Draft, index: int, value: Object) -> bool:
    """An object of v1beta1 to v1beta3 as etcd stores it."""
    version = value.get("apiVersion")
    kind = value.get("kind")
    if not isinstance(version, str) or not version.startswith("v1beta") or "/" in version or not isinstance(kind, str):
        return False
    inner = value.get("metadata")
    metadata: Object = inner if isinstance(inner, dict) else value
    name = metadata.get("name") or value.get("id")
    if not isinstance(name, str) or not (metadata.get("uid") or metadata.get("creationTimestamp") or kind == "Event"):
        return False
    namespace = metadata.get("namespace") if isinstance(metadata.get("namespace"), str) else None
    draft.evidence("era", "2015", index)
    if kind in ("Minion", "Node"):
        status = value.get("status")
        address = value.get("hostIP")
        draft.add(
            "registered_node", index, node=name, exists=True, reported=bool(status) if isinstance(status,
            dict) else None,
            address=address if isinstance(address, str) else None,
        )  # fmt: skip
        draft.add(
            "node", index, node=name, has_status=bool(status) if isinstance(status, dict) else None,
            address=address if isinstance(address, str) else None,
        )  # fmt: skip
    elif kind == "Endpoints":
        _endpoints(draft, index, name, namespace, value)
    elif kind == "Event":
        involved = value.get("involvedObject")
        about: Object = involved if isinstance(involved, dict) else {}
        source = value.get("source")
        host = value.get("host")
        subject = kind_of(str(about.get("kind", "")))
        emit_event(
            draft, index, reason=str(value.get("reason") or "unknown"), message=str(value.get("message") or ""),
            kind=subject,
            name=str(about["name"]) if about.get("name") else None,
            namespace=str(about["namespace"]) if about.get("namespace") and subject != "node" else None,
            component=source if isinstance(source, str) else None, node=host if isinstance(host, str) else None,
            last_seen=str(value.get("timestamp") or metadata.get("creationTimestamp") or ""),
        )  # fmt: skip
    elif kind == "Service":
        selector = value.get("selector")
        pairs = (
            ",".join(sorted(f"{key}={text}" for key, text in selector.items())) if isinstance(selector, dict) else None
        )
        draft.add(
            "service", index, service=draft.qualify(name, namespace), namespace=namespace, selector=pairs,
            has_selector=bool(pairs),
            ports=str(value["port"]) if value.get("port") else None,
            cluster_ip=value["portalIP"] if isinstance(value.get("portalIP"), str) else None,
        )  # fmt: skip
    else:
        return False
    return True


def _endpoints(draft: Draft, index: int, name: str, namespace: str | None, value: Object) -> None:
    addresses = value.get("endpoints")
    addresses = [item for item in addresses if isinstance(item, str)] if isinstance(addresses, list) else []
    service = draft.qualify(name, namespace)
    draft.add("service", index, service=service, namespace=namespace, endpoints=len(addresses))
    for address in addresses[:200]:
        host, _, port = address.rpartition(":")
        draft.add("endpoint", index, service=service, address=host or address, port=port if host else None, ready=True)
