"""kubectl describe: Pods, nodes, services, controllers, claims, autoscalers; whole and in pieces."""

from __future__ import annotations

from bot.read import read
from tests.bot.read.helpers import abouts, facts, one, relations

POD = """\
Name:             oven-6d4b75cb6d-hx2lp
Namespace:        bakery
Service Account:  baker
Node:             kiln-1/10.0.0.11
Start Time:       Mon, 02 Jun 2025 10:00:00 +0000
Labels:           app=oven
                  pod-template-hash=6d4b75cb6d
Status:           Running
IP:               10.42.0.7
Controlled By:    ReplicaSet/oven-6d4b75cb6d
Init Containers:
  warm-up:
    Image:          busybox
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
    Ready:          True
    Restart Count:  0
Containers:
  oven:
    Container ID:   containerd://aa11
    Image:          registry.example.org/oven:2
    Port:           8080/TCP
    Command:
      /bin/oven
      --hot
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      Mon, 02 Jun 2025 10:05:00 +0000
      Finished:     Mon, 02 Jun 2025 10:05:20 +0000
    Ready:          False
    Restart Count:  6
    Limits:
      memory:  64Mi
    Liveness:     http-get http://:9090/healthz delay=5s timeout=1s period=10s #success=1 #failure=3
    Environment:
      TOKEN:  <set to the key 'token' in secret 'oven-token'>  Optional: false
Conditions:
  Type           Status
  Ready          False
  PodScheduled   True
Volumes:
  recipes:
    Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
    ClaimName:  recipes-0
    ReadOnly:   false
QoS Class:      Burstable
Events:
  Type     Reason   Age                 From     Message
  ----     ------   ----                ----     -------
  Warning  BackOff  5s (x30 over 10m)   kubelet  Back-off restarting failed container oven
"""


def test_a_described_pod_gives_pod_containers_probe_and_condition() -> None:
    seen = read(POD)
    pod = one(seen, "pod")
    assert pod["pod"] == "bakery/oven-6d4b75cb6d-hx2lp"
    assert (pod["workload"], pod["service_account"], pod["ready"]) == ("deployment bakery/oven", "bakery/baker", False)
    warm_up, oven = facts(seen, "container")
    assert (warm_up["role"], warm_up["state"]) == ("init", "terminated")
    assert (oven["reason"], oven["last_reason"], oven["last_exit_code"]) == ("CrashLoopBackOff", "OOMKilled", 137)
    assert (oven["last_ran_s"], oven["memory_limit"], oven["restarts"]) == (20, "64Mi", 6)
    assert oven["command"] == "/bin/oven --hot"
    probe = one(seen, "probe")
    assert (probe["port"], probe["path"], probe["port_declared"]) == ("9090", "/healthz", False)
    assert [made["condition"] for made in facts(seen, "pod_condition")] == ["Ready"]


def test_a_described_pod_is_related_to_what_it_depends_on() -> None:
    pod = "pod bakery/oven-6d4b75cb6d-hx2lp"
    assert relations(POD) >= {
        ("node kiln-1", "runs", pod),
        ("replicaset bakery/oven-6d4b75cb6d", "owns", pod),
        ("deployment bakery/oven", "owns", "replicaset bakery/oven-6d4b75cb6d"),
        ("secret bakery/oven-token", "is used by", pod),
        ("claim bakery/recipes-0", "is mounted by", pod),
    }


def test_events_below_a_description_are_about_its_object() -> None:
    (about,) = abouts(POD, "Back-off restarting")
    assert about["via"] == "event"
    assert (about["reason"], about["times"], about["age_s"]) == ("BackOff", 30, 5)
    assert about["pod"] == "bakery/oven-6d4b75cb6d-hx2lp"


def test_states_are_passages_of_their_own() -> None:
    (waiting,) = abouts(POD, "CrashLoopBackOff")
    assert (waiting["via"], waiting["container"], waiting["reason"]) == ("waiting", "oven", "CrashLoopBackOff")
    (ended,) = abouts(POD, "OOMKilled")
    assert ended["via"] == "terminated"


