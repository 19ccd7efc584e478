"""kubectl's tables, of today and of 2015: aligned, wrapped, cut, collapsed."""

from __future__ import annotations

import pytest

from bot.read import read
from tests.bot.read.helpers import abouts, facts, one, relations

WIDE = """\
NAMESPACE   NAME                      READY   STATUS             RESTARTS       AGE     IP           NODE     NOMINATED NODE   READINESS GATES
bakery      oven-6d4b75cb6d-hx2lp     0/2     CrashLoopBackOff   17 (57s ago)   2h      10.42.0.7    kiln-1   <none>           <none>
bakery      dough-0                   0/1     Pending            0              3m      <none>       <none>   <none>           <none>
bakery      till-7f9c8b7c4-abcde      1/1     Running            0              41d     10.42.0.9    kiln-2   <none>           <none>
"""


def test_wide_pods_say_node_restarts_and_whether_they_are_assigned() -> None:
    oven, dough, till = facts(WIDE, "pod")
    assert oven["pod"] == "bakery/oven-6d4b75cb6d-hx2lp"
    assert (oven["status"], oven["restarts"], oven["node"], oven["age_s"]) == ("CrashLoopBackOff", 17, "kiln-1", 7200)
    assert (dough["assigned"], dough["phase"]) == (False, "Pending")
    assert "node" not in dough
    assert till["ready"] is True
    assert ("node kiln-1", "runs", "pod bakery/oven-6d4b75cb6d-hx2lp") in relations(WIDE)


def test_unhealthy_rows_are_passages_about_their_pod() -> None:
    (about,) = abouts(WIDE, "CrashLoopBackOff")
    assert about == {"via": "paste", "pod": "bakery/oven-6d4b75cb6d-hx2lp", "node": "kiln-1"}


def test_collapsed_blanks_give_the_same_pods() -> None:
    collapsed = "\n".join(" ".join(line.split()) for line in WIDE.splitlines())
    assert facts(collapsed, "pod") == facts(WIDE, "pod")


def test_a_terminal_of_80_columns_gives_the_same_pods() -> None:
    lines = WIDE.splitlines()
    wrapped = "\n".join(line[at : at + 80] for line in lines for at in range(0, len(line), 80))
    assert facts(wrapped, "pod") == facts(WIDE, "pod")


def test_rows_whose_header_was_grepped_away_are_pods_in_the_namespace_of_the_command() -> None:
    text = "$ kubectl get po -n bakery | grep -v Running\noven-6d4b75cb6d-hx2lp  0/2  ImagePullBackOff  0  64s\n"
    assert one(text, "pod")["pod"] == "bakery/oven-6d4b75cb6d-hx2lp"


def test_get_all_shows_each_kind_by_its_prefix() -> None:
    text = """\
$ kubectl get all -n bakery
NAME             READY   STATUS    RESTARTS   AGE
pod/oven-x-1     1/1     Running   0          1d

NAME           TYPE        CLUSTER-IP     EXTERNAL-IP   PORT(S)   AGE
service/oven   ClusterIP   10.96.44.7     <none>        80/TCP    1d

NAME                   READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/oven   1/3     3            1           1d

NAME                              DESIRED   CURRENT   READY   AGE
replicaset.apps/oven-6d4b75cb6d   3         2         1       1d
"""
    seen = read(text)
    assert one(seen, "pod")["pod"] == "bakery/oven-x-1"
    assert one(seen, "service") | {"ports": "80/TCP"} == one(seen, "service")
    deployment, replicaset = facts(seen, "workload")
    assert (deployment["workload"], deployment["ready"], deployment["desired"]) == ("deployment bakery/oven", 1, 3)
    assert deployment["short"] is True
    assert (replicaset["workload"], replicaset["missing"]) == ("replicaset bakery/oven-6d4b75cb6d", 1)


def test_nodes_say_ready_cordoned_version_and_runtime() -> None:
    text = """\
NAME     STATUS                        ROLES           AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION   CONTAINER-RUNTIME
kiln-1   NotReady,SchedulingDisabled   <none>          41d   v1.29.3   10.0.0.11     <none>        Ubuntu 22.04.4 LTS   5.15.0-1         containerd://1.7.2
kiln-0   Ready                         control-plane   41d   v1.29.3   10.0.0.10     <none>        Ubuntu 22.04.4 LTS   5.15.0-1         containerd://1.7.2
"""
    seen = read(text)
    down, control = facts(seen, "node")
    assert (down["ready"], down["cordoned"], down["os"]) == ("False", True, "Ubuntu 22.04.4 LTS")
    assert (control["role"], control["runtime"]) == ("control-plane", "containerd")
    assert one(seen, "cluster")["runtime"] == "containerd"


