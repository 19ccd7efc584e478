"""Whole objects, kind by kind, from JSON to records."""

from __future__ import annotations

import re
from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.records import (
    Endpoints,
    Event,
    Node,
    Reference,
    Service,
    ServicePort,
    Taint,
    Thing,
    Workload,
)
from bot.collect.objects.resources import kind_of
from bot.collect.objects.values import (
    Json,
    at,
    event_reason,
    integer,
    labels,
    mapping,
    mappings,
    message,
    moment,
    quantity,
    sequence,
    text,
    word,
)

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "namespace": ("spec", "status"),
    "ingress": ("spec", "status"),
    "ingressclass": ("spec",),
    "networkpolicy": ("spec",),
    "persistentvolumeclaim": ("spec", "status"),
    "persistentvolume": ("spec", "status"),
    "storageclass": ("provisioner", "reclaimPolicy", "volumeBindingMode", "allowVolumeExpansion"),
    "volumeattachment": ("spec", "status"),
    "resourcequota": ("spec", "status"),
    "limitrange": ("spec",),
    "poddisruptionbudget": ("spec", "status"),
    "horizontalpodautoscaler": ("spec", "status"),
    "role": ("rules",),
    "clusterrole": ("rules",),
    "rolebinding": ("roleRef", "subjects"),
    "clusterrolebinding": ("roleRef", "subjects"),
    "mutatingwebhookconfiguration": ("webhooks",),
    "validatingwebhookconfiguration": ("webhooks",),
    "apiservice": ("spec", "status"),
    "customresourcedefinition": ("status",),
    "lease": ("spec",),
    "certificatesigningrequest": ("spec", "status"),
    "componentstatus": ("conditions",),
    "priorityclass": (),
    "serviceaccount": ("secrets", "imagePullSecrets"),
    "gatewayclass": ("status",),
    "gateway": ("spec", "status"),
    "httproute": ("spec", "status"),
    "clustercatalog": ("status",),
    "clusterextension": ("status",),
    "clusterserviceversion": ("status",),
    "subscription": ("spec", "status"),
    "installplan": ("status",),
    "catalogsource": ("status",),
    "scaledobject": ("spec", "status"),
}
"""What is kept of the kinds that are few and small: these parts as they are."""

ANNOTATIONS: Final = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
    "ingressclass.kubernetes.io/is-default-class",
    "kubernetes.io/ingress.class",
    "volume.beta.kubernetes.io/storage-class",
)
MAX_WEBHOOK_RULES: Final = 50
_UNUSED_SPEC: Final = frozenset({"caBundle", "request", "extra"})