def test_lost_indentation_gives_the_same_containers() -> None:
    flat = "\n".join(line.strip() for line in POD.splitlines())
    assert facts(flat, "container") == facts(POD, "container")


def test_a_piece_without_a_name_is_about_an_unnamed_pod() -> None:
    text = "    State:          Waiting\n      Reason:       CrashLoopBackOff\n    Last State:     Terminated\n      Exit Code:    139\n"
    container = one(text, "container")
    assert (container["pod"], container["last_exit_code"]) == ("<pod>", 139)


def test_an_unnamed_piece_is_the_only_pod_that_the_paste_names() -> None:
    text = """\
NAME      READY   STATUS      RESTARTS      AGE
oven-0    0/1     OOMKilled   4 (57s ago)   2m40s

    Last State:     Terminated
      Reason:       OOMKilled
"""
    assert one(text, "container")["pod"] == "oven-0"


def test_two_described_pods_stay_apart() -> None:
    second = POD.replace("hx2lp", "zz9aa").replace("Restart Count:  6", "Restart Count:  2")
    pods = {made["pod"]: made for made in facts(POD + "\n\n" + second, "pod")}
    assert pods["bakery/oven-6d4b75cb6d-hx2lp"]["restarts"] == 6
    assert pods["bakery/oven-6d4b75cb6d-zz9aa"]["restarts"] == 2


NODE = """\
Name:               kiln-1
Roles:              <none>
Labels:             kubernetes.io/hostname=kiln-1
                    topology.kubernetes.io/zone=eu-1b
Taints:             node.kubernetes.io/unreachable:NoExecute
                    dedicated=bread:NoSchedule
Unschedulable:      true
Conditions:
  Type             Status    LastHeartbeatTime                 LastTransitionTime                Reason                       Message
  ----             ------    -----------------                 ------------------                ------                       -------
  MemoryPressure   False     Mon, 02 Jun 2025 10:00:00 +0000   Mon, 02 Jun 2025 09:00:00 +0000   KubeletHasSufficientMemory   kubelet has sufficient memory available
  DiskPressure     True      Mon, 02 Jun 2025 10:00:00 +0000   Mon, 02 Jun 2025 09:00:00 +0000   KubeletHasDiskPressure       kubelet has disk pressure
  Ready            Unknown   Mon, 02 Jun 2025 10:00:00 +0000   Mon, 02 Jun 2025 09:00:00 +0000   NodeStatusUnknown            Kubelet stopped posting node status.
Allocatable:
  cpu:     2
  memory:  4Gi
  pods:    110
System Info:
  Kernel Version:             5.15.0
  Container Runtime Version:  cri-o://1.29.1
  Kubelet Version:            v1.29.3
"""


