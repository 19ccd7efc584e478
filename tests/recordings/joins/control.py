"""The control plane, the node's kernel or the network's address pool is the cause."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


def _static(
    c: Cluster,
    name: str,
    *,
    restarts: int = 0,
    last: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
    waiting: tuple[str, str] | None = None,
) -> str:
    pod = f"{name}-m1"
    c.pod(
        pod,
        "kube-system",
        "m1",
        labels={"component": name, "app": name, "tier": "control-plane"},
        restarts=restarts,
        last=last,
        state=state,
        waiting=waiting,
    )
    return pod


@scenario(SCENARIOS)
def etcd_slow_disk_restarts_controllers(c: Cluster) -> dict[str, Any]:
    """etcd's disk is slow: requests time out, and the controller manager loses its lease and restarts."""
    c.nodes("m1", "n1")
    for name in ("kube-apiserver", "kube-scheduler"):
        _static(c, name)
    etcd = _static(c, "etcd")
    manager = "kube-controller-manager-m1"
    c.pod(
        manager, "kube-system", "m1", labels={"component": "kube-controller-manager", "app": "kube-controller-manager"}, restarts=17,
        waiting=("CrashLoopBackOff", f"back-off 5m0s restarting failed container=kube-controller-manager pod={manager}_kube-system"),
        last={"terminated": {"exitCode": 1, "reason": "Error", "startedAt": ago(9), "finishedAt": ago(3)}},
    )  # fmt: skip
    c.log(
        etcd,
        "kube-system",
        *[
            f'{{"level":"warn","ts":"2026-03-04T03:0{n}:12.1Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"{n}.6s","expected-duration":"1s"}}'
            for n in range(2, 8)
        ],
        '{"level":"warn","ts":"2026-03-04T03:08:01.7Z","caller":"etcdserver/util.go:170","msg":"apply request took too long","took":"4.8s","expected-duration":"100ms","prefix":"read-only range ","request":"key:\\"/registry/leases/kube-system/kube-controller-manager\\" "}',
    )
    c.log(
        manager,
        "kube-system",
        "E0304 03:06:40.1 1 leaderelection.go:429] Failed to update lock optimistically: etcdserver: request timed out, falling back to slow path",
        "I0304 03:06:45.2 1 leaderelection.go:297] failed to renew lease kube-system/kube-controller-manager: context deadline exceeded",
        'E0304 03:06:45.2 1 controllermanager.go:340] "leaderelection lost"',
        previous=True,
    )
    c.event(
        "Pod",
        manager,
        "kube-system",
        "BackOff",
        f"Back-off restarting failed container kube-controller-manager in pod {manager}_kube-system",
        first=55,
    )
    return {
        "question": "pod kube-system/" + manager,
        "first": "etcd-request-timed-out",
        "subject": "etcd",
        "names": ["etcd"],
        "fix": ["fio|iostat|etcdctl|disk"],
    }


@scenario(SCENARIOS)
def address_pool_of_a_node_is_used_up(c: Cluster) -> dict[str, Any]:
    """The CNI has no address left on n1: new Pods hang in ContainerCreating there."""
    c.nodes("n1", "n2")
    owner = c.deployment("burst", "shop", 2, 0)
    for suffix in ("kkkkk", "lllll"):
        name = f"burst-5d8f-{suffix}"
        c.pod(name, "shop", "n1", age=14, owner=owner, labels={"app": "burst"}, waiting=("ContainerCreating", ""))
        c.event(
            "Pod",
            name,
            "shop",
            "FailedCreatePodSandBox",
            'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "7d1e": plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.1.1-10.244.1.254',
            first=14,
            host="n1",
        )
    return {
        "question": "deployment shop/burst",
        "first": "ipam-range-exhausted",
        "subject": "node n1",
        "names": ["address"],
        "folds": ["deployment shop/burst"],
    }


@scenario(SCENARIOS)
def conntrack_full_behind_sporadic_timeouts(c: Cluster) -> dict[str, Any]:
    """n1's connection table is full: look-ups and connections of its Pods fail now and then."""
    c.nodes("n1", "n2")
    owner = c.deployment("crawler", "shop", 1, 0)
    name = c.crashing(
        "crawler-5d8f-mmmmm", "shop", "n1", "fetching https://api.example.com/v1",
        "dial tcp: lookup api.example.com on 10.96.0.10:53: read udp 10.244.1.8:41231->10.96.0.10:53: i/o timeout",
        app="crawler", age=300, since=25, ended=(8, 2), owner=owner,
    )  # fmt: skip
    c.host_file(
        "n1",
        "dmesg",
        "[912345.101] nf_conntrack: nf_conntrack: table full, dropping packet\n[912345.900] nf_conntrack: nf_conntrack: table full, dropping packet\n[912351.244] nf_conntrack: nf_conntrack: table full, dropping packet\n",
    )
    return {
        "question": "summary",
        "first": "kernel-conntrack-full",
        "subject": "node n1",
        "names": ["conntrack|connection track"],
        "folds": ["pod shop/" + name],
    }


