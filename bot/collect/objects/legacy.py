"""Objects of 2015 (v1beta1 to v1beta3), in today's shape, so that the rest knows one shape only.

v1beta1 kept `id`, `namespace` and `labels` at the top, what was wanted in `desiredState`, what was so in
`currentState`, and a node was a `Minion`. v1beta3 has today's shape but for `host`, `portalIP` and `Condition`.
"""

from __future__ import annotations

from typing import Final

from bot.collect.objects.values import Json, mapping, mappings, sequence, text, word

_META: Final = (
    "uid",
    "creationTimestamp",
    "namespace",
    "labels",
    "annotations",
    "deletionTimestamp",
    "resourceVersion",
)
_STATUS: Final = {"Full": "True", "None": "False"}
VERSIONS: Final = ("v1beta1", "v1beta2", "v1beta3")


def is_legacy(version: object, obj: Json) -> bool:
    """Whether an object is written in an API version of 2015."""
    return version in VERSIONS or ("metadata" not in obj and "id" in obj)


def to_current(kind: str, obj: Json) -> Json:
    """The object in today's shape; itself when it has it already. `kind` is in lower case."""
    if "metadata" in obj and not ("desiredState" in obj or "id" in obj):
        return _from_v1beta3(kind, obj)
    metadata: Json = {key: obj[key] for key in _META if key in obj}
    metadata |= mapping(obj.get("metadata"))
    if "name" not in metadata and text(obj.get("id")):
        metadata["name"] = obj["id"]
    rewritten: Json = {"apiVersion": obj.get("apiVersion"), "metadata": metadata}
    if kind == "pod":
        rewritten |= _pod(obj)
    elif kind == "node":
        rewritten |= _minion(obj)
    elif kind == "service":
        rewritten["spec"] = _service(obj)
    elif kind == "replicationcontroller":
        rewritten |= _controller(obj)
    elif kind == "endpoints":
        rewritten["subsets"] = _subsets(obj)
    elif kind == "event":
        rewritten |= _event(obj)
    else:
        rewritten = {**obj, "metadata": metadata}
    return rewritten


def _from_v1beta3(kind: str, obj: Json) -> Json:
    spec = mapping(obj.get("spec"))
    status = mapping(obj.get("status"))
    if kind == "pod":
        if "host" in spec and "nodeName" not in spec:
            spec = {**spec, "nodeName": spec["host"]}
        if "Condition" in status:
            status = {**status, "conditions": _conditions(status["Condition"])}
    elif kind == "service" and "portalIP" in spec:
        spec = {**spec, "clusterIP": spec["portalIP"]}
    elif kind == "node" and "conditions" in status:
        status = {**status, "conditions": _conditions(status["conditions"])}
    elif kind == "event" and type(obj.get("source")) is str:
        return {**obj, "source": {"component": obj["source"], "host": obj.get("host")}}
    else:
        return obj
    return {**obj, "spec": spec} | ({"status": status} if "status" in obj else {})


def _conditions(value: object) -> list[Json]:
    return [
        {
            **each,
            "type": each.get("type") or each.get("kind"),
            "status": _STATUS.get(str(each.get("status")), each.get("status")),
            "lastHeartbeatTime": each.get("lastHeartbeatTime") or each.get("lastProbeTime"),
        }
        for each in mappings(value)
    ]


def _pod_spec(state: Json) -> Json:
    manifest = mapping(state.get("manifest"))
    spec: Json = {
        key: manifest[key] for key in ("containers", "volumes", "hostNetwork", "dnsPolicy") if key in manifest
    }
    if "containers" in spec:
        spec["containers"] = [_container(each) for each in mappings(spec["containers"])]
    policy = mapping(manifest.get("restartPolicy"))
    for name in ("always", "onFailure", "never"):
        if name in policy:
            spec["restartPolicy"] = name[0].upper() + name[1:]
    return spec


def _container(container: Json) -> Json:
    """Before there were `resources`, the scheduler counted a container's `cpu` (thousandths) and `memory` (bytes)."""
    cpu, memory = container.get("cpu"), container.get("memory")
    counted: Json = {}
    if type(cpu) is int and cpu > 0:
        counted["cpu"] = f"{cpu}m"
    if type(memory) is int and memory > 0:
        counted["memory"] = str(memory)
    if not counted or "resources" in container:
        return container
    return {**container, "resources": {"limits": counted, "requests": counted}}


