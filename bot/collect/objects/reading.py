"""Parts that several kinds share, from JSON to records: conditions, selectors, containers, probes, references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bot.collect.objects.records import (
    Condition,
    Container,
    Ended,
    NodeTerms,
    Owner,
    Port,
    Probe,
    Reference,
    Selector,
    Term,
)
from bot.collect.objects.resources import kind_of
from bot.collect.objects.values import (
    NOTHING,
    Json,
    at,
    boolean,
    integer,
    joined,
    labels,
    mapping,
    mappings,
    message,
    moment,
    sequence,
    text,
    word,
)

MAX_COMMAND: Final = 1000
MAX_REFERENCES: Final = 300
"""References kept of one Pod or template; the largest ones seen have some 120 variables out of one Secret."""


def conditions(status: object) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            each["type"],
            str(each.get("status")),
            text(each.get("reason")),
            message(each.get("message")),
            moment(each.get("lastTransitionTime")),
        )
        for each in mappings(mapping(status).get("conditions"))
        if text(each.get("type"))
    )


def selector(value: object) -> Selector | None:
    """A LabelSelector or a plain map of labels; None when the object has none."""
    if type(value) is not dict:
        return None
    if "matchLabels" not in value and "matchExpressions" not in value:
        return Selector(labels(value))
    terms = tuple(
        Term(each["key"], str(each.get("operator")), tuple(str(v) for v in sequence(each.get("values"))))
        for each in mappings(value.get("matchExpressions"))
        if text(each.get("key"))
    )
    return Selector(labels(value.get("matchLabels")), terms)


def node_terms(required: object) -> NodeTerms:
    """A node selector's alternatives, with their expressions on labels and on the node's name alike."""
    return tuple(
        tuple(
            Term(each["key"], str(each.get("operator")), tuple(str(v) for v in sequence(each.get("values"))))
            for key in ("matchExpressions", "matchFields")
            for each in mappings(term.get(key))
            if text(each.get("key"))
        )
        for term in mappings(mapping(required).get("nodeSelectorTerms"))
    )


def shown_pod_affinity(spec: Json, kind: str) -> str | None:
    """The selector of the first required term of `podAffinity` or `podAntiAffinity`."""
    terms = mappings(at(spec, "affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"))
    return shown_selector(selector(terms[0].get("labelSelector"))) if terms else None


def shown_terms(terms: Iterable[Term]) -> list[str]:
    return [f"{t.key} {t.operator} {'|'.join(t.values)}".rstrip() for t in terms]


def shown_node_terms(found: NodeTerms) -> str | None:
    return " or ".join(", ".join(shown_terms(terms)) for terms in found if terms) or None


def shown_selector(found: Selector | None) -> str | None:
    if found is None:
        return None
    pairs = [f"{key}={found.pairs[key]}" for key in sorted(found.pairs)]
    return ",".join(pairs + shown_terms(found.terms)) or None


def owner(metadata: Json) -> Owner | None:
    """The controller among the owner references."""
    references = mappings(metadata.get("ownerReferences"))
    for each in references:
        if each.get("controller") is True or len(references) == 1:
            kind, name = text(each.get("kind")), text(each.get("name"))
            if kind and name:
                return Owner(kind_of(kind), name)
    return None


def ports(container: Json) -> tuple[Port, ...]:
    found = container.get("ports")
    if not found:
        return ()
    return tuple(
        Port(text(each.get("name")), integer(each.get("containerPort")), text(each.get("protocol")) or "TCP")
        for each in mappings(found)
    )


def _command(container: Json) -> str | None:
    parts = [word(each) for key in ("command", "args") for each in sequence(container.get(key))]
    return " ".join(each for each in parts if each)[:MAX_COMMAND] or None


def _probe(name: str, value: object) -> Probe | None:
    spec = mapping(value)
    if not spec:
        return None
    kind = port = path = command = None
    if "httpGet" in spec:
        kind = "http"
        port, path = word(at(spec, "httpGet", "port")), text(at(spec, "httpGet", "path"))
    elif "tcpSocket" in spec:
        kind, port = "tcp", word(at(spec, "tcpSocket", "port"))
    elif "exec" in spec:
        kind = "exec"
        command = " ".join(str(each) for each in sequence(at(spec, "exec", "command")))[:MAX_COMMAND] or None
    elif "grpc" in spec:
        kind, port = "grpc", word(at(spec, "grpc", "port"))
    return Probe(
        name,
        kind,
        port,
        path,
        command,
        integer(spec.get("initialDelaySeconds")) or 0,
        integer(spec.get("timeoutSeconds")) or 1,
        integer(spec.get("periodSeconds")) or 10,
        integer(spec.get("failureThreshold")) or 3,
    )


def probes(container: Json) -> tuple[Probe, ...]:
    found = (_probe(name, container.get(f"{name}Probe")) for name in ("liveness", "readiness", "startup"))
    return tuple(each for each in found if each)


def _amounts(value: object) -> Mapping[str, str]:
    found = mapping(value)
    return {str(key): word(item) or "" for key, item in found.items() if word(item)} if found else NOTHING


def ended(value: object) -> Ended | None:
    state = mapping(mapping(value).get("terminated"))
    if not state:
        return None
    return Ended(
        text(state.get("reason")),
        message(state.get("message")),
        integer(state.get("exitCode")),
        integer(state.get("signal")),
        moment(state.get("startedAt")),
        moment(state.get("finishedAt")),
    )


def container(spec: Json, role: str, status: Json) -> Container:
    """One container with its state; `status` is empty for a template."""
    resources = mapping(spec.get("resources"))
    found = Container(
        text(spec.get("name")) or text(status.get("name")) or "",
        "sidecar" if role == "init" and spec.get("restartPolicy") == "Always" else role,
        text(spec.get("image")) or text(status.get("image")),
        _command(spec),
        ports(spec),
        _amounts(resources.get("requests")),
        _amounts(resources.get("limits")),
        probes(spec),
    )
    if not status:
        return found
    state = mapping(status.get("state"))
    for name in ("waiting", "running", "terminated"):
        if type(state.get(name)) is dict:
            found.state = name
            found.reason = text(state[name].get("reason"))
            found.message = message(state[name].get("message"))
            found.since = moment(state[name].get("startedAt")) if name == "running" else None
            break
    found.ended = ended(state)
    found.last = ended(status.get("lastState"))
    found.restarts = integer(status.get("restartCount"))
    found.ready = boolean(status.get("ready"))
    found.started = boolean(status.get("started"))
    return found


_ROLES: Final = (
    ("initContainers", "initContainerStatuses", "init"),
    ("containers", "containerStatuses", "main"),
    ("ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"),
)


def containers(spec: Json, status: Json) -> tuple[Container, ...]:
    found = []
    for spec_key, status_key, role in _ROLES:
        by_name = {each.get("name"): each for each in mappings(status.get(status_key)) if text(each.get("name"))}
        specs = mappings(spec.get(spec_key))
        if not specs and by_name:
            specs = [{"name": name} for name in by_name]
        found += [container(each, role, by_name.get(text(each.get("name")), NOTHING)) for each in specs]
    return tuple(found)


def references(spec: Json) -> tuple[Reference, ...]:
    """What a Pod spec names: Secrets, ConfigMaps, claims, its ServiceAccount."""
    found: dict[Reference, None] = {}
    for each in _references(spec):
        found[each] = None
        if len(found) == MAX_REFERENCES:
            break
    return tuple(found)


def _references(spec: Json) -> Iterator[Reference]:
    account = text(spec.get("serviceAccountName")) or text(spec.get("serviceAccount"))
    if account:
        yield Reference("serviceaccount", account, None, False, "serviceAccountName")
    for each in mappings(spec.get("imagePullSecrets")):
        if text(each.get("name")):
            yield Reference("secret", each["name"], None, False, "imagePullSecret")
    for volume in mappings(spec.get("volumes")):
        yield from _volume_references(volume)
    for key in ("initContainers", "containers"):
        for each in mappings(spec.get(key)):
            yield from _environment_references(each)


def _environment_references(spec: Json) -> Iterator[Reference]:
    name = text(spec.get("name"))
    for each in mappings(spec.get("env")):
        for field, kind in (("secretKeyRef", "secret"), ("configMapKeyRef", "configmap")):
            ref = mapping(at(each, "valueFrom", field))
            if text(ref.get("name")):
                yield Reference(kind, ref["name"], text(ref.get("key")), ref.get("optional") is True, "env", name)
    for each in mappings(spec.get("envFrom")):
        for field, kind in (("secretRef", "secret"), ("configMapRef", "configmap")):
            ref = mapping(each.get(field))
            if text(ref.get("name")):
                yield Reference(kind, ref["name"], None, ref.get("optional") is True, "envFrom", name)


def _volume_references(volume: Json) -> Iterator[Reference]:
    name = text(volume.get("name"))
    claim = text(at(volume, "persistentVolumeClaim", "claimName"))
    if claim:
        yield Reference("persistentvolumeclaim", claim, None, False, "volume", None, name)
    elif type(volume.get("ephemeral")) is dict:
        return
    sources = [volume, *mappings(at(volume, "projected", "sources"))]
    for source in sources:
        for field, kind, key in (("secret", "secret", "secretName"), ("configMap", "configmap", "name")):
            ref = mapping(source.get(field))
            target = text(ref.get(key)) or text(ref.get("name"))
            if not target:
                continue
            optional = ref.get("optional") is True
            items = [text(each.get("key")) for each in mappings(ref.get("items"))]
            for item in items or [None]:
                yield Reference(kind, target, item, optional, "volume", None, name)


def finalizers(metadata: Json) -> str | None:
    return joined(each for each in sequence(metadata.get("finalizers")) if type(each) is str)
