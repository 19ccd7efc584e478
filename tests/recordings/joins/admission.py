"""The API server, or something it asks, refuses what a controller wants to create."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


def _failed_create(c: Cluster, app: str, message: str, since: float = 20, desired: int = 2) -> None:
    """A Deployment whose ReplicaSet cannot create Pods."""
    failure = condition("ReplicaFailure", "True", since, reason="FailedCreate", message=message)
    c.deployment(app, "shop", desired, 0, current=0, conditions=[
        condition("Available", "False", since, reason="MinimumReplicasUnavailable"), failure,
        condition("Progressing", "True", since, reason="NewReplicaSetCreated"),
    ])  # fmt: skip
    c.event(
        "ReplicaSet",
        f"{app}-5d8f",
        "shop",
        "FailedCreate",
        f"Error creating: {message}",
        first=since,
        component="replicaset-controller",
    )


@scenario(SCENARIOS)
def webhook_without_pods_blocks_creation(c: Cluster) -> dict[str, Any]:
    """The injector's Pods cannot be scheduled; its webhook fails closed, and no Pod is created anywhere."""
    c.nodes("n1", "n2")
    c.app("web", "shop", "n1")
    waits = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    owner = c.deployment("injector", "mesh", 1, 0)
    c.pod(
        "injector-5d8f-iiiii",
        "mesh",
        None,
        age=60,
        owner=owner,
        labels={"app": "injector"},
        spec={"nodeSelector": {"pool": "mesh"}},
        conditions=[condition("PodScheduled", "False", 60, reason="Unschedulable", message=waits)],
    )
    c.event("Pod", "injector-5d8f-iiiii", "mesh", "FailedScheduling", waits, first=60, component="default-scheduler")
    c.service("injector", "mesh", target=9443, port=443)
    c.add("MutatingWebhookConfiguration", "sidecars", webhooks=[{
        "name": "inject.mesh.example.com", "failurePolicy": "Fail", "timeoutSeconds": 10, "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "clientConfig": {"service": {"name": "injector", "namespace": "mesh", "path": "/mutate", "port": 443}, "caBundle": "Q0E="},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
    }])  # fmt: skip
    for app in ("cart", "pay"):
        _failed_create(
            c,
            app,
            'Internal error occurred: failed calling webhook "inject.mesh.example.com": failed to call webhook: Post "https://injector.mesh.svc:443/mutate?timeout=10s": no endpoints available for service "injector"',
            55,
        )
    return {
        "question": "summary",
        "first": "sched-node-selector",
        "subject": "pod mesh/injector-5d8f-iiiii",
        "names": ["pool=mesh|node selector|injector|webhook"],
        "folds": ["deployment shop/cart", "deployment shop/pay"],
    }


@scenario(SCENARIOS)
def quota_used_up_by_finished_test(c: Cluster) -> dict[str, Any]:
    """A load test holds the namespace's whole CPU quota; the shop's own Deployment cannot create a Pod."""
    c.nodes("n1", "n2")
    owner = c.deployment("loadtest", "shop", 2)
    for suffix in ("ttttt", "uuuuu"):
        c.pod(
            f"loadtest-5d8f-{suffix}",
            "shop",
            "n1",
            owner=owner,
            labels={"app": "loadtest"},
            requests={"cpu": "2", "memory": "1Gi"},
        )
    c.add(
        "ResourceQuota",
        "team",
        "shop",
        spec={"hard": {"requests.cpu": "4"}},
        status={"hard": {"requests.cpu": "4"}, "used": {"requests.cpu": "4"}},
    )
    _failed_create(
        c,
        "web",
        'pods "web-5d8f-" is forbidden: exceeded quota: team, requested: requests.cpu=100m, used: requests.cpu=4, limited: requests.cpu=4',
    )
    return {
        "question": "deployment shop/web",
        "first": "quota-used-by-other",
        "subject": "deployment shop/web",
        "names": ["quota"],
        "fix": ["loadtest|quota"],
    }