def thing(kind: str, namespace: str | None, name: str, obj: Json) -> Thing:
    fields: dict[str, object] = {key: obj[key] for key in FIELDS[kind] if key in obj}
    metadata = mapping(obj.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    kept = {key: annotations[key] for key in ANNOTATIONS if key in annotations}
    if kept:
        fields["annotations"] = kept
    if metadata.get("labels"):
        fields["labels"] = labels(metadata["labels"])
    spec = fields.get("spec")
    if type(spec) is dict and _UNUSED_SPEC & spec.keys():
        fields["spec"] = {key: value for key, value in spec.items() if key not in _UNUSED_SPEC}
    return Thing(kind, namespace, name, moment(metadata.get("creationTimestamp")), fields)


def last_written(metadata: Json) -> float | None:
    """When an object was made or last changed; changes stand in its managed fields, which many outputs leave out."""
    times = [moment(metadata.get("creationTimestamp"))]
    times += [moment(each.get("time")) for each in mappings(metadata.get("managedFields"))]
    return max((each for each in times if each is not None), default=None)


def data_keys(obj: Json) -> frozenset[str]:
    """The keys of a Secret or ConfigMap; never a value."""
    found = [mapping(obj.get(field)) for field in ("data", "stringData", "binaryData")]
    return frozenset(key for each in found for key in each if type(key) is str)


# --- workloads -------------------------------------------------------------------------------------------
_GENERATED: Final = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-|^[0-9a-f]{16,}$")
_COUNTS: Final[dict[str, tuple[str, str, str, str]]] = {
    "daemonset": ("currentNumberScheduled", "numberReady", "numberAvailable", "updatedNumberScheduled"),
    "job": ("active", "ready", "ready", "succeeded"),
}
_REPLICAS: Final = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")


def workload(kind: str, namespace: str | None, name: str, obj: Json, legacy: bool) -> Workload:
    metadata, spec, status = (
        mapping(obj.get("metadata")),
        mapping(obj.get("spec")),
        mapping(obj.get("status")),
    )
    template = mapping(at(spec, "jobTemplate", "spec", "template") if kind == "cronjob" else spec.get("template"))
    pod_spec = mapping(template.get("spec"))
    found_owner = reading.owner(metadata)
    owned = found_owner is not None and kind in ("replicaset", "job")
    conditions = reading.conditions(status)
    current, ready, available, updated = (integer(status.get(key)) for key in _COUNTS.get(kind, _REPLICAS))
    if kind != "cronjob" and "status" in obj and not legacy:
        current, ready, available, updated = current or 0, ready or 0, available or 0, updated or 0
    if kind == "daemonset":
        desired = integer(status.get("desiredNumberScheduled"))
    elif kind == "job":
        desired = integer(spec.get("completions")) or integer(spec.get("parallelism"))
        desired = 1 if desired is None else desired
    elif kind == "cronjob":
        desired = None
    else:
        desired = integer(spec.get("replicas"))
        desired = 1 if desired is None and spec else desired
    done = any(each.type in ("Complete", "SuccessCriteriaMet") and each.status == "True" for each in conditions)
    template_labels = labels(mapping(template.get("metadata")).get("labels"))
    selector = reading.selector(spec.get("selector"))
    return Workload(
        kind,
        namespace,
        name,
        text(metadata.get("uid")),
        moment(metadata.get("creationTimestamp")),
        found_owner,
        labels(metadata.get("labels")),
        desired,
        current,
        ready,
        available,
        updated,
        integer(status.get("failed")),
        integer(status.get("active")),
        kind == "job" and done,
        spec.get("paused") is True,
        spec.get("suspend") is True,
        selector,
        template_labels,
        () if owned and kind == "replicaset" else reading.containers(pod_spec, {}),
        () if owned and kind == "replicaset" else _template_references(spec, pod_spec),
        text(spec.get("serviceName")) if kind == "statefulset" else None,
        text(spec.get("schedule")),
        moment(status.get("lastScheduleTime")),
        conditions,
        legacy,
        moment(status.get("startTime")),
        legacy and bool(_GENERATED.match(name)),
        text(spec.get("timeZone")),
        text(spec.get("concurrencyPolicy")),
        integer(spec.get("startingDeadlineSeconds")),
        tuple(filter(None, (text(at(e, "metadata", "name")) for e in mappings(spec.get("volumeClaimTemplates"))))),
    )


def _template_references(spec: Json, pod_spec: Json) -> tuple[Reference, ...]:
    found = reading.references(pod_spec)
    for each in mappings(spec.get("volumeClaimTemplates")):
        name = text(at(each, "spec", "storageClassName"))
        if name:
            found += (Reference("storageclass", name, None, False, "volumeClaimTemplate"),)
    if text(pod_spec.get("priorityClassName")):
        found += (Reference("priorityclass", pod_spec["priorityClassName"], None, False, "priorityClassName"),)
    return found


# --- services --------------------------------------------------------------------------------------------
def service(namespace: str | None, name: str, obj: Json, legacy: bool) -> Service:
    metadata, spec = mapping(obj.get("metadata")), mapping(obj.get("spec"))
    return Service(
        namespace,
        name,
        text(spec.get("type")) or "ClusterIP",
        text(spec.get("clusterIP")),
        labels(spec.get("selector")),
        labels(metadata.get("labels")),
        tuple(
            ServicePort(
                text(each.get("name")),
                integer(each.get("port")),
                word(each.get("targetPort")) or word(each.get("port")),
                text(each.get("protocol")) or "TCP",
            )
            for each in mappings(spec.get("ports"))
        ),
        bool(sequence(at(obj, "status", "loadBalancer", "ingress")) or sequence(spec.get("externalIPs"))),
        moment(metadata.get("creationTimestamp")),
        legacy,
    )


def endpoints(obj: Json) -> Endpoints:
    found = Endpoints()
    for subset in mappings(obj.get("subsets")):
        port = (
            ",".join(str(each["port"]) for each in mappings(subset.get("ports")) if integer(each.get("port"))) or None
        )
        for field, into in (("addresses", found.ready), ("notReadyAddresses", found.not_ready)):
            for each in mappings(subset.get(field)):
                address = text(each.get("ip")) or text(each.get("IP"))
                if address:
                    into.append((address, _target_pod(each), port))
    return found


def _target_pod(address: Json) -> str | None:
    reference = mapping(address.get("targetRef"))
    return text(reference.get("name")) if reference.get("kind") in ("Pod", None) else None


def slice_service(metadata: Json) -> str | None:
    name = text(mapping(metadata.get("labels")).get("kubernetes.io/service-name"))
    if name:
        return name
    found = reading.owner(metadata)
    return found.name if found and found.kind == "service" else None


def add_slice(into: Endpoints, obj: Json) -> None:
    port = ",".join(str(each["port"]) for each in mappings(obj.get("ports")) if integer(each.get("port"))) or None
    for each in mappings(obj.get("endpoints")):
        ready = at(each, "conditions", "ready")
        if ready is False and at(each, "conditions", "terminating") is True:
            continue  # a Pod on its way out, which Endpoints leave out too
        where = into.not_ready if ready is False else into.ready
        for address in sequence(each.get("addresses"))[:1]:
            if text(address):
                where.append((address, _target_pod(each), port))


# --- nodes -----------------------------------------------------------------------------------------------
_ROLE: Final = "node-role.kubernetes.io/"
_ZONES: Final = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")


def node(name: str, obj: Json) -> Node:
    metadata, spec, status = (
        mapping(obj.get("metadata")),
        mapping(obj.get("spec")),
        mapping(obj.get("status")),
    )
    found_labels = labels(metadata.get("labels"))
    conditions = reading.conditions(status)
    ready = next((each for each in conditions if each.type == "Ready"), None)
    heartbeats = [moment(each.get("lastHeartbeatTime")) for each in mappings(status.get("conditions"))]
    info = mapping(status.get("nodeInfo"))
    runtime, _, runtime_version = (text(info.get("containerRuntimeVersion")) or "").partition("://")
    allocatable = mapping(status.get("allocatable")) or mapping(status.get("capacity"))
    addresses = {text(each.get("type")): text(each.get("address")) for each in mappings(status.get("addresses"))}
    roles = [key[len(_ROLE) :] for key in found_labels if key.startswith(_ROLE)]
    control = {"control-plane", "master"} & set(roles)
    amounts = {str(key): quantity(value) for key, value in allocatable.items()}
    pods = quantity(mapping(status.get("capacity")).get("pods"))
    return Node(
        name,
        moment(metadata.get("creationTimestamp")),
        found_labels,
        ready.status if ready else None,
        ready.reason if ready else None,
        ready.message if ready else None,
        ready.since if ready else None,
        max((each for each in heartbeats if each is not None), default=None),
        spec.get("unschedulable") is True,
        moment(metadata.get("deletionTimestamp")),
        tuple(
            Taint(each["key"], text(each.get("value")), text(each.get("effect")))
            for each in mappings(spec.get("taints"))
            if text(each.get("key"))
        ),
        tuple(each for each in conditions if each.type != "Ready"),
        {key: value for key, value in amounts.items() if value is not None},
        int(pods) if pods is not None else None,
        word(allocatable.get("cpu")),
        word(allocatable.get("memory")),
        text(info.get("kubeletVersion")),
        {"crio": "cri-o"}.get(runtime, runtime) or None,
        runtime_version or None,
        text(info.get("osImage")),
        text(info.get("kernelVersion")),
        text(info.get("architecture")),
        "control-plane" if control else "worker" if found_labels else None,
        next((found_labels[key] for key in _ZONES if key in found_labels), None),
        addresses.get("InternalIP") or addresses.get("LegacyHostIP") or text(obj.get("hostIP")),
        text(spec.get("providerID")),
        bool(status.get("conditions") or status.get("nodeInfo")),
    )


# --- events ----------------------------------------------------------------------------------------------
_CONTAINER: Final = re.compile(r"\{([^{}]{1,253})\}")


def event(namespace: str | None, obj: Json) -> Event | None:
    about = mapping(obj.get("involvedObject")) or mapping(obj.get("regarding"))
    kind, name = text(about.get("kind")), text(about.get("name"))
    if not kind or not name:
        return None
    source = mapping(obj.get("source")) or mapping(obj.get("deprecatedSource"))
    series = mapping(obj.get("series"))
    metadata = mapping(obj.get("metadata"))
    created = moment(metadata.get("creationTimestamp"))
    first = (
        moment(obj.get("firstTimestamp")) or moment(obj.get("deprecatedFirstTimestamp")) or moment(obj.get("eventTime"))
    )
    last = (
        moment(series.get("lastObservedTime"))
        or moment(obj.get("lastTimestamp"))
        or moment(obj.get("deprecatedLastTimestamp"))
        or first
        or created
    )
    kind = kind_of(kind)
    field = text(about.get("fieldPath"))
    container = _CONTAINER.search(field) if field else None
    where = None if kind == "node" else text(about.get("namespace")) or namespace
    times = integer(series.get("count")) or integer(obj.get("count")) or integer(obj.get("deprecatedCount")) or 1
    return Event(
        kind,
        where,
        name,
        text(about.get("uid")),
        container[1] if container else None,
        event_reason(text(obj.get("reason")) or "") or None,
        text(obj.get("type")) or "",  # before 1.1 events had none
        message(obj.get("message")) or message(obj.get("note")) or "",
        times,
        last,
        first,
        text(source.get("component")) or text(obj.get("reportingComponent")) or text(obj.get("reportingController")),
        text(source.get("host")) or text(obj.get("reportingInstance")),
    )