def test_a_described_node_gives_condition_taints_and_capacity() -> None:
    seen = read(NODE)
    node, ready = facts(seen, "node")
    assert (node["cordoned"], node["runtime"], node["capacity_pods"]) == (True, "cri-o", 110)
    assert (node["zone"], node["version"]) == ("eu-1b", "v1.29.3")
    assert (ready["ready"], ready["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert [made["condition"] for made in facts(seen, "node_condition")] == ["DiskPressure"]
    assert [made["key"] for made in facts(seen, "taint")] == ["node.kubernetes.io/unreachable", "dedicated"]


def test_healthy_conditions_are_no_facts_and_no_condition_passages() -> None:
    assert {about["via"] for about in abouts(NODE, "sufficient memory")} == {"paste"}


def test_a_service_with_blank_endpoints_has_none() -> None:
    text = """\
Name:              flour
Namespace:         bakery
Labels:            team=mill
Selector:          app=flour
Type:              ClusterIP
IP:                10.96.3.9
Port:              http  80/TCP
TargetPort:        8080/TCP
Endpoints:
Session Affinity:  None
"""
    service = one(text, "service")
    assert (service["service"], service["endpoints"], service["selector"]) == ("bakery/flour", 0, "app=flour")


def test_a_deployment_says_how_many_it_lacks_and_why() -> None:
    text = """\
Name:                   oven
Namespace:              bakery
Selector:               app=oven
Replicas:               3 desired | 1 updated | 3 total | 1 available | 2 unavailable
StrategyType:           RollingUpdate
Conditions:
  Type           Status  Reason
  ----           ------  ------
  Available      False   MinimumReplicasUnavailable
  Progressing    False   ProgressDeadlineExceeded
"""
    seen = read(text)
    workload = one(seen, "workload")
    assert (workload["workload"], workload["desired"], workload["available"]) == ("deployment bakery/oven", 3, 1)
    assert [made["reason"] for made in facts(seen, "workload_condition")] == [
        "MinimumReplicasUnavailable",
        "ProgressDeadlineExceeded",
    ]


def test_an_autoscaler_without_metrics_says_which_condition_failed() -> None:
    text = """\
Name:            oven
Namespace:       bakery
Reference:       Deployment/oven
Metrics:         ( current / target )
  resource cpu on pods  (as a percentage of request):  <unknown> / 70%
Min replicas:    1
Max replicas:    5
Conditions:
  Type           Status  Reason                   Message
  ----           ------  ------                   -------
  AbleToScale    True    SucceededGetScale        the HPA controller was able to get the target's current scale
  ScalingActive  False   FailedGetResourceMetric  missing request for cpu in container oven
"""
    condition = one(text, "autoscaler_condition")
    assert (condition["autoscaler"], condition["reason"]) == ("bakery/oven", "FailedGetResourceMetric")


def test_a_claim_and_a_quota_are_read() -> None:
    claim = "Name:          recipes-0\nNamespace:     bakery\nStorageClass:  fast\nStatus:        Pending\nVolume:\nAccess Modes:\nUsed By:       oven-0\n"
    assert one(claim, "claim")["used_by"] == "bakery/oven-0"
    quota = "Name:       team\nNamespace:  bakery\nResource    Used  Hard\n--------    ----  ----\npods        10    10\ncpu         1     4\n"
    full, free = facts(quota, "quota")
    assert (full["quota"], full["resource"], full["full"]) == ("bakery/team", "pods", True)
    assert "full" not in free


CRON_JOB = """\
Name:                          sweep
Namespace:                     bakery
Labels:                        <none>
Schedule:                      30 2 * * *
Concurrency Policy:            Forbid
Suspend:                       True
Successful Job History Limit:  3
Failed Job History Limit:      1
Starting Deadline Seconds:     5s
Selector:                      <unset>
Parallelism:                   1
Completions:                   1
Pod Template:
  Labels:  <none>
  Containers:
   sweep:
    Image:      busybox
Last Schedule Time:            Mon, 02 Jun 2025 02:30:00 +0000
Active Jobs:                   <none>
Events:                        <none>
"""


def test_a_described_cron_job_is_what_was_asked_about() -> None:
    cron = one(read(CRON_JOB), "workload")
    assert (cron["workload"], cron["schedule"]) == ("cronjob bakery/sweep", "30 2 * * *")
    assert (cron["suspended"], cron["starting_deadline_s"], cron["asked"]) == (True, 5, True)


def test_a_daemon_set_as_1_2_described_it() -> None:
    text = """\
Name:           broom
Image(s):       registry.example.org/broom:1
Selector:       app=broom
Node-Selector:  floor=wet
Labels:         app=broom
Desired Number of Nodes Scheduled: 0
Current Number of Nodes Scheduled: 0
Number of Nodes Misscheduled: 2
Pods Status:    1 Running / 0 Waiting / 1 Succeeded / 0 Failed
"""
    broom = one(read(text), "workload")
    assert (broom["workload"], broom["desired"], broom["short"]) == ("daemonset broom", 0, False)