@scenario(SCENARIOS)
def ingress_class_that_nobody_serves(c: Cluster) -> dict[str, Any]:
    """The Ingress names a class that no controller of this cluster has: it never gets an address."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.add("IngressClass", "nginx", spec={"controller": "k8s.io/ingress-nginx"})
    c.add(
        "Ingress",
        "web",
        "shop",
        600,
        spec={
            "ingressClassName": "ngnix",
            "rules": [
                {
                    "host": "shop.example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "web", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ],
        },
        status={"loadBalancer": {}},
    )
    return {
        "question": "ingress shop/web",
        "first": "ingress-class-unknown",
        "subject": "ingress shop/web",
        "names": ["ngnix"],
        "fix": ["ingress"],
    }


@scenario(SCENARIOS)
def tls_secret_of_an_ingress_is_missing(c: Cluster) -> dict[str, Any]:
    """The certificate is not issued, since its issuer does not exist; so the Ingress has no Secret and serves a default one."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.add("IngressClass", "nginx", spec={"controller": "k8s.io/ingress-nginx"})
    c.add("Secret", "other", "shop", type="Opaque")
    c.add(
        "Ingress",
        "web",
        "shop",
        600,
        spec={
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["shop.example.com"], "secretName": "web-tls"}],
            "rules": [
                {
                    "host": "shop.example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "web", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ],
        },
        status={"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}]}},
    )
    return {
        "question": "ingress shop/web",
        "first": "ingress-tls-secret-missing",
        "subject": "ingress shop/web",
        "names": ["web-tls"],
        "fix": ["secret|certificate"],
    }


@scenario(SCENARIOS)
def architecture_that_no_node_has(c: Cluster) -> dict[str, Any]:
    """The Pod's node selector asks for an architecture that no node has."""
    c.nodes("n1", "n2")
    owner = c.deployment("edge", "shop", 1, 0)
    waits = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    c.pod(
        "edge-5d8f-eeeee",
        "shop",
        None,
        age=18,
        owner=owner,
        labels={"app": "edge"},
        spec={"nodeSelector": {"kubernetes.io/arch": "arm64"}},
        conditions=[
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": waits,
                "lastTransitionTime": ago(18),
            }
        ],
    )
    c.event("Pod", "edge-5d8f-eeeee", "shop", "FailedScheduling", waits, first=18, component="default-scheduler")
    return {
        "question": "pod shop/edge-5d8f-eeeee",
        "first": "sched-node-selector",
        "subject": "pod shop/edge-5d8f-eeeee",
        "names": ["arm64"],
        "folds": ["deployment shop/edge"],
    }


@scenario(SCENARIOS)
def certificate_of_the_api_server_expired_for_the_controllers(c: Cluster) -> dict[str, Any]:
    """The controller manager ends, since the API server's certificate has expired: a new Deployment gets no Pods."""
    c.nodes("cp1", "n1")
    c.app("web", "shop", "n1")
    said = (
        "E0304 03:06:59.1 1 leaderelection.go:436] error retrieving resource lock kube-system/kube-controller-manager: "
        'Get "https://10.1.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager": '
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: "
        "current time 2026-03-04T03:06:59Z is after 2026-03-03T18:00:00Z"
    )
    c.crashing(
        "kube-controller-manager-cp1", "kube-system", "cp1", said, age=500, app="kube-controller-manager",
        owner=("Node", "cp1"), labels={"app": "kube-controller-manager", "component": "kube-controller-manager"},
    )  # fmt: skip
    c.add(
        "Deployment", "orders", "shop", 400,
        spec={"replicas": 2, "selector": {"matchLabels": {"app": "orders"}}, "template": {"metadata": {"labels": {"app": "orders"}}}},
        status={},
    )  # fmt: skip
    c.service("orders", "shop")
    return {
        "question": "deployment shop/orders",
        "first": "certificate-expired",
        "names": ["2026-03-03T18:00:00Z"],
        "fix": ["kubeadm certs renew all"],
        "folds": ["deployment shop/orders", "pod kube-system/kube-controller-manager-cp1"],
    }


