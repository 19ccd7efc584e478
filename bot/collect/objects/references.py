"""References whose target is missing: what a told Pod or a short controller names, a StatefulSet's Service,
an Ingress's certificate, an autoscaler's target."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.collect.objects.pods import MADE_BY_THE_CLUSTER
from bot.collect.objects.records import Pod, PodDetail, Reference, Thing, Workload
from bot.collect.objects.resources import CLUSTER_SCOPED, kind_of
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import at, mapping, mappings, namespaced, similar, text
from rules.kinds import Scalar, Source

MAX_REFERENCES: Final = 2000


def project(situation: Situation) -> None:
    teller = _Teller(situation)
    for pod in situation.told:
        if pod.detail and situation.is_detailed(pod):
            where: dict[str, Scalar | None] = {
                "pod": pod.key,
                "workload": situation.top(pod),
                "node": pod.node,
            }
            teller.tell(pod.subject, "pod", pod.namespace, pod.detail.references, where)
            _changed_since(situation, pod, pod.detail)
    for workload in situation.inventory.workloads.values():
        asked = situation.is_asked(workload.kind, workload.namespace, workload.name)
        if workload.service_name:
            reference = Reference("service", workload.service_name, None, False, "serviceName")
            teller.tell(
                workload.subject,
                workload.kind,
                workload.namespace,
                (reference,),
                {"workload": workload.subject},
            )
        if workload.references and (asked or _may_lack(situation, workload)):
            where = {"workload": situation.top_of(workload)}
            teller.tell(workload.subject, workload.kind, workload.namespace, workload.references, where)
    _ingress_certificates(situation, teller)
    _autoscaler_targets(situation, teller)


def _changed_since(situation: Situation, pod: Pod, detail: PodDetail) -> None:
    """ConfigMaps and Secrets that were written after a container took its variables from them."""
    for container in detail.containers:
        if container.state != "running" or container.since is None:
            continue
        for kind, name in dict.fromkeys(
            (each.to_kind, each.name)
            for each in detail.references
            if each.how in ("env", "envFrom") and each.container == container.name
        ):
            written = situation.inventory.changed.get((kind, pod.namespace, name))
            if written is not None and written > container.since:
                situation.fact(
                    "config_change",
                    Source(f"{kind} {namespaced(pod.namespace, name)}", "metadata", f"written after {pod.key} started"),
                    pod=pod.key,
                    container=container.name,
                    node=pod.node,
                    workload=situation.top(pod),
                    kind=kind,
                    name=name,
                    changed_s=situation.age(written),
                    running_s=situation.age(container.since),
                )


def _may_lack(situation: Situation, workload: Workload) -> bool:
    """Short of Pods, and none that is in trouble can tell what its template lacks; those of an older one are well."""
    if not (situation.is_short(workload) or situation.is_sick(workload)):
        return False
    return not any(pod.detail and pod in situation.sick_set for pod in situation.pods_of(workload))


class _Teller:
    """Looks references up, each only once."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._told = 0
        self._found: dict[tuple[object, ...], tuple[bool | None, bool | None, str | None, str | None]] = {}

    def tell(
        self,
        subject: str,
        from_kind: str,
        namespace: str | None,
        references: Iterable[Reference],
        where: dict[str, Scalar | None],
    ) -> None:
        for each in references:
            if (each.to_kind, each.name) in MADE_BY_THE_CLUSTER:
                continue
            target_namespace = None if each.to_kind in CLUSTER_SCOPED else namespace
            exists, key_exists, near, elsewhere = self._look_up(target_namespace, each)
            if exists is None or (exists and key_exists is not False):
                continue
            target = namespaced(target_namespace, each.name)
            if not each.optional:
                self._situation.relate(f"{each.to_kind} {target}", subject, _VERBS.get(each.to_kind, "is named by"))
            if self._told >= MAX_REFERENCES:
                continue
            self._told += 1
            self._situation.fact(
                "reference",
                Source(
                    subject,
                    f"{each.how} {each.container or each.volume or ''}".strip(),
                    f"{each.to_kind} {each.name}",
                ),
                object=subject,
                namespace=namespace,
                container=each.container,
                volume=each.volume,
                from_kind=from_kind,
                to_kind=each.to_kind,
                to=target,
                to_name=each.name,
                to_namespace=target_namespace,
                key=each.key,
                exists=exists,
                key_exists=key_exists,
                optional=each.optional,
                how=each.how,
                similar=near,
                elsewhere=elsewhere,
                other_kind=self._other_kind(target_namespace, each) if not exists else None,
                **where,
            )

    def _other_kind(self, namespace: str | None, each: Reference) -> str | None:
        """The two kinds of configuration are easily taken for one another."""
        other = {"configmap": "secret", "secret": "configmap"}.get(each.to_kind)
        found = other is not None and self._situation.inventory.exists(other, namespace, each.name) is True
        return _AS_WRITTEN[other] if other and found else None

    def _look_up(
        self, namespace: str | None, each: Reference
    ) -> tuple[bool | None, bool | None, str | None, str | None]:
        key = (each.to_kind, namespace, each.name, each.key)
        if key not in self._found:
            self._found[key] = self._search(namespace, each)
        return self._found[key]

    def _search(
        self, namespace: str | None, each: Reference
    ) -> tuple[bool | None, bool | None, str | None, str | None]:
        inventory = self._situation.inventory
        exists = inventory.exists(each.to_kind, namespace, each.name)
        if exists is None:
            return None, None, None, None
        if not exists:
            near = similar(each.name, sorted(inventory.names.get((each.to_kind, namespace), ())))
            if near is None and each.key is not None:
                near = self._with_key(namespace, each)
            elsewhere = inventory.elsewhere(each.to_kind, namespace, each.name) if namespace else None
            return False, None, near, elsewhere
        keys = inventory.keys.get((each.to_kind, namespace, each.name))
        if each.key is None or keys is None:
            return True, None, None, None
        if not keys and each.to_kind == "secret":
            return True, None, None, None  # recorded with its secrets left out
        near = similar(each.key, sorted(keys)) if each.key not in keys else None
        return True, each.key in keys, near, None

    def _with_key(self, namespace: str | None, reference: Reference) -> str | None:
        """The only object there that has the wanted key."""
        found = [
            name
            for (kind, where, name), keys in self._situation.inventory.keys.items()
            if kind == reference.to_kind and where == namespace and reference.key in keys
        ]
        return found[0] if len(found) == 1 else None


