"""Events of every era and form, and the scheduler's message within them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.read import read
from rules.scheduler_message import parse
from tests.bot.read.helpers import abouts, facts, one


def test_get_events_gives_one_event_a_row_about_its_object() -> None:
    text = """\
$ kubectl get events -n bakery
LAST SEEN   TYPE      REASON              OBJECT                    MESSAGE
5s          Warning   FailedMount         pod/oven-0                MountVolume.SetUp failed for volume "recipes" : secret "x" not found
9m44s       Warning   FailedCreate        replicaset/oven-6d4b75c   Error creating: pods "oven-" is forbidden: exceeded quota
3m          Warning   ProvisioningFailed  persistentvolumeclaim/r   storageclass.storage.k8s.io "fast" not found
"""
    mount, create, provision = facts(text, "event")
    assert (mount["pod"], mount["age_s"]) == ("bakery/oven-0", 5)
    assert create["workload"] == "replicaset bakery/oven-6d4b75c"
    assert provision["claim"] == "bakery/r"
    (about,) = abouts(text, "MountVolume")
    assert (about["via"], about["reason"]) == ("event", "FailedMount")


def test_an_event_row_without_header_and_with_namespace_is_read() -> None:
    text = (
        "bakery   13m   Warning   FailedCreatePodSandBox   pod/oven-0   Failed to create pod sandbox: range is full\n"
    )
    assert one(text, "event")["pod"] == "bakery/oven-0"


def test_events_of_2015_are_read_with_count_container_and_host() -> None:
    text = """\
FIRSTSEEN   LASTSEEN   COUNT     NAME      KIND      SUBOBJECT                REASON    SOURCE              MESSAGE
8m          10s        17        till-1    Pod       spec.containers{till}    failed    {kubelet box1.lan}  Failed to pull image "till": not found
"""
    event = one(text, "event")
    assert (event["pod"], event["container"], event["node"]) == ("till-1", "till", "box1.lan")
    assert (event["times"], event["age_s"]) == (17, 10)


def test_dated_events_get_an_age_only_from_a_clock() -> None:
    text = "2016-05-04 22:09:51 +0200 CEST   2016-05-04 22:12:47 +0200 CEST   5   oven   Pod   Warning   FailedSync   {kubelet box1}   Error syncing pod\n"
    assert "age_s" not in one(text, "event")
    seen = read(text, now=datetime(2016, 5, 4, 20, 13, 47, tzinfo=UTC))
    assert one(seen, "event")["age_s"] == 60


def test_message_lines_below_a_row_belong_to_it() -> None:
    text = """\
  Warning  FailedMount  11s (x7 over 44s)  kubelet  MountVolume.SetUp failed for volume "share" : mount failed: exit status 32
Mounting command: mount
Output: mount error(13): Permission denied
"""
    seen = read(text)
    assert len(seen.passages) == 1
    assert "mount error(13)" in str(one(seen, "event")["message"])


def test_rows_of_a_description_are_about_the_pod_that_was_assigned() -> None:
    text = """\
  Normal   Scheduled  49s  default-scheduler  Successfully assigned bakery/oven-0 to kiln-1
  Warning  Failed     34s  kubelet            Failed to pull image "oven:2": not found
