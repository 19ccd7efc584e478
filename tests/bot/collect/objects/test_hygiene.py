"""Matters of hygiene: each check finds its object and leaves a tidy one alone; never without being asked."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from bot.collect.objects.hygiene.lints import MAX_OF_A_CHECK
from tests.bot.collect.objects.builders import Object, deployment, facts, meta, node, pod, project

LISTED = (
    "pod deployment statefulset daemonset cronjob rolebinding clusterrolebinding secret namespace poddisruptionbudget"
)
TIDY_CONTAINER: Object = {
    "name": "app",
    "image": "r.example.com/app:1.4.2",
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    "livenessProbe": {"tcpSocket": {"port": "http"}},
    "ports": [{"name": "http", "containerPort": 8080}],
    "securityContext": {"runAsNonRoot": True},
}


def template(name: str = "web", replicas: int = 2, pod_spec: Object | None = None, **container: Any) -> Object:
    """A Deployment whose container is tidy but for what is given; None takes a field away."""
    each = {key: value for key, value in (TIDY_CONTAINER | container).items() if value is not None}
    spec = {"serviceAccountName": "web", "containers": [each], **(pod_spec or {})}
    labels = {"app": name}
    whole = {"replicas": replicas, "selector": {"matchLabels": labels}}
    return deployment(
        name, replicas, replicas, spec=whole | {"template": {"metadata": {"labels": labels}, "spec": spec}}
    )


def obj(kind: str, name: str = "x", namespace: str | None = "shop", **parts: Any) -> Object:
    return {"kind": kind, "metadata": meta(name, namespace, **parts.pop("metadata", {})), **parts}


def checks(*objects: Object, listed: str = "") -> set[str]:
    return {
        f"{each['check']} {each['object']}" for each in facts(project(*objects, listed=listed, hygiene=True), "lint")
    }


def test_nothing_is_told_unless_asked_for() -> None:
    assert facts(project(deployment(), listed=LISTED), "lint") == []


def test_a_tidy_workload_has_no_lint() -> None:
    assert checks(template()) == set()


@pytest.mark.parametrize(
    ("check", "container"),
    [
        ("no-limits", {"resources": {"requests": {"cpu": "1"}}}),
        ("no-requests", {"resources": None}),
        ("no-probes", {"readinessProbe": None, "livenessProbe": None}),
        ("no-readiness-probe", {"readinessProbe": None}),
        ("no-liveness-probe", {"livenessProbe": None}),
        ("latest-tag", {"image": "r.example.com:5000/app"}),
        ("latest-tag", {"image": "app:latest"}),
        ("privileged", {"securityContext": {"privileged": True, "runAsNonRoot": True}}),
        ("may-run-as-root", {"securityContext": None}),
        ("may-run-as-root", {"securityContext": {"runAsUser": 0}}),
        ("port-by-number", {"ports": [{"containerPort": 8080}]}),
        ("port-by-number", {"livenessProbe": {"httpGet": {"port": 8080}}}),
    ],
)
def test_each_check_of_a_container(check: str, container: Object) -> None:
    assert f"{check} deployment shop/web" in checks(template(**container))


def test_a_digest_is_a_fixed_tag_and_the_pods_own_context_counts() -> None:
    digest = template(image="app@sha256:00", securityContext=None, pod_spec={"securityContext": {"runAsUser": 1000}})
    assert checks(digest) == set()


def test_workloads_of_the_system_are_left_alone() -> None:
    own = template(image="app:latest")
    own["metadata"]["namespace"] = "kube-system"
    assert checks(own) == set()


def test_the_default_account_and_whether_its_token_is_mounted() -> None:
    found = facts(project(template(pod_spec={"serviceAccountName": "default"}), hygiene=True), "lint")
    assert [(each["check"], each["value"]) for each in found] == [("default-account", "its token is mounted")]


def test_many_objects_of_one_check_are_counted() -> None:
    observations = project(*(template(f"w{n}", image="app") for n in range(MAX_OF_A_CHECK + 7)), hygiene=True)
    assert len(facts(observations, "lint")) == MAX_OF_A_CHECK
    assert [gap.what for gap in observations.gaps] == ["7 further objects with latest-tag"]


def test_what_nothing_uses() -> None:
    web = template(pod_spec={"volumes": [{"name": "c", "configMap": {"name": "used"}}], "serviceAccountName": "web"},
                   env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "half", "key": "a"}}}])  # fmt: skip
    objects = [
        web,
        obj("ConfigMap", "used", data={"a": "1"}),
        obj("ConfigMap", "spare", data={"a": "1"}),
        obj("ConfigMap", "board", data={"a": "1"}, metadata={"labels": {"grafana_dashboard": "1"}}),
        obj("Secret", "half", data={"a": "MQ==", "b": "MQ=="}),
        obj("Secret", "release", type="helm.sh/release.v1", data={"release": "MQ=="}),
        obj("ServiceAccount", "web"),
        obj("ServiceAccount", "nobody", imagePullSecrets=[{"name": "gone"}]),
    ]
    assert checks(*objects, listed=LISTED) >= {
        "unused-configmap configmap shop/spare",
        "unused-key secret shop/half",
        "unused-serviceaccount serviceaccount shop/nobody",
        "account-secret-missing serviceaccount shop/nobody",
    }
    found = checks(*objects, listed=LISTED)
    assert not any(
        word in each for each in found for word in ("used-configmap configmap shop/used", "board", "release")
    )
    assert checks(*objects) == set(), "what was not listed may be used by what is not known"


def test_empty_and_large_config_maps() -> None:
    found = checks(obj("ConfigMap", "none", data={}), obj("ConfigMap", "big", data={"a": "x" * (800 * 1024)}))
    assert found == {"empty-configmap configmap shop/none", "large-configmap configmap shop/big"}


def test_claims_volumes_and_classes() -> None:
    bound = {"status": {"phase": "Bound"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    annotation = {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}
    found = checks(
        template(),
        obj("PersistentVolumeClaim", "left", **bound),
        obj("PersistentVolume", "free", None, spec={}, status={"phase": "Available"}),
        obj("PersistentVolume", "kept", None, spec={}, status={"phase": "Released"}),
        obj("PersistentVolume", "busy", None, spec={}, status={"phase": "Bound"}),
        obj("StorageClass", "a", None, **annotation),
        obj("StorageClass", "b", None, **annotation),
        listed=LISTED,
    )
    assert found >= {
        "unused-claim persistentvolumeclaim shop/left",
        "unused-volume persistentvolume free",
        "released-volume persistentvolume kept",
        "several-default-classes storageclass b",
    }
    assert not any("busy" in each for each in found)


def _budget(name: str, app: str) -> Object:
    return obj("PodDisruptionBudget", name, spec={"selector": {"matchLabels": {"app": app}}}, status={})


def test_replicas_and_budgets() -> None:
    web = {"spec": {"selector": {"app": "one"}, "ports": [{"port": 80, "targetPort": "http"}]}}
    objects = [
        template("bare"), template("one", 1), template("off", 0), template("two"), template("fine"),
        _budget("a", "two"), _budget("b", "two"), _budget("c", "fine"), _budget("d", "nobody"),
        obj("Service", "one", **web),
    ]  # fmt: skip
    found = checks(*objects, listed=LISTED)
    assert found == {
        "no-disruption-budget deployment shop/bare",
        "single-replica deployment shop/one",
        "scaled-to-zero deployment shop/off",
        "several-budgets deployment shop/two",
        "budget-selects-nothing poddisruptionbudget shop/d",
    }


def test_services_and_ingresses() -> None:
    balancer = {"type": "LoadBalancer", "selector": {"a": "b"}, "ports": [{"port": 80, "targetPort": 8080}]}
    backend = {"service": {"name": "x", "port": {"number": 80}}}
    found = checks(
        obj("Service", "lb", spec=balancer, status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}),
        obj("Service", "np", spec={"type": "NodePort", "externalTrafficPolicy": "Local"}),
        obj("Service", "in", spec={"selector": {"a": "b"}, "ports": [{"port": 80, "targetPort": "http"}]}),
        obj("Ingress", "i", spec={"defaultBackend": backend}),
        obj("Endpoints", "in", subsets=[{"addresses": [{"ip": "10.0.0.1"}]}]),
    )
    assert found == {
        "load-balancer service shop/lb", "client-address-hidden service shop/lb", "port-by-number service shop/lb",
        "node-port service shop/np", "node-port-local service shop/np", "port-by-number ingress shop/i",
        "single-endpoint service shop/in",
    }  # fmt: skip


def test_network_policies() -> None:
    peer = {"podSelector": {"matchLabels": {"app": "nobody"}}}
    found = checks(
        pod("a", labels={"app": "a"}, ownerReferences=[{"kind": "Other", "name": "o"}]),
        pod("b", labels={"app": "b"}, ownerReferences=[{"kind": "Other", "name": "o"}]),
        obj("NetworkPolicy", "open", spec={"podSelector": {"matchLabels": {"app": "a"}}, "ingress": [{}]}),
        obj(
            "NetworkPolicy", "peer", spec={"podSelector": {"matchLabels": {"app": "a"}}, "ingress": [{"from": [peer]}]}
        ),
        listed="networkpolicy namespace",
    )
    assert found == {
        "policy-allows-all networkpolicy shop/open",
        "policy-peer-matches-nothing networkpolicy shop/peer",
        "no-network-policy namespace shop",
    }


def test_roles_and_bindings() -> None:
    wild = {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": "shop"}
    found = checks(
        obj("Role", "all", **wild),
        obj("Role", "spare", rules=[]),
        obj("ClusterRole", "spare-too", None, rules=[]),
        obj("ClusterRole", "view", None, rules=[]),
        obj("RoleBinding", "rb", roleRef={"kind": "Role", "name": "all"}, subjects=[subject]),
        listed="clusterrolebinding",
    )
    assert found == {
        "wildcard-role rolebinding shop/rb", "default-account-bound rolebinding shop/rb",
        "unused-role role shop/spare", "unused-clusterrole clusterrole spare-too",
    }  # fmt: skip


def test_nodes_versions_and_taints() -> None:
    master = node("m", labels={"node-role.kubernetes.io/control-plane": ""})
    old = node("old", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])
    old["status"]["nodeInfo"]["kubeletVersion"] = "v1.27.3"
    found = checks(master, old, listed="pod apiservice")
    assert found == {
        "old-version node old", "version-skew node old", "single-control-plane node m",
        "taint-nobody-tolerates node old", "no-metrics-server apiservice v1beta1.metrics.k8s.io",
    }  # fmt: skip
    gpu = template(pod_spec={"tolerations": [{"key": "gpu", "operator": "Exists"}]})
    assert "taint-nobody-tolerates node old" not in checks(master, old, gpu, listed="pod apiservice")


def test_lone_pods_and_pods_that_restarted_often() -> None:
    restarted = pod("r", ownerReferences=[{"kind": "Other", "name": "o"}])
    restarted["status"]["containerStatuses"][0]["restartCount"] = 9
    found = checks(pod("lone"), restarted)
    assert {"no-controller pod shop/lone", "restarted-often pod shop/r"} <= found
    assert "no-controller pod shop/r" not in found


def test_an_autoscaler_that_could_ask_for_more_than_there_is() -> None:
    scaled = pod(
        "w", labels={"app": "web"}, ownerReferences=[{"kind": "Deployment", "name": "web", "controller": True}]
    )
    scaled["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "500m"}}

    def scaler(most: int) -> Object:
        target = {"kind": "Deployment", "name": "web"}
        return obj("HorizontalPodAutoscaler", "web", spec={"scaleTargetRef": target, "maxReplicas": most}, status={})

    name = "autoscaler-over-capacity horizontalpodautoscaler shop/web"
    assert name in checks(template(), scaled, node(), scaler(5), listed="node")
    assert name not in checks(template(), scaled, node(), scaler(4), listed="node")


def test_a_version_of_the_api_that_is_gone_is_seen_in_what_was_applied() -> None:
    applied = orjson.dumps({"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget"}).decode()
    annotations = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}}
    found = facts(project(obj("PodDisruptionBudget", metadata=annotations), hygiene=True), "lint")
    assert [(each["check"], each["value"], each["expected"]) for each in found] == [
        ("deprecated-api", "policy/v1beta1", "policy/v1")
    ]


def test_policy_reports_and_cilium_identities() -> None:
    result = {"policy": "no-latest", "rule": "tag", "result": "fail", "message": "use a tag",
              "resources": [{"kind": "Pod", "name": "p"}]}  # fmt: skip
    found = checks(
        obj("PolicyReport", "r", results=[result, result | {"result": "pass"}]),
        obj("CiliumIdentity", "100", None, **{"security-labels": {"k8s:io.kubernetes.pod.namespace": "gone"}}),
        obj("CiliumIdentity", "101", None, **{"security-labels": {"k8s:io.kubernetes.pod.namespace": "shop"}}),
        obj("CiliumEndpoint", "e", status={"identity": {"id": 101}}),
        obj("Namespace", "shop", None, status={"phase": "Active"}),
        listed="namespace",
    )
    assert found == {
        "policy-violated policyreport shop/r",
        "cilium-identity-namespace ciliumidentity 100",
        "cilium-identity-unused ciliumidentity 100",
    }
