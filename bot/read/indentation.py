"""Gives YAML its indentation back where chat took it away and the names of the fields leave no doubt."""

from __future__ import annotations

import re
from typing import Final

_KEY = re.compile(r"(- )?\"?([A-Za-z][\w./-]{0,120})\"?:(?: (.*))?$")

_CHILDREN: Final[dict[str, frozenset[str]]] = {
    parent: frozenset(children.split())
    for parent, children in {
        "metadata": "name namespace labels annotations uid resourceVersion creationTimestamp generateName "
        "ownerReferences generation selfLink "
        "finalizers deletionTimestamp deletionGracePeriodSeconds",
        "spec": "replicas selector template containers initContainers volumes nodeName restartPolicy "
        "serviceAccountName ports type clusterIP "
        "strategy nodeSelector tolerations imagePullSecrets schedule jobTemplate accessModes resources "
        "storageClassName volumeName rules "
        "tls ingressClassName minReplicas maxReplicas scaleTargetRef affinity hostNetwork dnsPolicy sessionAffinity "
        "schedulerName "
        "terminationGracePeriodSeconds securityContext serviceAccount priority enableServiceLinks preemptionPolicy",
        "status": "conditions containerStatuses initContainerStatuses phase reason message podIP hostIP qosClass "
        "startTime replicas readyReplicas "
        "availableReplicas observedGeneration loadBalancer capacity podIPs hostIPs unavailableReplicas updatedReplicas",
        "template": "metadata spec",
        "selector": "matchLabels matchExpressions",
        "state": "waiting running terminated",
        "lastState": "waiting running terminated",
        "waiting": "reason message",
        "terminated": "reason message exitCode startedAt finishedAt containerID signal",
        "running": "startedAt",
        "resources": "limits requests",
        "limits": "cpu memory ephemeral-storage",
        "requests": "cpu memory ephemeral-storage storage",
        "livenessProbe": "httpGet tcpSocket exec initialDelaySeconds periodSeconds timeoutSeconds failureThreshold "
        "successThreshold",
        "readinessProbe": "httpGet tcpSocket exec initialDelaySeconds periodSeconds timeoutSeconds failureThreshold "
        "successThreshold",
        "httpGet": "path port scheme host",
        "valueFrom": "secretKeyRef configMapKeyRef fieldRef",
        "secretKeyRef": "name key optional",
        "configMapKeyRef": "name key optional",
        "env": "value valueFrom",
        "containers": "image command args ports env envFrom resources livenessProbe readinessProbe volumeMounts "
        "imagePullPolicy securityContext name",
        "containerStatuses": "containerID image imageID lastState name ready restartCount started state",
        "conditions": "lastProbeTime lastTransitionTime message reason status type lastUpdateTime observedGeneration",
        "ports": "containerPort port targetPort protocol name nodePort",
        "volumeMounts": "mountPath name readOnly subPath",
        "volumes": "name secret configMap emptyDir hostPath persistentVolumeClaim",
        "secret": "secretName defaultMode items optional",
        "configMap": "name defaultMode items optional",
        "hostPath": "path type",
        "persistentVolumeClaim": "claimName readOnly",
    }.items()
}
"""A field -> the fields that stand below it (below its items, when it holds a list)."""
_CHILDREN_OF_TOP: Final = frozenset(
    {"apiVersion", "kind", "metadata", "spec", "status", "data", "stringData", "items", "subsets"}
)
_OPEN: Final = frozenset({"labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData"})
"""Fields below which any name may stand."""


def repair(texts: list[str]) -> list[str] | None:
    """The lines indented anew; None when some have indentation already or a field's place is not known."""
    lines = [text.rstrip() for text in texts if text.strip() and text.strip() != "---"]
    if len(lines) < 3 or len(lines) > 5000 or any(line.startswith(" ") for line in lines):
        return None
    out: list[str] = []
    stack: list[tuple[str, int]] = [("", -2)]
    for line in lines:
        found = _KEY.match(line)
        if not found:
            if not line.startswith("- ") or len(stack) < 2:
                return None
            out.append(" " * (stack[-1][1] + 2) + line)
            continue
        dash, name, value = found.groups()
        depth = len(stack) - 1
        while depth >= 0 and not _fits(stack[depth][0], name, bool(dash), out):
            depth -= 1
        if depth < 0:
            return None
        del stack[depth + 1 :]
        parent, indent = stack[-1]
        here = indent + 2
        if dash:
            out.append(" " * here + line)
        else:
            listed = parent in _LISTS and depth > 0
            here += 2 if listed else 0
            out.append(" " * here + line)
        if value is None or not value.strip():
            stack.append((name, here + (2 if dash else 0)))
        elif dash and name not in ("name", "type"):
            pass
    return out


_LISTS: Final = frozenset(
    {
        "containers",
        "containerStatuses",
        "initContainerStatuses",
        "conditions",
        "ports",
        "volumeMounts",
        "volumes",
        "env",
        "initContainers",
    }
)


def _fits(parent: str, name: str, dash: bool, out: list[str]) -> bool:
    if parent == "":
        return name in _CHILDREN_OF_TOP and not dash
    if parent in _OPEN:
        return not dash and name not in _CHILDREN_OF_TOP and name not in ("name", "namespace", "uid")
    known = _CHILDREN.get(
        "containers"
        if parent == "initContainers"
        else "containerStatuses"
        if parent == "initContainerStatuses"
        else parent
    )
    if known is None:
        return False
    return (
        name in known
        and (not dash or parent in _LISTS)
        and (dash or parent not in _LISTS or any("- " in text for text in out[-40:]))
    )