_AS_WRITTEN: Final = {"configmap": "ConfigMap", "secret": "Secret"}
_VERBS: Final = {
    "secret": "is used by",
    "configmap": "is used by",
    "serviceaccount": "runs",
    "persistentvolumeclaim": "is mounted by",
    "service": "names",
}


def _ingress_certificates(situation: Situation, teller: _Teller) -> None:
    for ingress in situation.inventory.all_of("ingress"):
        names = [text(each.get("secretName")) for each in mappings(at(ingress.fields.get("spec"), "tls"))]
        references = [Reference("secret", name, None, False, "tls") for name in names if name]
        teller.tell(ingress.subject, "ingress", ingress.namespace, references, {})


def _autoscaler_targets(situation: Situation, teller: _Teller) -> None:
    for autoscaler in situation.inventory.all_of("horizontalpodautoscaler"):
        target = scale_target(autoscaler)
        if target:
            reference = Reference(target[0], target[1], None, False, "scaleTarget")
            teller.tell(autoscaler.subject, autoscaler.kind, autoscaler.namespace, (reference,), {})


def scale_target(autoscaler: Thing) -> tuple[str, str] | None:
    """(kind, name) of what an autoscaler scales."""
    found = mapping(mapping(autoscaler.fields.get("spec")).get("scaleTargetRef"))
    kind, name = text(found.get("kind")), text(found.get("name"))
    return (kind_of(kind), name) if kind and name else None
