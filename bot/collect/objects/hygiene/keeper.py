"""What hygiene needs of each object while the lists stream in: nothing of the object itself is kept."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.hygiene import single
from bot.collect.objects.hygiene.lints import SYSTEM, Lints
from bot.collect.objects.resources import WORKLOADS
from bot.collect.objects.values import Json, at, labels, mapping, mappings, text

Key = tuple[str, str | None, str]
Toleration = tuple[str | None, str, str | None, str | None]
READ_BY_OTHERS: Final = frozenset({
    "grafana_dashboard", "grafana_datasource", "prometheus_rule", "fluentd_config", "k8sgpt.ai/dynamically-loaded",
    "argocd.argoproj.io/secret-type", "control-plane.alpha.kubernetes.io/leader",
})  # fmt: skip
"""Labels and annotations of ConfigMaps and Secrets that programs find by themselves, through the API."""
OWN_TYPES: Final = (
    "kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/", "istio.io/",
)  # fmt: skip
"""Beginnings of types of Secrets that their makers read."""
EVERYWHERE: Final = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"})


class Keeper:
    """Lints of single objects, and who uses what."""

    def __init__(self) -> None:
        self.lints = Lints()
        self.used: dict[Key, set[str | None]] = defaultdict(set)
        """(kind, namespace, name) -> the keys of it that are used, None: all."""
        self.holders: dict[Key, frozenset[str]] = {}
        """ConfigMaps and Secrets that only Pods read -> their keys."""
        self.tolerations: set[Toleration] = set()
        self.identities: dict[str, str | None] = {}
        """Cilium identities -> the namespace of their labels."""
        self.identities_in_use: set[str] = set()

    def take(self, kind: str, namespace: str | None, name: str, obj: Json) -> None:
        metadata = mapping(obj.get("metadata"))
        spec = _pod_spec(kind, obj)
        if spec:
            self._use(namespace, spec)
        owned = reading.owner(metadata) is not None
        if spec and not owned:
            for found in single.template(spec, kind):
                self.lints.add(kind, namespace, name, found)
        for check in (*single.KINDS.get(kind, ()), *single.OF_ALL):
            for found in check(obj):
                if not owned or found.check == "policy-violated":
                    self.lints.add(kind, namespace, name, found)
        if kind in ("configmap", "secret"):
            self._hold(kind, namespace, name, obj, metadata)
        elif kind == "serviceaccount":
            for field in ("secrets", "imagePullSecrets"):
                for each in mappings(obj.get(field)):
                    self._name("secret", namespace, text(each.get("name")))
        elif kind == "ingress":
            for each in mappings(at(obj.get("spec"), "tls")):
                self._name("secret", namespace, text(each.get("secretName")))
        elif kind == "gateway":
            for listener in mappings(at(obj.get("spec"), "listeners")):
                for each in mappings(at(listener, "tls", "certificateRefs")):
                    self._name("secret", text(each.get("namespace")) or namespace, text(each.get("name")))
        elif kind == "ciliumidentity":
            found_labels = labels(obj.get("security-labels"))
            self.identities[name] = found_labels.get("k8s:io.kubernetes.pod.namespace")
        elif kind == "ciliumendpoint":
            number = at(obj, "status", "identity", "id")
            if number is not None:
                self.identities_in_use.add(str(number))

    def _hold(self, kind: str, namespace: str | None, name: str, obj: Json, metadata: Json) -> None:
        if namespace in SYSTEM or name in EVERYWHERE or metadata.get("ownerReferences"):
            return
        if str(obj.get("type") or "").startswith(OWN_TYPES):
            return
        marks = mapping(metadata.get("labels")).keys() | mapping(metadata.get("annotations")).keys()
        if marks & READ_BY_OTHERS:
            return
        fields = [mapping(obj.get(field)) for field in ("data", "stringData", "binaryData")]
        self.holders[kind, namespace, name] = frozenset(str(key) for each in fields for key in each)

    def _use(self, namespace: str | None, spec: Json) -> None:
        for each in reading.references(spec):
            self.used[each.to_kind, namespace, each.name].add(each.key)
        if not (text(spec.get("serviceAccountName")) or text(spec.get("serviceAccount"))):
            self.used["serviceaccount", namespace, "default"].add(None)
        for toleration in mappings(spec.get("tolerations")):
            self.tolerations.add((
                text(toleration.get("key")), text(toleration.get("operator")) or "Equal", text(toleration.get("value")),
                text(toleration.get("effect")),
            ))  # fmt: skip

    def _name(self, kind: str, namespace: str | None, name: str | None) -> None:
        if name:
            self.used[kind, namespace, name].add(None)


def _pod_spec(kind: str, obj: Json) -> Json:
    if kind == "pod":
        return mapping(obj.get("spec"))
    if kind in WORKLOADS:
        path = ("jobTemplate", "spec", "template", "spec") if kind == "cronjob" else ("template", "spec")
        return mapping(at(obj.get("spec"), *path))
    return {}
