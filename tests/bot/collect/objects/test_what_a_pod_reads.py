"""What a Pod reads, which account it runs as and what that account may do."""

from __future__ import annotations

from .builders import facts, meta, one, pod, project, related, running, waiting

SICK = waiting("CrashLoopBackOff")


def test_the_only_configmap_secret_and_claim_are_named() -> None:
    spec = {
        "containers": [{"name": "app", "envFrom": [{"configMapRef": {"name": "settings"}}]}],
        "volumes": [
            {"name": "ca", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}},
            {"name": "tls", "secret": {"secretName": "web-tls"}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "data-0"}},
        ],
        "imagePullSecrets": [{"name": "regcred"}],
    }
    found = one(project(pod("web-0", SICK, spec=spec)), "container")
    assert (found["its_configmap"], found["its_secret"], found["its_claim"]) == ("settings", "web-tls", "data-0")


def test_of_two_none_is_named() -> None:
    spec = {"containers": [{"name": "app", "envFrom": [{"secretRef": {"name": name}} for name in ("a", "b")]}]}
    assert one(project(pod("web-0", SICK, spec=spec)), "container").get("its_secret") is None


def test_what_the_account_is_granted() -> None:
    runs = pod("web-0", SICK, spec={"serviceAccountName": "lister"})
    role = {
        "kind": "Role",
        "metadata": meta("reader"),
        "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}],
    }
    binding = {
        "kind": "RoleBinding",
        "metadata": meta("read"),
        "subjects": [{"kind": "ServiceAccount", "name": "lister"}],
        "roleRef": {"kind": "Role", "name": "reader"},
    }
    observations = project(runs, role, binding)
    found = one(observations, "grant")
    assert (found["role"], found["role_kind"], found["allows"]) == ("reader", "role", "get,list deployments")
    assert ("serviceaccount shop/lister", "pod shop/web-0") in related(observations)
    assert facts(project(pod("web-0", SICK), role, binding), "grant") == []


def test_name_servers_of_its_own() -> None:
    spec = {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1", "192.0.2.2"]}}
    assert one(project(pod("web-0", SICK, spec=spec)), "pod")["nameservers"] == "192.0.2.1,192.0.2.2"


def test_a_secret_that_was_written_after_the_container_started() -> None:
    spec = {"containers": [{"name": "app", "envFrom": [{"secretRef": {"name": "db"}}]}]}
    unready = pod("web-0", running(ready=False), spec=spec)

    def secret(**metadata: object) -> dict[str, object]:
        return {"kind": "Secret", "metadata": meta("db", **metadata), "data": {"password": "eA=="}}

    old = secret(creationTimestamp="2025-06-01T08:00:00Z")
    assert facts(project(unready, old), "config_change") == []
    written = secret(creationTimestamp="2025-06-01T08:00:00Z", managedFields=[{"time": "2025-06-10T11:50:00Z"}])
    found = one(project(unready, written), "config_change")
    assert (found["kind"], found["name"], found["changed_s"]) == ("secret", "db", 600)
    made_anew = secret(creationTimestamp="2025-06-10T11:00:00Z")
    assert one(project(unready, made_anew), "config_change")["changed_s"] == 3600