"""
    (about,) = abouts(text, "Failed to pull")
    assert about["pod"] == "bakery/oven-0"


def test_an_event_in_a_component_log_is_an_event() -> None:
    text = (
        'I0120 12:43:21.021807       1 event.go:291] "Event occurred" object="bakery/oven" kind="Deployment" '
        'apiVersion="apps/v1" type="Warning" reason="FailedCreate" message="quota exceeded"\n'
    )
    assert one(text, "event")["workload"] == "deployment bakery/oven"


TODAY = (
    "0/6 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {bread: only}, "
    "1 node(s) had taint {node.kubernetes.io/not-ready: }, that the pod didn't tolerate, 2 node(s) didn't match "
    "Pod's node affinity/selector. preemption: 0/6 nodes are available: 6 Preemption is not helpful for scheduling."
)


def test_each_clause_of_the_scheduler_is_a_fact_about_the_pod_and_preemption_is_dropped() -> None:
    found = facts(f"3s   Warning   FailedScheduling   pod/oven-0   {TODAY}\n", "unschedulable")
    assert [(made["because"], made["nodes"], made["pod"]) for made in found] == [
        ("insufficient", 1, "oven-0"),
        ("taint", 2, "oven-0"),
        ("not-ready", 1, "oven-0"),
        ("node-selector", 2, "oven-0"),
    ]
    assert (found[0]["resource"], found[1]["taint"], found[0]["of"]) == ("memory", "bread=only", 6)


@pytest.mark.parametrize(
    ("message", "because", "nodes"),
    [
        (
            "No nodes are available that match all of the following predicates:: Insufficient cpu (3).",
            "insufficient",
            3,
        ),
        ("Failed for reason PodFitsResources and possibly others", "insufficient", None),
        ("pod (oven) failed to fit in any node\nfit failure on node (a): PodFitsHostPorts", "host-port", 1),
        (
            "pod (oven) failed to fit in any node\nfit failure summary on nodes : NoVolumeZoneConflict (3)",
            "volume-zone",
            3,
        ),
        ("0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.", "claim-unbound", None),
        ('0/1 nodes are available: persistentvolumeclaim "r" not found.', "claim-missing", None),
        ("0/2 nodes are available: 2 node(s) had volume node affinity conflict.", "volume-zone", 2),
        ("0/2 nodes are available: 2 node(s) were unschedulable.", "unschedulable", 2),
        ("0/2 nodes are available: 2 Too many pods.", "too-many-pods", 2),
        ("0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints.", "topology-spread", 2),
        ("0/2 nodes are available: 2 node(s) exceed max volume count.", "volume-limit", 2),
        ("no nodes available to schedule pods", "other", 0),
    ],
)
def test_scheduler_messages_of_all_eras(message: str, because: str, nodes: int | None) -> None:
    (clause,) = parse(message)
    assert (clause.because, clause.nodes) == (because, nodes)


def test_scheduler_message_folded_by_yaml_is_split_and_says_which_clause_excludes_every_node() -> None:
    text = (
        "message: '0/7 nodes are available: 7 node(s) didn''t match node selector, 3\n  Insufficient cpu.'\n  reason: X"
    )
    labels, room = parse(text)
    assert (labels.text, labels.every_node) == ("node(s) didn't match node selector", True)
    assert (room.text, room.nodes, room.every_node) == ("Insufficient cpu", 3, False)


def test_fit_failures_joined_to_one_line_are_counted_by_reason() -> None:
    (clause,) = parse(
        "failed to fit in any node fit failure on node (a1): Insufficient cpu fit failure on node (b2): Insufficient cpu"
    )
    assert (clause.text, clause.nodes, clause.every_node) == ("Insufficient cpu", 2, None)


def test_no_scheduler_message_gives_no_clause() -> None:
    assert parse("3/3 pods are available: all well") == []


def test_trouble_before_the_start_is_stale_once_a_container_of_that_pod_started() -> None:
    text = """\
LAST SEEN   TYPE      REASON               OBJECT       MESSAGE
90s         Warning   FailedAttachVolume   pod/oven-0   Multi-Attach error for volume "pvc-7"
40s         Normal    Started              pod/oven-0   Started container oven
60s         Warning   FailedAttachVolume   pod/till-0   Multi-Attach error for volume "pvc-8"
5s          Warning   BackOff              pod/oven-0   Back-off restarting failed container
"""
    assert [(event["reason"], event.get("stale")) for event in facts(text, "event")] == [
        ("FailedAttachVolume", True),
        ("Started", None),
        ("FailedAttachVolume", None),
        ("BackOff", None),
    ]
    assert [about.get("stale") for about in abouts(text, "Multi-Attach")] == [True, None]


def test_trouble_that_came_again_after_the_start_is_not_stale() -> None:
    text = """\
  Warning  FailedMount  5s (x9 over 2m)  kubelet  MountVolume.SetUp failed for volume "recipes"
  Normal   Started      50s              kubelet  Started container oven
"""
    assert [event.get("stale") for event in facts(text, "event")] == [None, None]