def test_endpoints_none_is_an_observed_absence() -> None:
    text = "NAME   ENDPOINTS                         AGE\nflour  <none>                            9d\nyeast  10.1.0.3:80,10.1.0.4:80 + 2 more  9d\n"
    assert [(made["service"], made["endpoints"]) for made in facts(text, "service")] == [("flour", 0), ("yeast", 4)]


def test_claims_and_volumes_keep_empty_cells_apart() -> None:
    text = """\
NAME        STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   AGE
recipes-0   Pending                                      fast-ssd       4m3s
recipes-1   Bound     pv-17    10Gi       RWO            slow           9d
"""
    pending, bound = facts(text, "claim")
    assert (pending["phase"], pending["storage_class"]) == ("Pending", "fast-ssd")
    assert "volume" not in pending
    assert (bound["volume"], bound["size"]) == ("pv-17", "10Gi")
    assert ("volume pv-17", "backs", "claim recipes-1") in relations(text)


def test_autoscaler_rows_name_what_they_scale() -> None:
    text = """\
NAME   REFERENCE         TARGETS         MINPODS   MAXPODS   REPLICAS   AGE
oven   Deployment/oven   <unknown>/70%   1         5         5          9d
"""
    scaler = one(text, "autoscaler")
    assert (scaler["workload"], scaler["max"], scaler["at_max"]) == ("deployment oven", 5, True)


def test_component_statuses_keep_the_error() -> None:
    text = """\
NAME                 STATUS      MESSAGE                                                ERROR
scheduler            Unhealthy   Get http://127.0.0.1:10251/healthz: dial tcp refused   <nil>
etcd-0               Healthy     {"health": "true"}                                     nil
"""
    assert [made["healthy"] for made in facts(text, "component")] == [False, True]


def test_a_header_as_wide_as_a_terminal_with_a_column_error_is_no_cut_error() -> None:
    header = f"{'NAME':21}{'STATUS':12}{'MESSAGE':41}ERROR"
    assert len(header) == 79
    scheduler, etcd = facts(
        f"{header}\n{'scheduler':21}{'Healthy':12}ok\n"
        f"{'etcd-2':21}{'Unhealthy':12}Get https://10.7.0.4:2379/health: dial tcp 10.7.0.4:2379: i/o timeout\n",
        "component",
    )
    assert scheduler["healthy"] is True
    assert etcd["message"] == "Get https://10.7.0.4:2379/health: dial tcp 10.7.0.4:2379: i/o timeout"


def test_an_api_service_that_is_not_available_says_why() -> None:
    text = """\
NAME                     SERVICE                      AVAILABLE                      AGE
v1beta1.metrics.k8s.io   kube-system/metrics-server   False (FailedDiscoveryCheck)   9d
"""
    assert one(text, "api_service") == {
        "api_service": "v1beta1.metrics.k8s.io", "available": False, "reason": "FailedDiscoveryCheck",
        "service": "kube-system/metrics-server",
    }  # fmt: skip


def test_prose_in_capitals_is_no_table() -> None:
    assert facts("NAME YOUR PRICE AND STATUS QUO\nplease read this first\n", "pod") == []


# --- 2015 -----------------------------------------------------------------------------------------------

PODS_2015 = """\
# kubectl get pods
POD             IP          CONTAINER(S)  IMAGE(S)  HOST             LABELS                 STATUS
9a1fe0aa-b...   10.20.7.3   front         shopfront box2.lan/        name=front,uses=db     Running
77ab03c1-0...               front         shopfront <unassigned>     name=front,uses=db     Pending
"""


def test_pods_of_2015_show_their_host_and_era() -> None:
    seen = read(PODS_2015)
    running, pending = facts(seen, "pod")
    assert (running["node"], running["labels"], running["status"]) == ("box2.lan", "name=front,uses=db", "Running")
    assert pending["assigned"] is False
    assert one(seen, "cluster")["era"] == "2015"


