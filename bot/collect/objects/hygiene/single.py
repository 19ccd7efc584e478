"""Checks of one object by itself, by kind: what its JSON shows without any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import orjson

from bot.collect.manifest.schemas import removed
from bot.collect.objects.hygiene.lints import Found
from bot.collect.objects.situation import ingress_backends
from bot.collect.objects.values import Json, at, integer, mapping, mappings, sequence, text, word

APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
LARGE_BYTES: Final = 768 * 1024
"""A ConfigMap or Secret may have 1 MiB."""
SERVING: Final = ("deployment", "statefulset", "daemonset", "replicationcontroller", "replicaset")
"""Controllers whose Pods run on, so that probes make sense."""


# --- Pod templates ---------------------------------------------------------------------------------------
def template(spec: Json, kind: str) -> Iterator[Found]:
    """All checks of a Pod's spec."""
    for container in mappings(spec.get("containers")):
        for check in _MAIN:
            yield from check(container, spec, kind)
    for key in ("containers", "initContainers"):
        for container in mappings(spec.get(key)):
            for check in _ANY:
                yield from check(container, spec, kind)
    if (text(spec.get("serviceAccountName")) or text(spec.get("serviceAccount")) or "default") == "default":
        mounted = spec.get("automountServiceAccountToken") is not False
        yield Found("default-account", "serviceAccountName", "its token is mounted" if mounted else None)


def _resources(container: Json, _spec: Json, _kind: str) -> Iterator[Found]:
    resources = mapping(container.get("resources"))
    if "memory" not in mapping(resources.get("limits")):
        yield Found("no-limits", _name(container), None, "resources.limits.memory")
    if not mapping(resources.get("requests")) and not mapping(resources.get("limits")):
        yield Found("no-requests", _name(container), None, "resources.requests")


def _probes(container: Json, _spec: Json, kind: str) -> Iterator[Found]:
    if kind not in SERVING:
        return
    missing = [f"{each}Probe" for each in ("readiness", "liveness") if not container.get(f"{each}Probe")]
    if missing:
        yield Found("no-probes" if len(missing) == 2 else f"no-{missing[0][:-5]}-probe", _name(container), None,
                    " and ".join(missing))  # fmt: skip


def _ports(container: Json, _spec: Json, _kind: str) -> Iterator[Found]:
    for each in mappings(container.get("ports")):
        if not text(each.get("name")):
            yield Found("port-by-number", _name(container), word(each.get("containerPort")), "a name for the port")
    for probe in ("liveness", "readiness", "startup"):
        for how in ("httpGet", "tcpSocket"):
            port = at(container.get(f"{probe}Probe"), how, "port")
            if integer(port) is not None:
                yield Found("port-by-number", _name(container), f"{probe}Probe {port}", "the port's name")


def _image(container: Json, _spec: Json, _kind: str) -> Iterator[Found]:
    image = text(container.get("image"))
    last = (image or "").rpartition("/")[2]
    if image and "@" not in last and (":" not in last or last.endswith(":latest")):
        yield Found("latest-tag", _name(container), image, "a fixed tag or digest")


def _rights(container: Json, spec: Json, _kind: str) -> Iterator[Found]:
    own, whole = mapping(container.get("securityContext")), mapping(spec.get("securityContext"))
    if own.get("privileged") is True:
        yield Found("privileged", _name(container), "privileged: true")
    user = integer(own.get("runAsUser", whole.get("runAsUser")))
    if own.get("runAsNonRoot", whole.get("runAsNonRoot")) is not True and not user:
        yield Found("may-run-as-root", _name(container), None, "securityContext.runAsNonRoot: true")


def _name(container: Json) -> str:
    return text(container.get("name")) or "container"


_Check = Callable[[Json, Json, str], Iterator[Found]]
_MAIN: Final[tuple[_Check, ...]] = (_resources, _probes, _ports)
_ANY: Final[tuple[_Check, ...]] = (_image, _rights)


# --- other kinds -----------------------------------------------------------------------------------------
def _service(obj: Json) -> Iterator[Found]:
    spec = mapping(obj.get("spec"))
    kind, policy = text(spec.get("type")), text(spec.get("externalTrafficPolicy"))
    for each in mappings(spec.get("ports")):
        if spec.get("selector") and integer(each.get("targetPort")) is not None:
            yield Found("port-by-number", "targetPort", word(each["targetPort"]), "the container port's name")
    if kind == "LoadBalancer":
        yield Found("load-balancer", "type", kind)
        if policy != "Local":
            yield Found("client-address-hidden", "externalTrafficPolicy", policy or "Cluster", "Local")
    if kind == "NodePort":
        yield Found("node-port", "type", kind)
        if policy == "Local":
            yield Found("node-port-local", "externalTrafficPolicy", policy, "Cluster")


def _ingress(obj: Json) -> Iterator[Found]:
    for service, port, _host, _path in ingress_backends(obj.get("spec")):
        if port and port.isdecimal():
            yield Found("port-by-number", f"backend {service}", port, "the Service port's name")


def _configmap(obj: Json) -> Iterator[Found]:
    found = [*mapping(obj.get("data")).values(), *mapping(obj.get("binaryData")).values()]
    size = sum(len(each) for each in found if type(each) is str)
    if not found:
        yield Found("empty-configmap", "data")
    if size > LARGE_BYTES:
        yield Found("large-configmap", "data", f"{size // 1024} KiB", "below 1 MiB")


def _account(obj: Json) -> Iterator[Found]:
    name = text(at(obj, "metadata", "name"))
    if name == "default" and obj.get("automountServiceAccountToken") is True:
        yield Found("default-account-automounts", "automountServiceAccountToken", "true", "false")


def _report(obj: Json) -> Iterator[Found]:
    """What a policy engine (Kyverno and others) found; its reports are API objects."""
    for result in mappings(obj.get("results")):
        if result.get("result") in ("fail", "error"):
            about = mapping(next(iter(sequence(result.get("resources"))), None)) or mapping(obj.get("scope"))
            on = f"{text(about.get('kind')) or ''} {text(about.get('name')) or ''}".strip().lower()
            policy = "/".join(filter(None, (text(result.get("policy")), text(result.get("rule")))))
            yield Found("policy-violated", policy or "policy", on or None, text(result.get("message")))


def _deprecated(obj: Json) -> Iterator[Found]:
    """The API version that the object was last applied with; the API server itself shows today's."""
    applied = text(at(obj, "metadata", "annotations", APPLIED))
    if not applied or not ("beta" in applied or "alpha" in applied):
        return
    try:
        manifest = mapping(orjson.loads(applied))
    except orjson.JSONDecodeError:
        return
    row = removed().get((str(manifest.get("apiVersion")), str(manifest.get("kind"))))
    if row:
        yield Found("deprecated-api", "apiVersion", str(manifest["apiVersion"]), row.use or None)


KINDS: Final[Mapping[str, tuple[Callable[[Json], Iterator[Found]], ...]]] = {
    "service": (_service,),
    "ingress": (_ingress,),
    "configmap": (_configmap,),
    "serviceaccount": (_account,),
    "policyreport": (_report,),
    "clusterpolicyreport": (_report,),
}
"""kind -> its checks."""
OF_ALL: Final = (_deprecated,)
