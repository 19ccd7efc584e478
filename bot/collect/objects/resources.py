"""Names of API kinds: from whatever a file, a list or a person calls one to the kind in lower case.

>>> kind_of("PodList"), kind_of("replication-controllers"), kind_of("networkpolicies.networking.k8s.io"), kind_of("pvc")
('pod', 'replicationcontroller', 'networkpolicy', 'persistentvolumeclaim')
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_SHORT: Final = {
    "po": "pod", "no": "node", "minion": "node", "svc": "service", "ep": "endpoints", "endpoint": "endpoints",
    "ev": "event", "ns": "namespace", "deploy": "deployment", "rs": "replicaset", "rc": "replicationcontroller",
    "sts": "statefulset", "ds": "daemonset", "cj": "cronjob", "pvc": "persistentvolumeclaim",
    "pv": "persistentvolume", "sc": "storageclass", "ing": "ingress", "hpa": "horizontalpodautoscaler",
    "netpol": "networkpolicy", "quota": "resourcequota", "limits": "limitrange", "sa": "serviceaccount",
    "cm": "configmap", "pdb": "poddisruptionbudget", "crb": "clusterrolebinding", "csr": "certificatesigningrequest",
    "cs": "componentstatus", "componentstatuse": "componentstatus",
}  # fmt: skip

CLUSTER_SCOPED: Final = frozenset({
    "node", "namespace", "persistentvolume", "storageclass", "ingressclass", "priorityclass", "clusterrole",
    "clusterrolebinding", "mutatingwebhookconfiguration", "validatingwebhookconfiguration", "apiservice",
    "certificatesigningrequest", "customresourcedefinition", "volumeattachment", "csidriver", "csinode",
    "runtimeclass", "componentstatus", "gatewayclass", "clustercatalog", "clusterextension", "ciliumidentity",
    "clusterpolicyreport",
})  # fmt: skip

WORKLOADS: Final = (
    "deployment", "replicaset", "statefulset", "daemonset", "replicationcontroller", "job", "cronjob",
)  # fmt: skip


@lru_cache(maxsize=1024)
def kind_of(name: str) -> str:
    """The kind in lower case for a kind, list kind, plural, short name or file stem."""
    low = name.split(".", 1)[0].replace("-", "").replace("_", "").lower()
    if low.endswith("list") and low not in ("list", "whitelist"):
        low = low[:-4]
    if low in _SHORT:
        return _SHORT[low]
    if low != "endpoints":
        if low.endswith("ies"):
            low = low[:-3] + "y"
        elif low.endswith(("sses", "uses")):
            low = low[:-2]
        elif low.endswith("s") and not low.endswith(("ss", "us")):
            low = low[:-1]
    return _SHORT.get(low, low)
