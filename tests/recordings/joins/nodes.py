"""A node, its daemons or its hardware is the cause; what shows is elsewhere."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


@scenario(SCENARIOS)
def node_runtime_dead(c: Cluster) -> dict[str, Any]:
    """containerd on n2 does not run: the kubelet cannot make sandboxes, its Pods hang in ContainerCreating."""
    c.node("n1")
    c.node(
        "n2", ready="False", since=12, reason="KubeletNotReady",
        message="[container runtime is down, PLEG is not healthy: pleg was last seen active 12m3s ago; threshold is 3m0s]",
    )  # fmt: skip
    c.app("web", "shop", "n1", "n1")
    owner = c.deployment("cart", "shop", 2, 0)
    for suffix in ("kkkkk", "lllll"):
        name = f"cart-5d8f-{suffix}"
        c.pod(name, "shop", "n2", age=10, owner=owner, labels={"app": "cart"}, waiting=("ContainerCreating", ""))
        c.event(
            "Pod", name, "shop", "FailedCreatePodSandBox",
            "Failed to create pod sandbox: rpc error: code = Unavailable desc = connection error: desc = \"transport: Error "
            'while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"',
            first=10, host="n2",
        )  # fmt: skip
    c.service("cart", "shop")
    c.event(
        "Node",
        "n2",
        None,
        "NodeNotReady",
        "Node n2 status is now: NodeNotReady",
        last=12,
        first=12,
        count=1,
        component="node-controller",
    )
    c.host_file(
        "n2", "systemctl-is-active", "--- containerd ---\nfailed\nenabled\n\n--- kubelet ---\nactive\nenabled\n"
    )
    return {
        "question": "summary",
        "first": "unit-container-runtime-down",
        "subject": "unit containerd on n2",
        "fix": ["containerd"],
    }


@scenario(SCENARIOS)
def node_disk_full_evicts(c: Cluster) -> dict[str, Any]:
    """n2 has DiskPressure: its Pods are evicted and the replacements fit nowhere else."""
    c.node("n1", cpu="1")
    c.node(
        "n2",
        conditions={"DiskPressure": "True"},
        since=25,
        taints=[{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}],
    )
    owner = c.deployment("search", "shop", 2, 0)
    for suffix in ("mmmmm", "nnnnn"):
        pod = c.pod(
            f"search-5d8f-{suffix}",
            "shop",
            "n2",
            age=600,
            owner=owner,
            labels={"app": "search"},
            phase="Failed",
            ready=False,
            state={"terminated": {"exitCode": 137, "reason": "Error", "finishedAt": ago(24)}},
        )
        pod["status"] |= {
            "reason": "Evicted",
            "message": "The node was low on resource: ephemeral-storage. Threshold quantity: 8589934592, available: 6021Mi. ",
        }
    waits = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling."
    for suffix in ("ppppp", "qqqqq"):
        name = f"search-5d8f-{suffix}"
        c.pod(
            name,
            "shop",
            None,
            age=23,
            owner=owner,
            labels={"app": "search"},
            requests={"cpu": "2"},
            conditions=[condition("PodScheduled", "False", 23, reason="Unschedulable", message=waits)],
        )
        c.event("Pod", name, "shop", "FailedScheduling", waits, first=23, component="default-scheduler")
    c.event("Node", "n2", None, "EvictionThresholdMet", "Attempting to reclaim ephemeral-storage", first=25, last=24)
    c.event(
        "Node",
        "n2",
        None,
        "FreeDiskSpaceFailed",
        "Failed to garbage collect required amount of images. Attempted to free 4211081216 bytes, but only found 0 bytes eligible to free.",
        first=25,
    )
    return {"question": "summary", "first": "node-disk-pressure", "subject": "node n2", "fix": ["df|crictl|du "]}


@scenario(SCENARIOS)
def cordoned_nodes_hold_pods(c: Cluster) -> dict[str, Any]:
    """Somebody cordoned both workers and forgot: new Pods stay Pending."""
    for name in ("n1", "n2"):
        c.node(name, cordoned=True, taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}])
    c.app("web", "shop", "n1", "n2")
    owner = c.deployment("report", "shop", 1, 0)
    waits = "0/2 nodes are available: 2 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    c.pod(
        "report-5d8f-rrrrr",
        "shop",
        None,
        age=40,
        owner=owner,
        labels={"app": "report"},
        conditions=[condition("PodScheduled", "False", 40, reason="Unschedulable", message=waits)],
    )
    c.event("Pod", "report-5d8f-rrrrr", "shop", "FailedScheduling", waits, first=40, component="default-scheduler")
    return {
        "question": "pod shop/report-5d8f-rrrrr",
        "first": "sched-node-cordoned",
        "subject": "pod shop/report-5d8f-rrrrr",
        "fix": ["uncordon"],
    }


@scenario(SCENARIOS)
def kubelet_client_certificate_expired(c: Cluster) -> dict[str, Any]:
    """n2's kubelet runs, but its client certificate expired: it cannot report, and the node goes Unknown."""
    c.node("n1")
    c.node(
        "n2",
        ready="Unknown",
        since=30,
        message="Kubelet stopped posting node status.",
        taints=[
            {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"},
            {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"},
        ],
    )
    c.app("web", "shop", "n1")
    owner = c.deployment("cart", "shop", 1, 0)
    c.pod("cart-5d8f-kkkkk", "shop", "n2", owner=owner, labels={"app": "cart"}, ready=False, since=29, deleting=24)
    c.event(
        "Node",
        "n2",
        None,
        "NodeNotReady",
        "Node n2 status is now: NodeNotReady",
        last=30,
        first=30,
        count=1,
        component="node-controller",
    )
    c.host_file(
        "n2", "systemctl-is-active", "--- containerd ---\nactive\nenabled\n\n--- kubelet ---\nactive\nenabled\n"
    )
    c.journal(
        "n2", "kubelet",
        'kubelet[702]: E0304 03:05:02.118221     702 reflector.go:158] "Unhandled Error" err="failed to list *v1.Node: Unauthorized"',
        'kubelet[702]: E0304 03:05:09.402155     702 kubelet_node_status.go:549] "Error updating node status, will retry" err="error getting node \\"n2\\": Unauthorized"',
        "kubelet[702]: E0304 03:05:15.101218     702 certificate_manager.go:562] \"Unhandled Error\" err=\"kubernetes.io/kube-apiserver-client-kubelet: certificate expired: part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2026-03-04 02:38:41 +0000 UTC\"",
    )  # fmt: skip
    return {
        "question": "summary",
        "first": "kubelet-client-certificate-expired",
        "subject": "node n2",
        "fix": ["kubelet|kubeadm|certificate"],
    }


@scenario(SCENARIOS)
def kubelet_certificate_file_expired(c: Cluster) -> dict[str, Any]:
    """n2 fell silent, and its kubelet's journal says only that it is not authorized: the file of its certificate tells why."""
    c.nodes("n1")
    c.node("n2", ready="Unknown", since=30, message="Kubelet stopped posting node status.")
    c.host_file("n2", "systemctl-is-active", "--- kubelet ---\nactive\nenabled\n")
    c.journal(
        "n2",
        "kubelet",
        'kubelet[702]: E0304 03:05:14.200113     702 reflector.go:166] "Unhandled Error" err="k8s.io/client-go/informers/factory.go:160: Failed to watch *v1.Node: failed to list *v1.Node: Unauthorized"',
    )
    pem = "/var/lib/kubelet/pki/kubelet-client-current.pem"
    c.host_file(
        "n2",
        "openssl-x509-var-lib-kubelet-pki-kubelet-client-current.pem",
        f"$ openssl x509 -noout -subject -issuer -enddate -in {pem}\n"
        "subject=O = system:nodes, CN = system:node:n2\nissuer=CN = kubernetes\nnotAfter=Mar  4 02:38:41 2026 GMT\n",
    )
    c.host_file(
        "n2",
        "openssl-x509-var-lib-kubelet-pki-kubelet.crt",
        "$ openssl x509 -noout -subject -issuer -enddate -in /var/lib/kubelet/pki/kubelet.crt\n"
        "subject=CN = n2@1740000000\nissuer=CN = n2-ca@1740000000\nnotAfter=Feb  3 01:02:03 2027 GMT\n",
    )
    return {
        "question": "node n2",
        "first": "certificate-expired-on-host",
        "subject": f"certificate n2:{pem}",
        "names": ["2026-03-04 02:38"],
        "fix": ["kubeadm|openssl"],
        "folds": ["node n2"],
        "roots": 1,
    }


@scenario(SCENARIOS)
def node_clock_drift(c: Cluster) -> dict[str, Any]:
    """n2's clock is an hour behind: tokens and certificates are not yet valid there."""
    c.nodes("n1")
    c.node("n2")
    owner = c.deployment("sync", "shop", 1, 0)
    c.crashing(
        "sync-5d8f-sssss", "shop", "n2", "2026-03-04T02:07:11Z starting sync",
        'panic: Get "https://10.96.0.1:443/api": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-03-04T02:07:12Z is before 2026-03-04T02:51:00Z',
        app="sync", age=50, owner=owner,
    )  # fmt: skip
    c.host_file(
        "n2",
        "timedatectl",
        "               Local time: Wed 2026-03-04 02:08:40 UTC\n           Universal time: Wed 2026-03-04 02:08:40 UTC\n                 RTC time: Wed 2026-03-04 02:08:40\n                Time zone: Etc/UTC (UTC, +0000)\nSystem clock synchronized: no\n              NTP service: inactive\n          RTC in local TZ: no\n",
    )
    return {
        "question": "pod shop/sync-5d8f-sssss",
        "first": "certificate-not-yet-valid-clock",
        "subject": "node n2",
        "names": ["clock"],
        "fix": ["chron|timedatectl|ntp|date"],
    }


@scenario(SCENARIOS)
def system_oom_kills_neighbours(c: Cluster) -> dict[str, Any]:
    """A Pod without a memory limit eats the node; the kernel kills others, whose containers end with 137 below their limit."""
    c.node("n1")
    c.node(
        "n2",
        conditions={"MemoryPressure": "True"},
        since=8,
        taints=[{"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}],
    )
    owner = c.deployment("cart", "shop", 1, 0)
    c.pod(
        "cart-5d8f-kkkkk",
        "shop",
        "n2",
        owner=owner,
        labels={"app": "cart"},
        phase="Failed",
        ready=False,
        state={"terminated": {"exitCode": 137, "reason": "Error", "finishedAt": ago(6)}},
    )["status"] |= {
        "reason": "Evicted",
        "message": "The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi. Container cart was using 240Mi, request is 128Mi, has larger consumption of memory. ",
    }
    c.event(
        "Node",
        "n2",
        None,
        "SystemOOM",
        "System OOM encountered, victim process: java, pid: 24112",
        first=9,
        last=6,
        count=3,
    )
    c.event(
        "Pod",
        "cart-5d8f-kkkkk",
        "shop",
        "Evicted",
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi. Container cart was using 240Mi, request is 128Mi, has larger consumption of memory. ",
        first=6,
        last=6,
        count=1,
    )
    return {
        "question": "summary",
        "first": "node-memory-pressure",
        "subject": "node n2",
        "fix": ["top|limits|memory"],
    }


@scenario(SCENARIOS)
def cordoned_node_leaves_the_others_full(c: Cluster) -> dict[str, Any]:
    """A maintenance was over an hour ago, and nobody uncordoned the node: the other one has no CPU left."""
    c.node("n1")
    c.node("n2", cordoned=True)
    owner = c.deployment("search", "shop", 1, 0)
    said = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable."
    c.pod(
        "search-5d8f-aaaaa", "shop", None, age=30, owner=owner, labels={"app": "search"}, requests={"cpu": "3"},
        conditions=[condition("PodScheduled", "False", 30, reason="Unschedulable", message=said)],
    )  # fmt: skip
    c.pod("batch-0", "shop", "n1", requests={"cpu": "3"})
    c.service("search", "shop")
    return {
        "question": "service shop/search",
        "first": "sched-capacity-lost-with-nodes",
        "names": ["n2 is cordoned"],
        "fix": ["kubectl uncordon n2"],
    }


@scenario(SCENARIOS)
def proxy_of_a_node_is_down_behind_time_outs(c: Cluster) -> dict[str, Any]:
    """kube-proxy of one node does not start: a Pod there cannot reach a Service that all others reach."""
    c.nodes("n1", "n2")
    c.app("redis", "shop", "n1", port=6379)
    c.add(
        "DaemonSet",
        "kube-proxy",
        "kube-system",
        spec={"selector": {"matchLabels": {"k8s-app": "kube-proxy"}}},
        status={
            "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2,
            "numberReady": 1,
            "updatedNumberScheduled": 2,
        },
    )
    labels = {"k8s-app": "kube-proxy", "app": "kube-proxy"}
    c.pod("kube-proxy-a1b2c", "kube-system", "n1", owner=("DaemonSet", "kube-proxy"), labels=labels)
    c.crashing(
        "kube-proxy-d3f4g", "kube-system", "n2",
        'E0304 03:06:59.5 1 server.go:556] "Error running ProxyServer" err="open /var/lib/kube-proxy/config.conf: no such file or directory"',
        app="kube-proxy", owner=("DaemonSet", "kube-proxy"), labels=labels,
    )  # fmt: skip
    owner = c.deployment("cart", "shop", 1, 0)
    c.crashing(
        "cart-5d8f-aaaaa", "shop", "n2", "panic: dial tcp 10.96.4.3:6379: i/o timeout", app="cart", owner=owner,
    )  # fmt: skip
    c.objects[[kind for kind, _ in c.objects].index("Service")][1]["spec"]["clusterIP"] = "10.96.4.3"
    return {
        "question": "pod shop/cart-5d8f-aaaaa",
        "first": "app-config-file-missing",
        "subject": "pod kube-system/kube-proxy-d3f4g",
        "names": ["/var/lib/kube-proxy/config.conf"],
        "folds": ["pod shop/cart-5d8f-aaaaa", "deployment shop/cart"],
    }


@scenario(SCENARIOS)
def node_under_pressure_keeps_a_pod_waiting(c: Cluster) -> dict[str, Any]:
    """One node's disk is full, and the other one has no CPU left: the disk is what is out of order."""
    c.node("n1", conditions={"DiskPressure": "True"}, taints=[{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}])  # fmt: skip
    c.node("n2")
    c.host_file(
        "n1", "df-h", "Filesystem      Size  Used Avail Use% Mounted on\n/dev/vda1        59G   58G  512M 100% /\n"
    )
    owner = c.deployment("reports", "shop", 1, 0)
    said = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }."
    c.pod(
        "reports-5d8f-aaaaa", "shop", None, age=30, owner=owner, labels={"app": "reports"}, requests={"cpu": "1"},
        conditions=[condition("PodScheduled", "False", 30, reason="Unschedulable", message=said)],
    )  # fmt: skip
    return {
        "question": "deployment shop/reports",
        "first": "host-disk-full",
        "subject": "host n1",
        "folds": ["node n1", "pod shop/reports-5d8f-aaaaa", "deployment shop/reports"],
    }


@scenario(SCENARIOS)
def evicted_pods_without_limits_took_the_memory(c: Cluster) -> dict[str, Any]:
    """A Deployment without requests fills its node, is evicted and comes back: it is what must be mended."""
    c.node("n1", conditions={"MemoryPressure": "True"}, taints=[{"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}])  # fmt: skip
    c.node("n2")
    owner = c.deployment("resize", "shop", 1, 1)
    c.pod("resize-5d8f-aaaaa", "shop", "n2", age=2, owner=owner, labels={"app": "resize"})
    gone = c.pod("resize-5d8f-bbbbb", "shop", "n1", age=9, owner=owner, labels={"app": "resize"}, phase="Failed", state={}, ready=False)  # fmt: skip
    said = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 44Mi. Container resize was using 5211Mi, request is 0, has larger consumption of memory. "  # fmt: skip
    gone["status"] |= {"reason": "Evicted", "message": said}
    del gone["status"]["containerStatuses"]
    return {
        "question": "summary",
        "first": "node-memory-pressure",
        "subject": "node n1",
        "names": ["deployment shop/resize", "5211Mi"],
        "fix": ["set resources deployment/resize .* -n shop"],
        "folds": ["pod shop/resize-5d8f-bbbbb"],
    }


@scenario(SCENARIOS)
def runtime_configuration_of_a_node_is_broken(c: Cluster) -> dict[str, Any]:
    """Only the journal of the machine says why the node's runtime is down: the node and its Pods stand below it."""
    c.node("n1")
    c.node("n2", ready="False", since=18, reason="KubeletNotReady", message="container runtime is down")
    owner = c.deployment("web", "shop", 1, 0)
    c.pod("web-5d8f-aaaaa", "shop", "n2", owner=owner, labels={"app": "web"}, ready=False, since=17)
    c.journal(
        "n2", "containerd",
        "containerd[911]: containerd: failed to load TOML: /etc/containerd/config.toml: (42, 3): duplicated tables",
        "systemd[1]: containerd.service: Main process exited, code=exited, status=1/FAILURE",
        "systemd[1]: containerd.service: Failed with result 'exit-code'.",
    )  # fmt: skip
    return {
        "question": "summary",
        "first": "containerd-config-invalid",
        "subject": "host n2",
        "folds": ["node n2", "deployment shop/web", "unit containerd on n2"],
    }
