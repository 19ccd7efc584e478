"""Volumes and claims behind Pods that do not start."""

from __future__ import annotations

from typing import Any, Final

from tests.recordings.joins.cluster import Cluster, ago, condition
from tests.recordings.joins.scenario import Scenario, scenario

SCENARIOS: Final[list[Scenario]] = []


def _claim(c: Cluster, name: str, phase: str, storage_class: str = "fast", volume: str = "", age: float = 60) -> None:
    c.add(
        "PersistentVolumeClaim",
        name,
        "shop",
        age,
        spec={
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Gi"}},
            "storageClassName": storage_class,
            **({"volumeName": volume} if volume else {}),
        },
        status={"phase": phase},
    )


def _class(c: Cluster, name: str, mode: str = "WaitForFirstConsumer", provisioner: str = "ebs.csi.aws.com") -> None:
    c.add("StorageClass", name, provisioner=provisioner, volumeBindingMode=mode, reclaimPolicy="Delete")


def _uses(claim: str) -> dict[str, Any]:
    return {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]}


@scenario(SCENARIOS)
def volume_in_another_zone(c: Cluster) -> dict[str, Any]:
    """The volume is in zone b, whose only node is cordoned: the Pod has nowhere to go."""
    c.node("n1", zone="eu-1a")
    c.node(
        "n2", zone="eu-1b", cordoned=True, taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    )
    _class(c, "fast")
    _claim(c, "db-data", "Bound", volume="pv-7", age=9000)
    c.add(
        "PersistentVolume",
        "pv-7",
        spec={
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "fast",
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "db-data"},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {
                            "matchExpressions": [
                                {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-1b"]}
                            ]
                        }
                    ]
                }
            },
        },
        status={"phase": "Bound"},
    )
    waits = "0/2 nodes are available: 1 node(s) had volume node affinity conflict, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    c.pod(
        "db-0",
        "shop",
        None,
        age=35,
        labels={"app": "db"},
        spec=_uses("db-data"),
        conditions=[condition("PodScheduled", "False", 35, reason="Unschedulable", message=waits)],
    )
    c.event("Pod", "db-0", "shop", "FailedScheduling", waits, first=35, component="default-scheduler")
    return {
        "question": "pod shop/db-0",
        "first": "sched-volume-on-blocked-node",
        "subject": "pod shop/db-0",
        "names": ["eu-1b|n2"],
        "fix": ["uncordon"],
    }


@scenario(SCENARIOS)
def claim_of_a_class_that_does_not_exist(c: Cluster) -> dict[str, Any]:
    """The claim names a StorageClass with a typing error; the Pod waits for it."""
    c.nodes("n1")
    _class(c, "fast-ssd")
    _claim(c, "cache", "Pending", "fast-sdd")
    waits = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    c.pod(
        "cache-0",
        "shop",
        None,
        age=55,
        labels={"app": "cache"},
        spec=_uses("cache"),
        conditions=[condition("PodScheduled", "False", 55, reason="Unschedulable", message=waits)],
    )
    c.event(
        "PersistentVolumeClaim",
        "cache",
        "shop",
        "ProvisioningFailed",
        'storageclass.storage.k8s.io "fast-sdd" not found',
        first=55,
        component="persistentvolume-controller",
    )
    c.event("Pod", "cache-0", "shop", "FailedScheduling", waits, first=55, component="default-scheduler")
    return {
        "question": "pod shop/cache-0",
        "first": "claim-class-missing",
        "subject": "claim shop/cache",
        "names": ["fast-sdd"],
        "fix": ["storageclass"],
        "folds": ["pod shop/cache-0"],
    }


