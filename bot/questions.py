"""What is asked: a kind of thing and its name, a paste, manifests, or the whole cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OBJECT_KINDS: Final = {
    "pod": "pod",
    "node": "node",
    "service": "service",
    "deployment": "deployment",
    "rc": "replicationcontroller",
    "statefulset": "statefulset",
    "daemonset": "daemonset",
    "job": "job",
    "cronjob": "cronjob",
    "pvc": "persistentvolumeclaim",
    "ingress": "ingress",
    "hpa": "horizontalpodautoscaler",
}
"""The kinds a person may ask about: the word of the command line -> the Kubernetes kind in lower case."""


@dataclass(frozen=True, slots=True)
class Question:
    """`kind` is a word of OBJECT_KINDS, or explain, summary, lint, host, etcd, check.

    `name` is what the person typed: `web-0`, `shop/web-0`, a UID, the beginning of either (also with a trailing
    `...`), a host, an etcd path. `namespace` is set once the object is known, or when the person gave it.
    """

    kind: str
    name: str = ""
    text: str = ""

    def label(self) -> dict[str, str]:
        return {"kind": self.kind, "name": self.name} if self.name else {"kind": self.kind}