def test_rows_of_2015_that_go_on_in_the_next_line_are_one_row() -> None:
    text = """\
# kubectl get pods
POD         IP          CONTAINER(S)  IMAGE(S)    HOST
       LABELS                             STATUS
f28980d...  10.20.48.4  front         shopfront   box1.lan/
       name=front,uses=db                 Running
f28a0a8...  10.20.29.9  front         shopfront   box2.lan/
       name=front,uses=db                 Waiting
"""
    first, second = facts(text, "pod")
    assert (first["node"], first["status"]) == ("box1.lan", "Running")
    assert (second["labels"], second["phase"]) == ("name=front,uses=db", "Waiting")


def test_services_of_2015_say_that_labels_and_selector_are_empty() -> None:
    text = """\
NAME         LABELS     SELECTOR  IP             PORT
till-svc              10.254.7.1     8443
"""
    service = one(text, "service")
    assert (service["has_labels"], service["has_selector"], service["cluster_ip"]) == (False, False, "10.254.7.1")


def test_a_controller_with_a_generated_name_is_told() -> None:
    text = """\
CONTROLLER                             CONTAINER(S)  IMAGE(S)   SELECTOR    REPLICAS

61c60f1e-ee3e-11e4-8ee6-5254001aa4ee   front         shopfront  name=front  2
till-controller                        till          till       name=till   1
"""
    generated, named = facts(text, "workload")
    assert (generated["generated_name"], generated["desired"]) == (True, 2)
    assert named["generated_name"] is False


def test_minions_are_nodes() -> None:
    text = "# kubectl get minions\nNAME        LABELS    STATUS\nbox1.lan    <none>    NotReady\nbox2.lan    <none>    Ready\n"
    assert [(node["node"], node["ready"]) for node in facts(text, "node")] == [
        ("box1.lan", "False"),
        ("box2.lan", "True"),
    ]


@pytest.mark.parametrize(
    ("command", "platform"),
    [
        ("$ az aks get-credentials -g lab -n lab", "aks"),
        ("$ aws eks update-kubeconfig --name lab", "eks"),
        ("$ gcloud container clusters list", "gke"),
    ],
)
def test_the_command_that_was_run_names_the_cloud(command: str, platform: str) -> None:
    seen = read(f"{command}\n$ kubectl get pods\nerror: You must be logged in to the server (Unauthorized)")
    assert one(seen, "cluster")["platform"] == platform


def test_status_that_is_a_whole_message_is_a_waiting_pod() -> None:
    """kubectl 1.6 and older print the message of a container that waits in STATUS."""
    text = """\
NAMESPACE     NAME             READY     STATUS              RESTARTS   AGE
kube-system   dns-391-j99wd    0/3       rpc error: code = 2 desc = failed to start container "82": Error response   0          32m
kube-system   proxy-abcde      1/1       Running             0          32m
"""
    waiting, running = facts(read(text), "pod")
    assert (waiting["pod"], waiting["status"], waiting["restarts"]) == ("kube-system/dns-391-j99wd", "Waiting", 0)
    assert (waiting["ready_containers"], waiting["containers"], waiting["age_s"]) == (0, 3, 1920)
    assert running["status"] == "Running"


def test_status_that_is_a_message_is_read_without_a_header_too() -> None:
    text = """\
$ kubectl get pods -n bakery
oven-cb40j    0/1       rpc error: code = 2 desc = failed to start container "fc9a": Error response from daemon   73         4d
"""
    seen = one(text, "pod")
    assert (seen["pod"], seen["status"], seen["restarts"]) == ("bakery/oven-cb40j", "Waiting", 73)


def test_requests_for_certificates_that_are_settled_are_no_facts() -> None:
    text = """\
NAME       AGE   REQUESTOR           CONDITION
csr-open   9m    kubelet-bootstrap   Pending
csr-odd    8m    kubelet-bootstrap   Approved
csr-well   7m    kubelet-bootstrap   Approved,Issued
csr-late   6m    kubelet-bootstrap   Approved,Failed
"""
    assert [(each["csr"], each["state"]) for each in facts(text, "csr")] == [
        ("csr-open", "Pending"),
        ("csr-odd", "Approved"),
        ("csr-late", "Failed"),
    ]
