"""What objects of v1beta1 and v1beta2 may hold (Kubernetes before 1.0): flat services, pods in a `manifest`.

Written down from the API of that time, in the form of today's schemas so that one checker serves both. Parts that
nobody writes by hand (statuses, endpoints, events) are left open.
"""

from __future__ import annotations

from typing import Any, Final

_STRING: Final = {"type": ["string", "null"]}
_INTEGER: Final = {"type": ["integer", "null"]}
_BOOLEAN: Final = {"type": ["boolean", "null"]}
_LABELS: Final = {"type": ["object", "null"], "additionalProperties": {"type": ["string", "null"]}}
_OPEN: Final = {"type": ["object", "null"]}
_PORT: Final[dict[str, Any]] = {"oneOf": [{"type": ["string", "null"]}, {"type": ["integer", "null"]}]}
_QUANTITY: Final[dict[str, Any]] = {"oneOf": [{"type": ["string", "null"]}, {"type": ["number", "null"]}]}


_TOP_WORDS: Final = "kind apiVersion id uid namespace creationTimestamp selfLink generateName deletionTimestamp".split()


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": of}


def _object(required: tuple[str, ...] = (), /, **fields: Any) -> dict[str, Any]:
    return {
        "type": ["object", "null"], "properties": fields, "required": list(required), "additionalProperties": False,
    }  # fmt: skip


def _kind(**fields: Any) -> dict[str, Any]:
    """Fields that every object of that time has at its top."""
    common = dict.fromkeys(_TOP_WORDS, _STRING)
    return _object(**common, resourceVersion=_PORT, labels=_LABELS, annotations=_LABELS, **fields)


_WORDS = _list({"type": "string"})
_HANDLER = {"exec": _object(command=_WORDS), "httpGet": _object(path=_STRING, port=_PORT, host=_STRING),
            "tcpSocket": _object(port=_PORT)}  # fmt: skip

LEGACY_DEFINITIONS: Final[dict[str, Any]] = {
    "Service": _kind(
        port=_INTEGER, protocol=_STRING, portName=_STRING, selector=_LABELS, portalIP=_STRING, containerPort=_PORT,
        createExternalLoadBalancer=_BOOLEAN, publicIPs=_WORDS, proxyPort=_INTEGER, sessionAffinity=_STRING,
        ports=_list(_object(("port",), name=_STRING, protocol=_STRING, port=_INTEGER, containerPort=_PORT)),
    ),
    "ReplicationController": _kind(desiredState=_ref("ControllerState"), currentState=_OPEN),
    "ControllerState": _object(replicas=_INTEGER, replicaSelector=_LABELS, podTemplate=_ref("PodTemplate")),
    "PodTemplate": _object(desiredState=_ref("PodState"), labels=_LABELS, annotations=_LABELS, nodeSelector=_LABELS,
                           id=_STRING),
    "PodState": _object(manifest=_ref("ContainerManifest"), status=_STRING, host=_STRING, hostIP=_STRING,
                        podIP=_STRING, info=_OPEN, message=_STRING, Condition=_list(_OPEN)),
    "ContainerManifest": _object(
        version=_STRING, id=_STRING, uuid=_STRING, volumes=_list(_ref("Volume")), containers=_list(_ref("Container")),
        restartPolicy={"type": ["object", "string", "null"]}, dnsPolicy=_STRING, hostNetwork=_BOOLEAN,
    ),
    "Volume": _object(name=_STRING, source=_OPEN, emptyDir=_OPEN, hostDir=_OPEN, secret=_OPEN,
                      persistentDisk=_OPEN, gitRepo=_OPEN, nfs=_OPEN, iscsi=_OPEN, glusterfs=_OPEN),
    "Container": _object(
        name=_STRING, image=_STRING, command=_WORDS, entrypoint=_WORDS, args=_WORDS, workingDir=_STRING,
        ports=_list(_object((), name=_STRING, hostPort=_INTEGER, containerPort=_INTEGER, protocol=_STRING,
                            hostIP=_STRING)),
        env=_list(_object((), name=_STRING, key=_STRING, value=_STRING)), memory=_QUANTITY, cpu=_QUANTITY,
        resources=_OPEN,
        volumeMounts=_list(_object((), name=_STRING, readOnly=_BOOLEAN, mountPath=_STRING, path=_STRING,
                                   mountType=_STRING)),
        livenessProbe=_ref("Probe"), readinessProbe=_ref("Probe"), lifecycle=_OPEN, terminationMessagePath=_STRING,
        privileged=_BOOLEAN, imagePullPolicy=_STRING, capabilities=_OPEN, securityContext=_OPEN,
    ),
    "Probe": _object(type=_STRING, initialDelaySeconds=_INTEGER, timeoutSeconds=_INTEGER, **_HANDLER),
    "Pod": _kind(desiredState=_ref("PodState"), currentState=_OPEN, nodeSelector=_LABELS),
    **{
        name: {"type": ["object", "null"], "properties": {"kind": _STRING, "apiVersion": _STRING}}
        for name in (
            "Minion", "Node", "Endpoints", "Event", "Binding", "Namespace", "Secret", "LimitRange", "ResourceQuota",
            "Status", "Template", "List", "PodList", "ServiceList", "ReplicationControllerList", "MinionList",
        )
    },
}  # fmt: skip
"""Definitions by name, in the form of today's `_definitions.json`."""

LEGACY_KINDS: Final = frozenset(LEGACY_DEFINITIONS) - {
    "ControllerState", "PodTemplate", "PodState", "ContainerManifest", "Volume", "Container", "Probe",
}  # fmt: skip
LEGACY_VERSIONS: Final = ("v1beta1", "v1beta2", "v1beta3")
V1BETA3_ONLY: Final = frozenset({
    "portalIP", "publicIPs", "createExternalLoadBalancer", "port", "containerPort", "protocol", "deprecatedPublicIPs",
    "host", "portName", "privileged", "capabilities",
})  # fmt: skip
"""Fields of v1beta3 that v1 renamed or moved; everything else of v1beta3 is as in v1."""