@scenario(SCENARIOS)
def volume_held_by_a_dead_node(c: Cluster) -> dict[str, Any]:
    """n2 went silent with the volume attached; the replacement on n1 gets Multi-Attach errors."""
    c.node("n1")
    c.node(
        "n2",
        ready="Unknown",
        since=22,
        message="Kubelet stopped posting node status.",
        taints=[
            {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"},
            {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"},
        ],
    )
    _class(c, "fast")
    _claim(c, "pg", "Bound", volume="pv-9", age=9000)
    c.add(
        "PersistentVolume",
        "pv-9",
        spec={
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "fast",
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "pg"},
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-9"},
        },
        status={"phase": "Bound"},
    )
    owner = c.deployment("pg", "shop", 1, 0)
    c.pod(
        "pg-5d8f-aaaaa",
        "shop",
        "n2",
        owner=owner,
        labels={"app": "pg"},
        spec=_uses("pg"),
        ready=False,
        since=21,
        deleting=16,
    )
    c.pod(
        "pg-5d8f-bbbbb",
        "shop",
        "n1",
        age=16,
        owner=owner,
        labels={"app": "pg"},
        spec=_uses("pg"),
        waiting=("ContainerCreating", ""),
    )
    c.event(
        "Pod",
        "pg-5d8f-bbbbb",
        "shop",
        "FailedAttachVolume",
        'Multi-Attach error for volume "pv-9" Volume is already used by pod(s) pg-5d8f-aaaaa',
        first=16,
        component="attachdetach-controller",
    )
    c.event(
        "Node",
        "n2",
        None,
        "NodeNotReady",
        "Node n2 status is now: NodeNotReady",
        last=22,
        first=22,
        count=1,
        component="node-controller",
    )
    return {
        "question": "pod shop/pg-5d8f-bbbbb",
        "first": "node-kubelet-silent",
        "subject": "node n2",
        "folds": ["pod shop/pg-5d8f-bbbbb"],
    }


@scenario(SCENARIOS)
def csi_driver_missing_on_a_node(c: Cluster) -> dict[str, Any]:
    """The driver's node Pod on n2 cannot start, so no volume mounts there."""
    c.nodes("n1", "n2")
    _class(c, "nas", provisioner="nas.csi.example.com")
    _claim(c, "docs", "Bound", "nas", "pv-3", age=9000)
    c.add(
        "PersistentVolume",
        "pv-3",
        spec={
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "nas",
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "docs"},
            "csi": {"driver": "nas.csi.example.com", "volumeHandle": "h3"},
        },
        status={"phase": "Bound"},
    )
    c.add(
        "DaemonSet",
        "nas-node",
        "storage",
        spec={
            "selector": {"matchLabels": {"app": "nas-node"}},
            "template": {"metadata": {"labels": {"app": "nas-node"}}, "spec": {"containers": [{"name": "nas-node"}]}},
        },
        status={
            "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2,
            "numberReady": 1,
            "numberAvailable": 1,
            "numberUnavailable": 1,
            "numberMisscheduled": 0,
            "updatedNumberScheduled": 2,
        },
    )
    c.pod("nas-node-aaaaa", "storage", "n1", owner=("DaemonSet", "nas-node"), labels={"app": "nas-node"})
    c.pull_fails(
        "nas-node-bbbbb", "storage", "n2", "registry.example.com/storage/nas-node:2.1",
        app="nas-node", owner=("DaemonSet", "nas-node"),
    )  # fmt: skip
    owner = c.deployment("wiki", "shop", 1, 0)
    c.pod(
        "wiki-5d8f-aaaaa",
        "shop",
        "n2",
        age=30,
        owner=owner,
        labels={"app": "wiki"},
        spec=_uses("docs"),
        waiting=("ContainerCreating", ""),
    )
    c.event(
        "Pod",
        "wiki-5d8f-aaaaa",
        "shop",
        "FailedMount",
        'MountVolume.MountDevice failed for volume "pv-3" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name nas.csi.example.com not found in the list of registered CSI drivers',
        first=29,
        host="n2",
    )
    return {
        "question": "pod shop/wiki-5d8f-aaaaa",
        "first": "csi-driver-not-registered",
        "subject": "pod shop/wiki-5d8f-aaaaa",
        "names": ["nas"],
        "folds": ["pod shop/wiki-5d8f-aaaaa"],
    }