@scenario(SCENARIOS)
def metrics_server_down_where_apis_were_not_recorded(c: Cluster) -> dict[str, Any]:
    """An autoscaler gets no metrics, and metrics-server's image does not exist: one story without any APIService."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    owner = c.deployment("metrics-server", "kube-system", 1, 0)
    c.pull_fails("metrics-server-5d8f-aaaaa", "kube-system", "n1", "registry.example.com/metrics-server:v0.7.22", app="metrics-server", owner=owner)  # fmt: skip
    c.service("metrics-server", "kube-system", port=443, target=10250)
    said = "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)"
    c.add(
        "HorizontalPodAutoscaler", "web", "shop",
        spec={"scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}, "minReplicas": 1, "maxReplicas": 4},
        status={
            "currentReplicas": 1,
            "desiredReplicas": 0,
            "conditions": [condition("AbleToScale", "True"), condition("ScalingActive", "False", 18, reason="FailedGetResourceMetric", message=said)],
        },
    )  # fmt: skip
    return {
        "question": "hpa shop/web",
        "first": "image-tag-not-found",
        "subject": "pod kube-system/metrics-server-5d8f-aaaaa",
        "folds": ["horizontalpodautoscaler shop/web", "service kube-system/metrics-server"],
    }


@scenario(SCENARIOS)
def host_of_etcd_is_gone(c: Cluster) -> dict[str, Any]:
    """etcd runs on a machine of its own that answers no ping: the API server ends, and the kubelet cannot report."""
    c.nodes("cp1")
    c.crashing(
        "kube-apiserver-cp1", "kube-system", "cp1",
        'W0304 03:06:50.1 1 logging.go:55] [core] grpc: addrConn.createTransport failed to connect to {Addr: "10.9.0.4:2379"}. Err: connection error: desc = "transport: Error while dialing: dial tcp 10.9.0.4:2379: i/o timeout"',
        "F0304 03:06:59.1 1 instance.go:226] Error creating leases: error creating storage factory: context deadline exceeded",
        app="kube-apiserver", owner=("Node", "cp1"), labels={"app": "kube-apiserver", "component": "kube-apiserver"},
    )  # fmt: skip
    c.journal("cp1", "kubelet", *['kubelet[800]: E0304 03:06:01.1     800 controller.go:145] "Failed to ensure lease exists, will retry" err="context deadline exceeded"'] * 3)  # fmt: skip
    c.host_file("etcd1", "ping", "PING etcd1 (10.9.0.4) 56(84) bytes of data.\n\n--- etcd1 ping statistics ---\n4 packets transmitted, 0 received, 100% packet loss, time 3060ms\n")  # fmt: skip
    return {
        "question": "summary",
        "first": "etcd-host-unreachable",
        "subject": "host etcd1",
        "names": ["10.9.0.4"],
        "folds": ["pod kube-system/kube-apiserver-cp1", "apiserver", "node cp1"],
    }


@scenario(SCENARIOS)
def scheduler_with_an_unknown_flag(c: Cluster) -> dict[str, Any]:
    """The scheduler ends at its start: new Pods stay Pending, and no event says why."""
    c.nodes("cp1", "n1")
    c.crashing(
        "kube-scheduler-cp1", "kube-system", "cp1", "Error: unknown flag: --leader-elct", app="kube-scheduler",
        owner=("Node", "cp1"), labels={"app": "kube-scheduler", "component": "kube-scheduler"},
    )  # fmt: skip
    owner = c.deployment("fresh", "shop", 1, 0)
    c.pod("fresh-5d8f-aaaaa", "shop", None, age=40, owner=owner, labels={"app": "fresh"}, conditions=[condition("PodScheduled", "Unknown", 40)])  # fmt: skip
    c.service("fresh", "shop")
    return {
        "question": "summary",
        "first": "apiserver-flag-removed",
        "names": ["--leader-elct"],
        "folds": ["pod kube-system/kube-scheduler-cp1", "pod shop/fresh-5d8f-aaaaa", "service shop/fresh"],
    }


@scenario(SCENARIOS)
def ingress_controller_does_not_start(c: Cluster) -> dict[str, Any]:
    """The Service behind the Ingress is well: nothing routes to it, since the controller of its class crashes."""
    c.nodes("n1")
    c.app("web", "shop", "n1")
    c.add("IngressClass", "public", spec={"controller": "k8s.io/ingress-nginx"})
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    c.add(
        "Ingress", "web", "shop",
        spec={"ingressClassName": "public", "rules": [{"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]},
        status={"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}]}},
    )  # fmt: skip
    owner = c.deployment("ingress-nginx-controller", "ingress", 1, 0)
    c.crashing(
        "ingress-nginx-controller-5d8f-aaaaa", "ingress", "n1",
        "F0304 03:06:59.1 7 main.go:83] port 80 is already in use. Please check the flag --http-port",
        app="ingress-nginx-controller", owner=owner,
    )  # fmt: skip
    return {
        "question": "ingress shop/web",
        "first": "app-port-in-use",
        "subject": "pod ingress/ingress-nginx-controller-5d8f-aaaaa",
    }