def _pod(obj: Json) -> Json:
    desired, current = mapping(obj.get("desiredState")), mapping(obj.get("currentState"))
    spec = _pod_spec(desired) or _pod_spec(current)
    spec["nodeName"] = text(current.get("host")) or text(desired.get("host"))
    spec["nodeSelector"] = obj.get("nodeSelector")
    statuses = [
        {"name": name, **each}
        for name, each in mapping(current.get("info")).items()
        if type(each) is dict and name not in ("POD", "net")
    ]
    for each in statuses:
        if "lastState" not in each and mapping(each.get("lastTerminationState")):
            each["lastState"] = each["lastTerminationState"]
        for name in ("state", "lastState"):
            state = mapping(each.get(name))
            if "termination" in state:
                each[name] = {**state, "terminated": state["termination"]}
    status: Json = {
        "phase": current.get("status"),
        "message": current.get("message"),
        "hostIP": current.get("hostIP"),
        "podIP": current.get("podIP"),
        "containerStatuses": statuses,
    }
    if "Condition" in current:
        status["conditions"] = _conditions(current["Condition"])
    return {"spec": spec, "status": status}


def _minion(obj: Json) -> Json:
    status = mapping(obj.get("status"))
    rewritten: Json = {
        "spec": {"unschedulable": obj.get("unschedulable"), "podCIDR": obj.get("podCIDR")},
        "hostIP": obj.get("hostIP"),
    }
    if "status" in obj or "hostIP" in obj:
        capacity = mapping(obj.get("resources")).get("capacity") or status.get("capacity")
        rewritten["status"] = {**status, "conditions": _conditions(status.get("conditions"))} if status else {}
        if status and capacity:
            rewritten["status"]["capacity"] = capacity
    return rewritten


def _service(obj: Json) -> Json:
    ports = mappings(obj.get("ports")) or ([obj] if obj.get("port") is not None else [])
    return {
        "selector": obj.get("selector"),
        "clusterIP": obj.get("portalIP"),
        "type": "LoadBalancer" if obj.get("createExternalLoadBalancer") is True else "ClusterIP",
        "externalIPs": obj.get("publicIPs"),
        "ports": [
            {
                "name": each.get("name"),
                "port": each.get("port"),
                "protocol": each.get("protocol"),
                "targetPort": each.get("containerPort"),
            }
            for each in ports
        ],
    }


def _controller(obj: Json) -> Json:
    desired = mapping(obj.get("desiredState"))
    template = mapping(desired.get("podTemplate"))
    return {
        "spec": {
            "replicas": desired.get("replicas"),
            "selector": desired.get("replicaSelector"),
            "template": {
                "metadata": {"labels": template.get("labels")},
                "spec": _pod_spec(mapping(template.get("desiredState"))),
            },
        },
        "status": {"replicas": mapping(obj.get("currentState")).get("replicas")},
    }


def _subsets(obj: Json) -> list[Json]:
    """`endpoints: ["10.20.1.2:80"]` and `targetRefs` -> one subset for each address."""
    names = {
        text(each.get("endpoint")): each.get("targetRef") or each.get("ObjectReference") or each
        for each in mappings(obj.get("targetRefs"))
    }
    subsets = []
    for each in sequence(obj.get("endpoints")):
        written = word(each)
        if not written:
            continue
        host, _, port = written.rpartition(":")
        address: Json = {"ip": host or written}
        reference = mapping(names.get(written))
        if reference.get("name"):
            address["targetRef"] = reference
        subsets.append({
            "addresses": [address],
            "ports": [{"port": int(port)}] if port.isdecimal() and len(port) < 6 else [],
        })  # fmt: skip
    return subsets or mappings(obj.get("subsets"))


def _event(obj: Json) -> Json:
    source = obj.get("source")
    return {
        "involvedObject": obj.get("involvedObject"),
        "reason": obj.get("reason"),
        "message": obj.get("message"),
        "type": obj.get("type"),
        "count": obj.get("count"),
        "firstTimestamp": obj.get("firstTimestamp"),
        "lastTimestamp": obj.get("lastTimestamp") or obj.get("timestamp"),
        "source": source if type(source) is dict else {"component": source, "host": obj.get("host")},
    }