@scenario(SCENARIOS)
def released_volume_is_not_bound_again(c: Cluster) -> dict[str, Any]:
    """The claim was made anew; the volume it should get is Released with the old claim's uid."""
    c.nodes("n1")
    _claim(c, "archive", "Pending", "manual", volume="pv-old")
    c.add(
        "PersistentVolume",
        "pv-old",
        spec={
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "manual",
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {
                "kind": "PersistentVolumeClaim",
                "namespace": "shop",
                "name": "archive",
                "uid": "an-older-claim",
            },
            "hostPath": {"path": "/srv/archive"},
        },
        status={"phase": "Released"},
    )
    waits = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    c.pod(
        "archive-0",
        "shop",
        None,
        age=20,
        labels={"app": "archive"},
        spec=_uses("archive"),
        conditions=[condition("PodScheduled", "False", 20, reason="Unschedulable", message=waits)],
    )
    c.event("Pod", "archive-0", "shop", "FailedScheduling", waits, first=20, component="default-scheduler")
    c.event(
        "PersistentVolumeClaim",
        "archive",
        "shop",
        "FailedBinding",
        'volume "pv-old" already bound to a different claim.',
        first=20,
        component="persistentvolume-controller",
    )
    return {
        "question": "pvc shop/archive",
        "first": "claim-volume-taken",
        "subject": "claim shop/archive",
        "names": ["pv-old"],
        "fix": ["claimRef|pv"],
    }


@scenario(SCENARIOS)
def claim_waits_for_its_deletion(c: Cluster) -> dict[str, Any]:
    """A claim was deleted while a Pod still uses it: it stays Terminating until the Pod is gone."""
    c.nodes("n1")
    _class(c, "fast")
    c.add(
        "PersistentVolumeClaim",
        "media",
        "shop",
        9000,
        metadata={
            "deletionTimestamp": ago(90),
            "deletionGracePeriodSeconds": 0,
            "finalizers": ["kubernetes.io/pvc-protection"],
        },
        spec={
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Gi"}},
            "storageClassName": "fast",
            "volumeName": "pv-5",
        },
        status={"phase": "Bound"},
    )
    c.pod("media-0", "shop", "n1", labels={"app": "media"}, spec=_uses("media"))
    return {
        "question": "pvc shop/media",
        "first": "claim-stuck-terminating",
        "subject": "claim shop/media",
        "names": ["media-0|Pod|use"],
        "fix": ["media"],
    }


@scenario(SCENARIOS)
def nfs_server_down_behind_two_workloads(c: Cluster) -> dict[str, Any]:
    """Two Deployments mount exports of one server that does not answer: one cause, with its name."""
    c.nodes("n1", "n2")
    for name in ("files", "wiki"):
        owner = c.deployment(name, "docs", 1, 0)
        c.pod(
            f"{name}-5d8f-aaaaa",
            "docs",
            "n1",
            age=30,
            owner=owner,
            labels={"app": name},
            waiting=("ContainerCreating", ""),
        )
        c.event(
            "Pod", f"{name}-5d8f-aaaaa", "docs", "FailedMount",
            'MountVolume.SetUp failed for volume "data" : mount failed: exit status 32\nMounting command: mount\n'
            f"Mounting arguments: -t nfs nas01.example.net:/export/{name} /var/lib/kubelet/pods/1/volumes/kubernetes.io~nfs/data\n"
            "Output: mount.nfs: Connection timed out",
        )  # fmt: skip
    return {
        "question": "summary",
        "first": "nfs-server-unreachable",
        "names": ["nas01.example.net"],
        "fix": ["nc -vz nas01.example.net 2049"],
        "folds": ["deployment docs/files", "deployment docs/wiki"],
    }