@scenario(SCENARIOS)
def pod_security_refuses_root(c: Cluster) -> dict[str, Any]:
    """The namespace got the restricted profile; the Deployment's Pods run as root and are refused."""
    c.nodes("n1")
    c.add(
        "Namespace",
        "shop",
        metadata={"labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        status={"phase": "Active"},
    )
    _failed_create(
        c,
        "legacy",
        'pods "legacy-5d8f-x2" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "legacy" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod or container "legacy" must set securityContext.runAsNonRoot=true)',
    )
    return {
        "question": "deployment shop/legacy",
        "first": "pod-security-violation",
        "subject": "deployment shop/legacy",
        "names": ["restricted"],
        "fix": ["shop"],
    }


@scenario(SCENARIOS)
def priority_class_missing(c: Cluster) -> dict[str, Any]:
    """The template names a PriorityClass of another cluster."""
    c.nodes("n1")
    c.add("PriorityClass", "system-node-critical", value=2000001000)
    _failed_create(c, "batch", 'pods "batch-5d8f-" is forbidden: no PriorityClass with name gold was found')
    return {
        "question": "deployment shop/batch",
        "first": "sched-priority-class-missing",
        "subject": "deployment shop/batch",
        "names": ["gold"],
        "fix": ["priorityclass"],
    }


@scenario(SCENARIOS)
def service_account_missing(c: Cluster) -> dict[str, Any]:
    """The ServiceAccount of the Deployment was deleted; no new Pod is admitted."""
    c.nodes("n1")
    c.add("ServiceAccount", "default", "shop")
    failure = 'pods "billing-5d8f-" is forbidden: error looking up service account shop/billing: serviceaccount "billing" not found'
    _failed_create(c, "billing", failure)
    return {
        "question": "deployment shop/billing",
        "first": "service-account-missing",
        "subject": "serviceaccount shop/billing",
        "names": ["billing"],
        "fix": ["serviceaccount"],
    }


@scenario(SCENARIOS)
def aggregated_api_blocks_namespace_deletion(c: Cluster) -> dict[str, Any]:
    """metrics-server is gone: discovery of its API fails, and no namespace can finish its deletion."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.add(
        "APIService",
        "v1beta1.metrics.k8s.io",
        spec={
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"name": "metrics-server", "namespace": "kube-system", "port": 443},
        },
        status={
            "conditions": [
                condition(
                    "Available",
                    "False",
                    90,
                    reason="MissingEndpoints",
                    message='endpoints for service/metrics-server in "kube-system" have no addresses with port name "https"',
                )
            ]
        },
    )
    c.deployment("metrics-server", "kube-system", 0, 0)
    c.service("metrics-server", "kube-system", target=10250, port=443)
    c.add("Namespace", "old-tests", metadata={"deletionTimestamp": ago(80)}, spec={"finalizers": ["kubernetes"]}, status={"phase": "Terminating", "conditions": [
        condition("NamespaceDeletionDiscoveryFailure", "True", 79, reason="DiscoveryFailed", message="Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1"),
        condition("NamespaceContentRemaining", "False", 79, reason="ContentRemoved"),
    ]})  # fmt: skip
    return {
        "question": "summary",
        "first": "apiservice-without-endpoints",
        "subject": "apiservice v1beta1.metrics.k8s.io",
        "names": ["metrics"],
        "folds": ["namespace old-tests"],
    }


@scenario(SCENARIOS)
def finalizer_whose_controller_is_gone(c: Cluster) -> dict[str, Any]:
    """A namespace waits for an object whose finalizer nobody removes any more."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.add("Namespace", "queues", metadata={"deletionTimestamp": ago(200)}, spec={"finalizers": ["kubernetes"]}, status={"phase": "Terminating", "conditions": [
        condition("NamespaceContentRemaining", "True", 199, reason="SomeResourcesRemain", message="Some resources are remaining: brokers.mq.example.com has 1 resource instances"),
        condition("NamespaceFinalizersRemaining", "True", 199, reason="SomeFinalizersRemain", message="Some content in the namespace has finalizers remaining: mq.example.com/cleanup in 1 resource instances"),
    ]})  # fmt: skip
    return {
        "question": "summary",
        "first": "namespace-finalizers-remain",
        "subject": "namespace queues",
        "names": ["mq.example.com/cleanup|brokers"],
        "fix": ["finalizer|brokers|mq"],
    }


@scenario(SCENARIOS)
def limit_range_refuses(c: Cluster) -> dict[str, Any]:
    """The namespace's LimitRange allows at most 1 CPU a container; the Deployment asks for 2."""
    c.nodes("n1")
    c.add("LimitRange", "per-container", "shop", spec={"limits": [{"type": "Container", "max": {"cpu": "1"}}]})
    _failed_create(
        c, "encoder", 'pods "encoder-5d8f-" is forbidden: maximum cpu usage per Container is 1, but limit is 2'
    )
    return {
        "question": "deployment shop/encoder",
        "first": "limitrange-violated",
        "subject": "deployment shop/encoder",
        "names": ["cpu|limit ?range"],
        "fix": ["limit|resources"],
    }
