"""Whatever an object looks like, it can be read; and 2015 is read like today."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.collect.objects import Projector, project_objects
from bot.collect.objects.resources import kind_of

from .builders import NOW, deployment, event, facts, meta, node, odd, one, owned, pod, project, waiting

RICH: list[dict[str, Any]] = [
    pod(
        "web-0",
        waiting("CrashLoopBackOff", "back-off"),
        labels={"app": "web"},
        spec={
            "initContainers": [{"name": "i", "command": ["x"], "restartPolicy": "Always"}],
            "containers": [
                {
                    "name": "app",
                    "ports": [{"name": "http", "containerPort": 80}],
                    "env": [{"name": "U", "valueFrom": {"secretKeyRef": {"name": "db", "key": "user"}}}],
                    "envFrom": [{"configMapRef": {"name": "c"}}],
                    "livenessProbe": {"httpGet": {"port": 80}},
                    "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
                }
            ],
            "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "s", "secret": {"secretName": "x"}}],
            "tolerations": [{"key": "a", "operator": "Exists"}],
        },
        **owned("ReplicaSet", "web-1"),
    ),
    deployment(ready=0),
    node(taints=[{"key": "k", "effect": "NoSchedule"}]),
    event("Pod", "web-0", "FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.", involved={"fieldPath": "spec.containers{app}"}),
    {"kind": "Service", "metadata": meta("web"), "spec": {"selector": {"app": "wbe"}, "ports": [{"port": 80, "targetPort": "x"}]}},
    {"kind": "Service", "metadata": meta("lone"), "spec": {"selector": {"app": "lone"}, "ports": [{"port": 443}]}},
    {"kind": "Endpoints", "metadata": meta("web"), "subsets": [{"addresses": [{"ip": "1.2.3.4", "targetRef": {"name": "p"}}], "ports": [{"port": 1}]}]},
    {"kind": "EndpointSlice", "metadata": meta("web-x", labels={"kubernetes.io/service-name": "web"}), "endpoints": [{"addresses": ["1.2.3.4"]}], "ports": [{"port": 1}]},
    {"kind": "Ingress", "metadata": meta("i"), "spec": {"tls": [{"secretName": "t"}], "rules": [{"http": {"paths": [{"backend": {"serviceName": "q", "servicePort": 80}}]}}]}},
    {"kind": "NetworkPolicy", "metadata": meta("n"), "spec": {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, "ingress": [{"ports": [{"port": 80}]}]}},
    {"kind": "PersistentVolumeClaim", "metadata": meta("data", deletionTimestamp="2025-06-10T11:00:00Z"), "spec": {"storageClassName": "x", "volumeName": "pv"}, "status": {"phase": "Pending"}},
    {"kind": "PersistentVolume", "metadata": meta("pv", None), "spec": {"claimRef": {"name": "data", "namespace": "shop"}, "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "z", "operator": "In", "values": ["a"]}]}]}}}, "status": {"phase": "Failed"}},
    {"kind": "StorageClass", "metadata": meta("sc", None, annotations={"storageclass.kubernetes.io/is-default-class": "true"})},
    {"kind": "VolumeAttachment", "metadata": meta("va", None), "spec": {"nodeName": "n9", "source": {"persistentVolumeName": "pv"}}, "status": {"attachError": {"message": "m", "time": "2025-06-10T11:00:00Z"}}},
    {"kind": "ResourceQuota", "metadata": meta("q"), "status": {"hard": {"pods": "1"}, "used": {"pods": "1"}}},
    {"kind": "LimitRange", "metadata": meta("l"), "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}]}},
    {"kind": "PodDisruptionBudget", "metadata": meta("b"), "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}, "status": {"currentHealthy": 0, "desiredHealthy": 1, "expectedPods": 1}},
    {"kind": "HorizontalPodAutoscaler", "metadata": meta("h"), "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "metrics": [{"resource": {"name": "cpu"}}]}, "status": {"conditions": [{"type": "ScalingActive", "status": "False"}]}},
    {"kind": "RoleBinding", "metadata": meta("r"), "roleRef": {"kind": "Role", "name": "x"}, "subjects": [{"kind": "ServiceAccount", "name": "s"}]},
    {"kind": "ValidatingWebhookConfiguration", "metadata": meta("w", None), "webhooks": [{"name": "w", "clientConfig": {"service": {"name": "lone", "namespace": "shop"}}, "rules": [{"resources": ["pods"]}]}]},
    {"kind": "APIService", "metadata": meta("a", None), "spec": {"service": {"name": "m", "namespace": "k"}}, "status": {"conditions": [{"type": "Available", "status": "False"}]}},
    {"kind": "Namespace", "metadata": meta("shop", None), "status": {"phase": "Terminating", "conditions": [{"type": "X", "status": "True"}]}},
    {"kind": "Lease", "metadata": meta("n1", "kube-node-lease"), "spec": {"renewTime": "2025-06-10T11:00:00.000000Z"}},
    {"kind": "CertificateSigningRequest", "metadata": meta("c", None), "spec": {"username": "u"}, "status": {}},
    {"kind": "ComponentStatus", "metadata": meta("scheduler", None), "conditions": [{"type": "Healthy", "status": "False", "message": "m"}]},
    {"kind": "Job", "metadata": meta("j"), "spec": {"completions": 1}, "status": {"failed": 2, "conditions": [{"type": "Failed", "status": "True"}]}},
    {"kind": "CronJob", "metadata": meta("cj"), "spec": {"schedule": "x"}},
    {"kind": "Pod", "apiVersion": "v1beta1", "id": "old", "namespace": "default", "desiredState": {"manifest": {"containers": [{"name": "c"}]}}, "currentState": {"status": "Waiting", "info": {"c": {"state": {"waiting": {"reason": "x"}}}}}},
    {"kind": "Minion", "apiVersion": "v1beta1", "id": "node1", "hostIP": "1.2.3.4", "status": {"conditions": [{"kind": "Ready", "status": "None"}]}},
    {"kind": "ReplicationController", "apiVersion": "v1beta1", "id": "rc", "desiredState": {"replicas": 2, "replicaSelector": {"a": "b"}, "podTemplate": {"labels": {"a": "b"}}}, "currentState": {"replicas": 1}},
    {"kind": "Service", "apiVersion": "v1beta1", "id": "s", "port": 80, "containerPort": "http", "selector": {"a": "b"}},
    {"kind": "Endpoints", "apiVersion": "v1beta1", "id": "s", "endpoints": ["10.0.0.1:80"]},
]  # fmt: skip

STRANGE = st.sampled_from(
    [None, "", "x", 0, -1, 1e308, True, [], {}, [None], [[]], {"a": None}, "9" * 400, "2025-99-99T00:00:00Z", 10**40]
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += _paths(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            found += _paths(item, (*path, number))
    return found


ALL_PATHS = [(number, path) for number, each in enumerate(RICH) for path in _paths(each)]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(ALL_PATHS), STRANGE), min_size=1, max_size=12),
    st.sampled_from(["", "pod shop/web-0", "deployment shop/web", "service shop/web", "ingress shop/i", "node n1"]),
)
def test_mutilated_objects_never_raise(changes: list[tuple[tuple[int, tuple[Any, ...]], Any]], asked: str) -> None:
    objects = copy.deepcopy(RICH)
    kinds = [kind_of(str(each["kind"])) for each in objects]
    for (number, path), value in changes:
        _put(objects[number], path, value)
    projector = Projector(NOW, asked or None, hygiene=True)
    for kind, each in zip(kinds, objects, strict=True):
        projector.add(kind, each)
        projector.listed(kind, None, 1)
    projector.finish()
    project_objects(objects, NOW)


def _put(target: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        try:
            target = target[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(target, dict) or (isinstance(target, list) and isinstance(path[-1], int) and path[-1] < len(target)):
        target[path[-1]] = value


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda each: (
            st.lists(each, max_size=3)
            | st.dictionaries(
                st.sampled_from(["kind", "metadata", "name", "spec", "status", "items", "id"]), each, max_size=4
            )
        ),
    )
)
def test_any_json_can_be_pasted(value: Any) -> None:
    project_objects([value], NOW)
    project_objects([{"kind": "PodList", "items": [value]}], NOW)


def test_every_object_of_the_rich_set_is_read() -> None:
    found = {each.kind for each in project(*RICH, listed="pods roles", hygiene=True).facts}
    assert {
        "pod", "pod_condition", "container", "probe", "event", "unschedulable", "workload", "workload_condition", "node",
        "service", "endpoint", "ingress", "ingress_backend", "network_policy", "policy_on_pod", "claim", "volume",
        "attachment", "quota", "limit_range", "disruption_budget", "autoscaler", "autoscaler_condition", "role_binding",
        "webhook", "api_service", "namespace", "object", "csr", "component", "lease", "lint", "reference", "recorded",
    } <= found  # fmt: skip


# --- lists and pastes ------------------------------------------------------------------------------------
def test_items_of_a_typed_list_need_no_kind() -> None:
    sick = pod("web-0", waiting("ErrImagePull"), phase="Pending")
    del sick["kind"]
    assert (
        one(project_objects([{"kind": "PodList", "apiVersion": "v1", "items": [sick]}], NOW), "pod")["pod"]
        == "shop/web-0"
    )


def test_a_pasted_list_proves_no_absence() -> None:
    sick = pod("web-0", waiting("x"), phase="Pending", spec={"serviceAccountName": "gone"})
    pasted = [{"kind": "List", "items": [sick, {"kind": "ServiceAccount", "metadata": meta("default")}]}]
    assert facts(project_objects(pasted, NOW), "reference") == []


# --- 2015 ------------------------------------------------------------------------------------------------
def old_pod(name: str = "web-1", status: str = "Running", host: str = "node1") -> dict[str, Any]:
    return {
        "kind": "Pod", "apiVersion": "v1beta1", "id": name, "namespace": "default", "labels": {"name": "web"},
        "creationTimestamp": "2025-06-10T08:00:00Z",
        "desiredState": {"manifest": {"containers": [{"name": "httpd", "image": "httpd", "ports": [{"containerPort": 80}]}]}},
        "currentState": {"status": status, "host": host, "podIP": "10.20.1.5", "info": {"httpd": {"state": {"running": {}}}}},
    }  # fmt: skip


def old_controller(replicas: int) -> dict[str, Any]:
    desired = {"replicas": replicas, "replicaSelector": {"name": "web"}, "podTemplate": {"labels": {"name": "web"}}}
    return {
        "kind": "ReplicationController", "apiVersion": "v1beta1", "id": "web", "namespace": "default",
        "desiredState": desired, "currentState": {"replicas": 1},
    }  # fmt: skip


def old_service(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "Service", "apiVersion": "v1beta1", "id": name, "namespace": "default", "port": 80, **more}


PUBLISHED = (old_service("kubernetes"), old_service("kubernetes-ro"))


def test_a_healthy_cluster_of_2015_gives_no_facts() -> None:
    minion = {
        "kind": "Minion",
        "apiVersion": "v1beta1",
        "id": "node1",
        "status": {"conditions": [{"kind": "Ready", "status": "Full"}]},
    }
    service = old_service("web", selector={"name": "web"}, labels={"name": "web"})
    whole = [old_pod(), old_controller(1), service, minion, *PUBLISHED]
    endpoints = {
        "kind": "Endpoints",
        "apiVersion": "v1beta1",
        "id": "web",
        "namespace": "default",
        "endpoints": ["10.20.1.5:80"],
    }
    observations = project(*whole, endpoints, listed="pods services endpoints nodes")
    assert odd(observations) == []
    assert one(observations, "cluster")["era"] == "2015"


def test_fewer_pods_than_a_controller_of_2015_wants() -> None:
    observations = project(old_pod(), old_controller(3), *PUBLISHED, listed="pods")
    found = one(observations, "workload")
    assert (found["desired"], found["current"], found["ready"], found["missing"]) == (3, 1, 1, 2)


def test_a_waiting_pod_of_2015_belongs_to_the_controller_that_selects_it() -> None:
    found = one(project(old_pod(status="Waiting", host=""), old_controller(1), listed="pods"), "pod")
    assert (found["phase"], found["assigned"], found["workload"]) == (
        "Waiting",
        False,
        "replicationcontroller default/web",
    )


@pytest.mark.parametrize("status", [{}, None])
def test_a_minion_that_never_reported(status: Any) -> None:
    found = one(
        project({"kind": "Minion", "apiVersion": "v1beta1", "id": "node1", "status": status}, listed="nodes"), "node"
    )
    assert found["has_status"] is False


def test_the_api_servers_own_services_are_missed_where_services_were_listed() -> None:
    observations = project(old_service("web", selector={"name": "web"}), old_pod(), listed="services pods")
    assert {each["to_name"] for each in facts(observations, "reference")} == {"kubernetes", "kubernetes-ro"}


def test_a_service_of_2015_that_lost_its_selector() -> None:
    found = one(project(old_service("web"), *PUBLISHED, listed="services"), "service")
    assert (found["has_selector"], found["has_labels"]) == (False, False)


def test_how_a_container_of_2015_ended_and_what_it_asks_for_is_read() -> None:
    old = old_pod()
    old["desiredState"]["manifest"]["containers"][0] |= {"cpu": 250, "memory": 64 << 20}
    ended = {"exitCode": 3, "finishedAt": "2025-06-10T08:59:00Z"}
    old["currentState"]["info"]["httpd"] = {"state": {"termination": ended}, "restartCount": 5}
    found = one(project(old), "container")
    assert (found["state"], found["exit_code"], found["restarts"]) == ("terminated", 3, 5)
    assert (found["cpu_request"], found["memory_request"]) == ("250m", str(64 << 20))


def test_an_event_of_2015_without_type_counts_and_its_reason_is_spelled_as_today() -> None:
    event = {
        "kind": "Event", "apiVersion": "v1beta1", "id": "web.1", "namespace": "default", "reason": "failedScheduling",
        "message": "no minions available to schedule pods", "timestamp": "2025-06-10T09:00:00Z",
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default"},
    }  # fmt: skip
    assert one(project(event), "event")["reason"] == "FailedScheduling"
