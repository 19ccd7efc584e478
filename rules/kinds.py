"""The vocabulary of facts: every kind and every attribute, declared once.

A fact is a flat record. Knowledge that names a kind or an attribute that is not here does not load, and a
collector that makes such a fact fails its tests. `kdiag kb facts` prints this file's tables.

Conventions, the same in every kind:

* A namespaced object is `namespace/name` (`pod: shop/web-0`); only `name` when the namespace is not known, as
  in a pasted table. An attribute is called after the kind it names: `pod`, `node`, `service`, `claim`.
* `workload` and `object` name any kind: `deployment shop/web`, `node n1` (kind in lower case, a space, the name).
* Units are in the name: `age_s` seconds, `size_bytes`. Quantities as Kubernetes writes them (`100Mi`) are
  strings; where knowledge must compare them there is a number beside them.
* An unknown value is left out, never "" and never a guess. Absence that was really observed is a fact of its
  own: `exists: false`, `endpoints: 0`. An attribute that is left out never matches a condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

Scalar = str | int | float | bool
Types = Mapping[str, tuple[type, str]]

WHERE: Final[Types] = {
    "object": (str, "what it is about, as `kind namespace/name`"),
    "namespace": (str, "its namespace"),
    "pod": (str, "the Pod it is about"),
    "container": (str, "the container's name in that Pod"),
    "node": (str, "the node it is about or happened on"),
    "host": (str, "the machine it was read from, as the inventory names it"),
    "unit": (str, "the systemd unit, without `.service`"),
    "workload": (str, "the controller it is about, as `deployment shop/web`"),
    "service": (str, "the Service it is about"),
    "claim": (str, "the PersistentVolumeClaim it is about"),
    "volume": (str, "the PersistentVolume or the Pod's volume it is about"),
}
"""Attributes that say what a record is about. Symptoms, events and findings carry whichever are known."""

PARTS: Final[Types] = {
    name: (str, doc)
    for name, doc in {
        "address": "an IP address or host name, without port",
        "api_group": "an API group",
        "api_version": "an apiVersion",
        "claim_name": "a claim's bare name",
        "code": "a numeric or symbolic code (exit code, HTTP status, errno)",
        "command": "a command or executable",
        "condition": "a condition type",
        "configmap": "a ConfigMap's bare name",
        "count": "how many",
        "detail": "the innermost error text that says why",
        "device": "a block device, interface or hardware device",
        "driver": "a driver's name (CSI, storage, cgroup)",
        "endpoint": "a URL or socket that was called",
        "expected": "what would have been right",
        "field": "a field path in an object or manifest",
        "file": "a file's name or path",
        "finalizer": "a finalizer's name",
        "flag": "a command line flag",
        "from_host": "who tried",
        "gate": "a scheduling gate",
        "image": "an image reference as written",
        "key": "a key in a Secret, ConfigMap or store",
        "kind_name": "an API kind or resource as written",
        "label": "a label or label selector",
        "line": "a line number",
        "member": "an etcd member",
        "name": "a bare name of whatever the text is about",
        "owner": "who holds it",
        "path": "a path in a file system or URL",
        "permission": "a verb or access that was refused",
        "plugin": "a plugin (CNI, admission, volume, device)",
        "policy": "a policy's name",
        "port": "a port number or name",
        "probe": "liveness, readiness or startup",
        "quota": "a ResourceQuota's bare name",
        "registry": "an image registry's host",
        "requested": "how much was asked for",
        "resource": "a resource: cpu, memory, pods, nvidia.com/gpu",
        "role": "a Role or ClusterRole",
        "secret": "a Secret's bare name",
        "server": "a server's host or URL",
        "service_account": "a ServiceAccount's bare name",
        "service_name": "a Service as written in the text",
        "signal": "a signal's name or number",
        "size": "a size as written",
        "storage_class": "a StorageClass",
        "subnet": "a subnet or CIDR",
        "taint": "a taint as written",
        "time": "a time or duration as written",
        "used": "how much is used",
        "user": "a user or service account that acted",
        "uid": "a UID",
        "value": "the offending value",
        "version": "a version",
        "webhook": "an admission webhook's name",
        "zone": "a zone or topology value",
    }.items()
}
"""Named parts a signature may capture. One vocabulary, so that rules can join on them."""

MANIFEST_PROBLEMS: Final[Mapping[str, str]] = {
    "kind-misspelled": "no such kind, but a near one",
    "kind-missing": "no kind",
    "api-version-unknown": "no such apiVersion, or none that has this kind",
    "api-version-missing": "no apiVersion",
    "api-version-removed": "served once, no longer by this version of Kubernetes",
    "api-version-deprecated": "still served, and going to be removed",
    "name-missing": "no metadata.name (in 2015 no id)",
    "duplicate-name": "two objects of one kind, namespace and name",
    "port-missing": "a Service without port",
    "address-taken": "two Services ask for one address",
    "selector-missing": "a Service without selector",
    "selector-empty": "`selector:` with nothing under it: its lines lost their indentation",
    "selector-name-missing": "`replicaSelector:` with nothing under it",
    "selector-mismatch": "a controller's selector and its template's labels differ",
    "labels-missing": "no labels",
    "labels-empty": "`labels:` with nothing under it: its lines lost their indentation",
    "no-match-in-file": "a Service's selector fits no Pods of the same files, although some are near",
    "target-port-unknown": "a Service's named targetPort that no container has",
    "volume-unknown": "a mount of a volume that the Pod does not have",
    "yaml-syntax": "no YAML or JSON",
    "indentation": "a line is indented too little or too much",
    "tab": "a tab where YAML wants blanks",
    "template-syntax": "a template that was not rendered",
    "duplicate-key": "a key stands twice in one mapping",
    "unknown-field": "the kind has no such field",
    "nesting": "a field of the kind, on the wrong level",
    "wrong-type": "a value of another type than the field's",
    "quote-number": "a number or word that must be quoted",
    "required-missing": "a field that the kind demands is not there",
    "bad-value": "a value that the field does not allow",
}
"""What `kdiag check` finds in manifests. Each has its entry in knowledge/manifest/."""

KINDS: Final[dict[str, tuple[str, Types]]] = {
    # --- text -------------------------------------------------------------------------------------------
    "symptom": (
        "A text that a signature recognised, wherever it showed up.",
        {
            "is": (str, "the signature's id"),
            "via": (str, "where: paste, event, waiting, terminated, condition, log, journal, manifest, command"),
            "reason": (str, "the event's or state's reason, when the text stood in one"),
            "stale": (bool, "true: the object has recovered since, or is gone"),
            "times": (int, "how often it was seen"),
            "age_s": (int, "seconds since it was last seen"),
            **WHERE,
            **PARTS,
        },
    ),
    "paste": (
        "What a pasted text looks like as a whole.",
        {
            "lines": (int, "number of lines"),
            "command": (str, "a command seen behind a prompt"),
            "shows": (str, "what a block of it is: get-pods, describe-pod, events, journal, yaml, log, prose"),
        },
    ),
    # --- cluster ----------------------------------------------------------------------------------------
    "cluster": (
        "The cluster as a whole. One fact.",
        {
            "era": (str, "2015 (before 1.2, units and docker) or today"),
            "version": (str, "the API server's version"),
            "runtime": (str, "docker, containerd or cri-o: what most nodes run"),
            "control_plane": (str, "units, static-pods, k3s, rke2 or managed"),
            "platform": (str, "eks, gke, aks, openshift, k3s, rke2, kubeadm, kind, minikube"),
            "cni": (str, "flannel, calico, cilium, weave, kindnet, aws-cni, azure-cni, ovn"),
            "nodes": (int, "how many nodes"),
            "nodes_ready": (int, "how many are Ready"),
            "schedulable_nodes": (int, "how many are Ready and not cordoned"),
        },
    ),
    "component": (
        "A control plane part as `kubectl get componentstatuses` shows it.",
        {
            "component": (str, "scheduler, controller-manager, etcd-0"),
            "healthy": (bool, "its Healthy condition"),
            "message": (str, "what it said"),
        },
    ),
    "api_service": (
        "An APIService (aggregated API).",
        {
            "api_service": (str, "v1beta1.metrics.k8s.io"),
            "available": (bool, "its Available condition"),
            "reason": (str, "why not"),
            "message": (str, "in words"),
            "service": (str, "the Service behind it"),
            "workload": (str, "the controller of the Pods behind that Service"),
        },
    ),
    "custom_resource_definition": (
        "A condition of a CustomResourceDefinition that is not as it should be.",
        {
            "custom_resource_definition": (str, "certificates.cert-manager.io"),
            "condition": (str, "NamesAccepted, Established, Terminating, NonStructuralSchema ..."),
            "status": (str, "True, False, Unknown"),
            "reason": (str, "its reason"),
            "message": (str, "its message"),
            "deleting_s": (int, "seconds since its deletion was asked for"),
        },
    ),
    "resource_condition": (
        "A condition, phase or state of an object of the Gateway API, OLM or KEDA that is not as it should be.",
        {
            "object": (str, "as `kind namespace/name`"),
            "kind": (str, "its kind in lower case: gateway, httproute, clusterserviceversion, scaledobject ..."),
            "name": (str, "its bare name"),
            "namespace": (str, "its namespace"),
            "condition": (str, "the condition's type; `phase` for kinds that have a phase or state instead"),
            "status": (str, "True, False, Unknown; or the phase"),
            "reason": (str, "its reason"),
            "message": (str, "its message"),
            "age_s": (int, "seconds since it changed"),
        },
    ),
    "namespace": (
        "A Namespace.",
        {
            "namespace": (str, "its name"),
            "phase": (str, "Active or Terminating"),
            "terminating_s": (int, "seconds since its deletion was asked for"),
            "condition": (str, "the deletion condition that is True, such as NamespaceContentRemaining"),
            "message": (str, "what that condition says"),
            "finalizers": (str, "finalizers that remain, comma separated"),
        },
    ),
    "object": (
        "Any object, only what is common to all. Made for those that are being deleted or are named by others.",
        {
            "object": (str, "as `kind namespace/name`"),
            "kind": (str, "its kind in lower case"),
            "namespace": (str, "its namespace"),
            "deleting_s": (int, "seconds since its deletion was asked for"),
            "finalizers": (str, "finalizers that remain, comma separated"),
            "age_s": (int, "seconds since it was made"),
        },
    ),
    "reference": (
        "One object names another (a Pod its Secret, an Ingress its Service). Made where the target is missing"
        " or incomplete, and only when that kind was listed for that namespace.",
        {
            **WHERE,
            "from_kind": (str, "the kind that refers, in lower case"),
            "to_kind": (str, "the kind referred to, in lower case: secret, configmap, serviceaccount, service"),
            "to": (str, "the target as `namespace/name` or name"),
            "to_name": (str, "the target's bare name"),
            "to_namespace": (str, "the target's namespace"),
            "key": (str, "the key of it that is used"),
            "exists": (bool, "whether the target is there"),
            "key_exists": (bool, "whether the key is there"),
            "optional": (bool, "whether it may be missing"),
            "how": (
                str,
                "env, envFrom, volume, imagePullSecret, backend, tls, scaleTarget, serviceName, command, variable,"
                " parentRefs, backendRefs",
            ),
            "similar": (str, "the nearest existing name in that namespace, if it is close"),
            "elsewhere": (str, "another namespace that has one of that name"),
            "other_kind": (str, "Secret or ConfigMap: the other kind, where that namespace has one of that name"),
        },
    ),
    # --- pods -------------------------------------------------------------------------------------------
    "pod": (
        "A Pod that is not plainly healthy, or was asked about.",
        {
            "pod": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "uid": (str, "its UID"),
            "phase": (str, "Pending, Running, Succeeded, Failed, Unknown; in 2015 also Waiting"),
            "status": (str, "what the STATUS column shows: CrashLoopBackOff, Init:0/1, Terminating"),
            "reason": (str, "status.reason: Evicted, NodeLost, UnexpectedAdmissionError"),
            "message": (str, "status.message"),
            "node": (str, "the node it is bound to"),
            "assigned": (bool, "whether it is bound to a node"),
            "ready": (bool, "its Ready condition"),
            "ready_containers": (int, "how many are ready"),
            "containers": (int, "how many it has"),
            "restarts": (int, "restarts of all its containers"),
            "age_s": (int, "seconds since it was made"),
            "deleting_s": (int, "seconds since its deletion was asked for"),
            "in_grace": (bool, "true while it is being deleted and its grace period is not over"),
            "finalizers": (str, "finalizers that remain, comma separated"),
            "workload": (str, "its controller: deployment shop/web, job db/migrate"),
            "owned": (bool, "whether it has a controller"),
            "service_account": (str, "namespace/name"),
            "labels": (str, "sorted k=v, comma separated"),
            "node_selector": (str, "sorted k=v, comma separated"),
            "node_affinity": (
                str,
                "what its required node affinity asks: `disk In ssd|nvme`, comma separated; `or` between alternatives",
            ),
            "pod_affinity": (str, "labels of the Pods that it must run beside, sorted k=v"),
            "pod_anti_affinity": (str, "labels of the Pods that it must not run beside, sorted k=v"),
            "node_label": (str, "the first k=v among those two that no node has"),
            "scheduler": (str, "spec.schedulerName when it is not the default"),
            "gates": (str, "scheduling gates that remain, comma separated"),
            "pull_secret": (str, "the bare name of its only imagePullSecret"),
            "host_network": (bool, "spec.hostNetwork"),
            "dns_policy": (str, "spec.dnsPolicy"),
            "nameservers": (str, "spec.dnsConfig.nameservers, comma separated"),
            "restart_policy": (str, "spec.restartPolicy"),
            "priority_class": (str, "spec.priorityClassName"),
            "static": (bool, "a static Pod (mirror)"),
            "control_plane": (bool, "a control plane or system Pod"),
            "asked": (bool, "the question was about this Pod"),
            "near": (bool, "one of the first Pods of what was asked about"),
        },
    ),
    "pod_condition": (
        "A condition of a Pod that is not as it should be.",
        {
            "pod": (str, "namespace/name"),
            "condition": (str, "PodScheduled, Initialized, ContainersReady, Ready, DisruptionTarget ..."),
            "status": (str, "True, False, Unknown"),
            "reason": (str, "its reason"),
            "message": (str, "its message"),
            "age_s": (int, "seconds since it changed"),
        },
    ),
    "container": (
        "A container of such a Pod.",
        {
            "pod": (str, "namespace/name"),
            "container": (str, "its name"),
            "role": (str, "main, init, sidecar (restartable init) or ephemeral"),
            "image": (str, "as the spec writes it"),
            "command": (str, "spec command and args, joined by spaces"),
            "state": (str, "waiting, running or terminated"),
            "reason": (str, "the state's reason: CrashLoopBackOff, ErrImagePull, OOMKilled, Completed, Error"),
            "message": (str, "the state's message"),
            "exit_code": (int, "of the current terminated state, else of the last one"),
            "signal": (int, "signal of that end"),
            "last_reason": (str, "reason of the last terminated state"),
            "last_message": (str, "its message"),
            "last_exit_code": (int, "its exit code"),
            "last_ran_s": (int, "how long it ran that time"),
            "last_end_age_s": (int, "seconds since it ended"),
            "restarts": (int, "restart count"),
            "ready": (bool, "ready"),
            "started": (bool, "started (startup probe passed)"),
            "running_s": (int, "seconds since the current start"),
            "memory_limit": (str, "limit as written"),
            "memory_request": (str, "request as written"),
            "cpu_limit": (str, "limit as written"),
            "cpu_request": (str, "request as written"),
            "its_configmap": (str, "the only ConfigMap that it reads or its Pod mounts, bare name"),
            "its_secret": (str, "the only Secret that it reads or its Pod mounts, bare name"),
            "its_claim": (str, "the only claim that its Pod mounts, bare name"),
            "workload": (str, "its Pod's controller"),
            "node": (str, "its Pod's node"),
        },
    ),
    "config_change": (
        "A ConfigMap or Secret was written after a running container took its variables from it.",
        {
            "pod": (str, "namespace/name"),
            "container": (str, "its container"),
            "node": (str, "its node"),
            "workload": (str, "its controller"),
            "kind": (str, "configmap or secret"),
            "name": (str, "its bare name"),
            "changed_s": (int, "seconds since it was written"),
            "running_s": (int, "seconds since the container started"),
        },
    ),
    "log_end": (
        "How a container's log ends: the last of its last lines that complains, else its very last one.",
        {
            "pod": (str, "namespace/name"),
            "container": (str, "its name"),
            "text": (str, "the line"),
        },
    ),
    "probe": (
        "A probe of a container of such a Pod.",
        {
            "pod": (str, "namespace/name"),
            "container": (str, "its container"),
            "probe": (str, "liveness, readiness or startup"),
            "type": (str, "http, tcp, exec or grpc"),
            "port": (str, "port as written"),
            "path": (str, "HTTP path"),
            "command": (str, "exec command"),
            "initial_delay_s": (int, "initialDelaySeconds"),
            "timeout_s": (int, "timeoutSeconds"),
            "period_s": (int, "periodSeconds"),
            "failure_threshold": (int, "failureThreshold"),
            "declared_ports": (str, "the container's own ports, comma separated"),
            "port_declared": (
                bool,
                "whether the port is one that the container declares; left out if it declares none",
            ),
            "listens": (str, "ports its log says it listens on, comma separated"),
            "in_initial_delay": (bool, "the container is younger than the initial delay"),
        },
    ),
    "event": (
        "A Kubernetes event (repetitions folded).",
        {
            **WHERE,
            "reason": (str, "its reason"),
            "type": (str, "Normal or Warning"),
            "message": (str, "its message"),
            "times": (int, "how often"),
            "age_s": (int, "seconds since it was last seen"),
            "component": (str, "who reported it"),
            "stale": (bool, "the object has recovered since, or is gone"),
            "by": (str, "the Pod that the message names by its UID"),
        },
    ),
    "unschedulable": (
        "One clause of the scheduler's message about a Pod.",
        {
            "pod": (str, "namespace/name"),
            "nodes": (int, "how many nodes this clause is about"),
            "of": (int, "how many nodes there are"),
            "every_node": (bool, "whether this clause alone excludes all of them"),
            "clause": (str, "the clause, as written"),
            "because": (
                str,
                "insufficient, taint, affinity, node-selector, pod-affinity, pod-anti-affinity, topology-spread,"
                " volume-zone, volume-binding, volume-limit, host-port, unschedulable, not-ready, claim-missing,"
                " claim-unbound, too-many-pods, node-name, other",
            ),
            "resource": (str, "the resource of an `insufficient` clause"),
            "taint": (str, "the taint of a `taint` clause"),
            "taint_key": (str, "that taint's key"),
            "alone": (bool, "the scheduler gave no other reason"),
            "stale": (bool, "the Pod has been scheduled since"),
        },
    ),
    "room": (
        "How much of a resource a Pod wants and the roomiest node has free.",
        {
            "pod": (str, "namespace/name"),
            "resource": (str, "cpu, memory, pods or another"),
            "requested": (str, "what the Pod asks for"),
            "most_free": (str, "the most that any ready, schedulable node has free"),
            "largest_node": (str, "the largest allocatable of any node"),
            "node": (str, "the node with the most free"),
            "never_fits": (bool, "no node is large enough even when empty"),
        },
    ),
    # --- workloads --------------------------------------------------------------------------------------
    "workload": (
        "A controller: Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController, Job, CronJob.",
        {
            "workload": (str, "deployment shop/web"),
            "kind": (str, "its kind in lower case"),
            "namespace": (str, "its namespace"),
            "name": (str, "its bare name"),
            "desired": (int, "replicas wanted (completions for a Job)"),
            "current": (int, "Pods that exist"),
            "ready": (int, "Pods that are ready"),
            "available": (int, "Pods that are available"),
            "updated": (int, "Pods of the newest template"),
            "missing": (int, "wanted minus existing, when above 0"),
            "unready": (int, "existing minus ready, when above 0"),
            "short": (bool, "fewer ready than wanted"),
            "paused": (bool, "rollout is paused"),
            "suspended": (bool, "suspended"),
            "failed": (int, "failed Pods of a Job"),
            "complete": (bool, "a Job that completed"),
            "age_s": (int, "seconds since it was made"),
            "selector": (str, "sorted k=v"),
            "template_labels": (str, "sorted k=v of the Pod template"),
            "selector_matches_template": (bool, "whether the template carries what the selector asks"),
            "service_name": (str, "a StatefulSet's serviceName"),
            "schedule": (str, "a CronJob's schedule"),
            "schedule_valid": (bool, "whether that can be parsed"),
            "last_schedule_age_s": (int, "seconds since the last run"),
            "time_zone": (str, "a CronJob's timeZone"),
            "time_zone_valid": (bool, "whether such a time zone is known"),
            "concurrency": (str, "a CronJob's concurrencyPolicy: Allow, Forbid, Replace"),
            "starting_deadline_s": (int, "a CronJob's startingDeadlineSeconds"),
            "missed_starts": (int, "start times since the last run that are over a minute past; 101 stands for more"),
            "active_job": (str, "the oldest Job of a CronJob that still runs, as namespace/name"),
            "active_job_age_s": (int, "seconds since that Job was made"),
            "active_jobs": (
                int,
                "Jobs of a CronJob that run now, where none has completed since the oldest of them began",
            ),
            "owner": (str, "its own controller, as a workload"),
            "generated_name": (bool, "the name looks generated although nothing owns it"),
            "asked": (bool, "the question was about it"),
        },
    ),
    "workload_condition": (
        "A condition of a controller that is not as it should be.",
        {
            "workload": (str, "deployment shop/web"),
            "condition": (str, "Progressing, Available, ReplicaFailure, Failed, Suspended"),
            "status": (str, "True, False, Unknown"),
            "reason": (str, "its reason"),
            "message": (str, "its message"),
            "age_s": (int, "seconds since it changed"),
        },
    ),
    "autoscaler": (
        "A HorizontalPodAutoscaler.",
        {
            "autoscaler": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "workload": (str, "what it scales"),
            "target_exists": (bool, "whether that exists"),
            "min": (int, "minReplicas"),
            "max": (int, "maxReplicas"),
            "current": (int, "current replicas"),
            "desired": (int, "desired replicas"),
            "at_max": (bool, "current and desired are the maximum"),
            "over_target": (bool, "whether a metric is at 1.25 times its target or more"),
            "metric": (str, "the metric it uses: cpu, memory, a name"),
            "container_without_request": (str, "a container of the target that has no request for that metric"),
        },
    ),
    "autoscaler_condition": (
        "A condition of a HorizontalPodAutoscaler that is not as it should be.",
        {
            "autoscaler": (str, "namespace/name"),
            "workload": (str, "what it scales"),
            "condition": (str, "AbleToScale, ScalingActive, ScalingLimited"),
            "status": (str, "True, False, Unknown"),
            "reason": (str, "its reason"),
            "message": (str, "its message"),
            "container_without_request": (str, "a container of the target without the request the metric needs"),
            "age_s": (int, "seconds since it changed"),
        },
    ),
    "disruption_budget": (
        "A PodDisruptionBudget.",
        {
            "disruption_budget": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "allowed": (int, "disruptions allowed now"),
            "expected": (int, "Pods it covers"),
            "healthy": (int, "healthy Pods now"),
            "desired_healthy": (int, "healthy Pods it demands"),
            "never_allows": (bool, "its setting can never allow a disruption"),
            "reason": (str, "reason of its DisruptionAllowed condition when that is not True"),
            "message": (str, "message of that condition"),
            "node": (str, "a cordoned node on which a Pod stands that it covers"),
            "pod": (str, "that Pod"),
            "workload": (str, "the controller of that Pod, else of any Pod it covers"),
            "differs": (
                str,
                "when it covers no Pod: the selector's k=v that the nearest Pods lack, with what they have",
            ),
            "also": (str, "another budget that covers that Pod too, which the eviction API refuses"),
            "selector": (str, "sorted k=v"),
        },
    ),
    # --- network ----------------------------------------------------------------------------------------
    "service": (
        "A Service, with what stands behind it.",
        {
            "service": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "type": (str, "ClusterIP, NodePort, LoadBalancer, ExternalName"),
            "cluster_ip": (str, "its address"),
            "ports": (str, "its ports, comma separated"),
            "selector": (str, "sorted k=v; left out when it has none"),
            "has_selector": (bool, "whether it has one"),
            "labels": (str, "sorted k=v"),
            "has_labels": (bool, "whether it has any"),
            "endpoints": (int, "ready addresses"),
            "not_ready_endpoints": (int, "addresses that are not ready"),
            "matching_pods": (int, "Pods that its selector matches"),
            "ready_pods": (int, "of those, ready ones"),
            "nearest_labels": (str, "labels of the Pods that match it best, when none matches"),
            "nearest_workload": (str, "the controller of those"),
            "idle_workload": (str, "the controller behind it, when that is scaled to nothing"),
            "differs": (str, "the selector's k=v that nearest Pods lack, with what they have"),
            "fitting_selector": (str, "the selector with the values of those Pods, sorted k=v"),
            "external_pending": (bool, "a LoadBalancer that has no address, five minutes after it was made"),
            "headless": (bool, "clusterIP None"),
            "starting": (bool, "all Pods behind it were made a moment ago and are still within their delays"),
            "called_by": (str, "when its workload is scaled to zero: a told Pod whose spec names it"),
            "same_selector_as": (str, "another Service of the namespace with the same selector and port"),
            "asked": (bool, "the question was about it"),
        },
    ),
    "service_port": (
        "A port of a Service whose target no matching Pod offers.",
        {
            "service": (str, "namespace/name"),
            "port": (str, "the Service's port"),
            "target": (str, "targetPort as written"),
            "named": (bool, "the target is a name"),
            "offered": (str, "ports the matching Pods declare, comma separated"),
            "resolves": (bool, "whether a matching Pod has it"),
        },
    ),
    "endpoint": (
        "An address behind a Service that something is odd about.",
        {
            "service": (str, "namespace/name"),
            "address": (str, "IP"),
            "port": (str, "port"),
            "pod": (str, "the Pod that owns it"),
            "owned": (bool, "whether a running Pod has that address"),
            "ready": (bool, "whether it is listed as ready"),
        },
    ),
    "ingress": (
        "An Ingress.",
        {
            "ingress": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "class": (str, "its class"),
            "has_class": (bool, "whether it names one, in its spec or by the old annotation"),
            "class_exists": (bool, "whether that IngressClass exists"),
            "has_address": (bool, "whether a controller gave it an address"),
            "default_class": (bool, "whether a default IngressClass exists"),
            "port_error": (str, "what the load balancer's controller says of a port that it could not open"),
            "age_s": (int, "seconds since it was made"),
        },
    ),
    "ingress_backend": (
        "A backend of an Ingress.",
        {
            "ingress": (str, "namespace/name"),
            "service": (str, "the Service it names"),
            "port": (str, "the port it names"),
            "service_exists": (bool, "whether that exists"),
            "port_exists": (bool, "whether that Service has the port"),
            "endpoints": (int, "ready addresses behind it"),
            "host": (str, "host of the rule"),
            "path": (str, "path of the rule"),
            "similar": (str, "the nearest existing Service"),
        },
    ),
    "network_policy": (
        "A NetworkPolicy and what it does.",
        {
            "network_policy": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "selector": (str, "its podSelector, sorted k=v; `all` when empty"),
            "selects": (int, "Pods it selects"),
            "nearest_labels": (str, "the nearest labels that exist, when it selects none"),
            "direction": (str, "ingress or egress: one fact for each direction it governs"),
            "allows_nothing": (bool, "no rule at all in that direction"),
            "allows_dns": (bool, "port 53 is let through (egress)"),
        },
    ),
    "policy_on_pod": (
        "A NetworkPolicy governs a Pod.",
        {
            "network_policy": (str, "namespace/name"),
            "pod": (str, "namespace/name"),
            "direction": (str, "ingress or egress"),
            "allows_nothing": (bool, "no rule at all in that direction"),
            "allows_dns": (bool, "port 53 is let through (egress)"),
            "allows_port": (str, "ports let in, comma separated; `all`"),
            "blocks_probe_port": (bool, "a probe's or Service's port is not let in"),
        },
    ),
    "replacement": (
        "The Pod that was asked about was made by its controller in place of one that was deleted by somebody else.",
        {
            "pod": (str, "the Pod"),
            "namespace": (str, "its namespace"),
            "replaced": (str, "the name of the one that was deleted; a StatefulSet's Pod has the same"),
            "workload": (str, "the controller at the top"),
            "age_s": (int, "seconds since the deleted one was stopped"),
        },
    ),
    "blocked_call": (
        "NetworkPolicies do not let a Pod call a Service. One fact for each way to write the Service's address.",
        {
            "network_policy": (str, "one of the policies of the side that does not admit the other, namespace/name"),
            "namespace": (str, "that policy's namespace"),
            "direction": (str, "ingress: on the Service's Pods; egress: on the calling Pod"),
            "pod": (str, "the Pod that calls"),
            "labels": (str, "its labels, sorted k=v"),
            "service": (str, "the Service"),
            "address": (str, "its name, its qualified name or its address, with or without port"),
            "called": (bool, "the Pod's own spec names the Service"),
        },
    ),
    "webhook": (
        "An admission webhook.",
        {
            "webhook": (str, "the webhook's name"),
            "configuration": (str, "mutatingwebhookconfiguration/NAME or validatingwebhookconfiguration/NAME"),
            "service": (str, "the Service it calls"),
            "service_exists": (bool, "whether that exists"),
            "endpoints": (int, "ready addresses behind it"),
            "failure_policy": (str, "Fail or Ignore"),
            "matches": (str, "resources it is asked about, comma separated"),
            "all_namespaces": (bool, "it is asked about every namespace"),
            "workload": (str, "the controller of the Pods behind it"),
            "service_namespace": (str, "the namespace of that Service"),
        },
    ),
    # --- storage ----------------------------------------------------------------------------------------
    "claim": (
        "A PersistentVolumeClaim.",
        {
            "claim": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "phase": (str, "Pending, Bound, Lost"),
            "storage_class": (str, "its class"),
            "has_class": (bool, "whether it names one"),
            "class_exists": (bool, "whether that exists"),
            "default_class": (bool, "whether the cluster has a default class"),
            "binding_mode": (str, "the class's volumeBindingMode"),
            "volume": (str, "the volume it is bound to"),
            "size": (str, "requested size"),
            "used_by": (str, "a Pod that uses it"),
            "age_s": (int, "seconds since it was made"),
            "deleting_s": (int, "seconds since its deletion was asked for"),
            "similar": (str, "the nearest existing StorageClass, if it is close"),
        },
    ),
    "claim_condition": (
        "A condition of a PersistentVolumeClaim that tells of a failed or waiting change.",
        {
            "claim": (str, "namespace/name"),
            "condition": (str, "ControllerResizeError, NodeResizeError, ModifyVolumeError; or the status of a resize"),
            "status": (str, "True, False, Unknown"),
            "reason": (str, "its reason"),
            "message": (str, "its message"),
            "age_s": (int, "seconds since it changed"),
        },
    ),
    "volume": (
        "A PersistentVolume.",
        {
            "volume": (str, "its name"),
            "phase": (str, "Available, Bound, Released, Failed"),
            "reclaim": (str, "its reclaim policy"),
            "claim": (str, "the claim it is for"),
            "storage_class": (str, "its class"),
            "size": (str, "capacity"),
            "zone": (str, "the zone or node its node affinity demands"),
            "key": (str, "the label key of that node affinity"),
            "message": (str, "status.message"),
            "nodes_matching": (int, "nodes that satisfy its node affinity"),
            "nodes_usable": (int, "of those, Ready and not cordoned"),
            "blocked_node": (str, "the matching node that is cordoned or not ready, when none is usable"),
            "blocked_by": (str, "cordoned or not-ready"),
        },
    ),
    "storage_class": (
        "A StorageClass.",
        {
            "storage_class": (str, "its name"),
            "provisioner": (str, "its provisioner"),
            "binding_mode": (str, "volumeBindingMode"),
            "default": (bool, "whether it is a default"),
            "expandable": (bool, "allowVolumeExpansion"),
        },
    ),
    "attachment": (
        "A VolumeAttachment.",
        {
            "volume": (str, "the volume"),
            "node": (str, "the node"),
            "attached": (bool, "whether it is attached"),
            "error": (str, "its error"),
            "age_s": (int, "seconds since it was made"),
        },
    ),
    # --- policy -----------------------------------------------------------------------------------------
    "quota": (
        "One resource of a ResourceQuota that is used up, or that demands a setting.",
        {
            "quota": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "resource": (str, "pods, requests.cpu, ..."),
            "used": (str, "used"),
            "hard": (str, "limit"),
            "full": (bool, "used has reached the limit"),
            "top_user": (str, "the workload that uses the most of it"),
            "top_kind": (str, "the kind of that controller"),
            "top_used": (int, "how many Pods that one has"),
        },
    ),
    "limit_range": (
        "One limit of a LimitRange.",
        {
            "limit_range": (str, "namespace/name"),
            "namespace": (str, "its namespace"),
            "type": (str, "Container, Pod, PersistentVolumeClaim"),
            "resource": (str, "cpu, memory, storage"),
            "min": (str, "minimum"),
            "max": (str, "maximum"),
        },
    ),
    "role_binding": (
        "A RoleBinding or ClusterRoleBinding that is odd.",
        {
            "binding": (str, "rolebinding ns/name or clusterrolebinding name"),
            "namespace": (str, "its namespace"),
            "role": (str, "the role it names"),
            "role_kind": (str, "role or clusterrole"),
            "role_exists": (bool, "whether that exists"),
            "subject": (str, "a subject it names"),
            "subject_exists": (bool, "whether that ServiceAccount exists"),
            "wildcard": (bool, "the role grants verbs or resources by `*`"),
        },
    ),
    "grant": (
        "A role that a told Pod's ServiceAccount is bound to, with what it allows.",
        {
            "namespace": (str, "the account's namespace"),
            "service_account": (str, "its bare name"),
            "role": (str, "the role's bare name"),
            "role_kind": (str, "role or clusterrole"),
            "binding": (str, "rolebinding ns/name or clusterrolebinding name"),
            "allows": (str, "what it allows, as `get,list deployments; watch pods`"),
        },
    ),
    # --- nodes ------------------------------------------------------------------------------------------
    "node": (
        "A node.",
        {
            "node": (str, "its name"),
            "ready": (str, "True, False or Unknown"),
            "reason": (str, "reason of the Ready condition"),
            "message": (str, "message of the Ready condition"),
            "silent_s": (int, "seconds since its last heartbeat"),
            "not_ready_s": (int, "seconds since Ready changed"),
            "cordoned": (bool, "spec.unschedulable"),
            "joining": (bool, "not ready yet, and it registered only a moment ago"),
            "deleting_s": (int, "seconds since its deletion was asked for"),
            "version": (str, "kubelet's version"),
            "runtime": (str, "docker, containerd, cri-o"),
            "runtime_version": (str, "as the node says"),
            "os": (str, "OS image"),
            "kernel": (str, "kernel version"),
            "arch": (str, "architecture"),
            "role": (str, "control-plane, worker"),
            "zone": (str, "topology zone"),
            "address": (str, "internal address"),
            "pods": (int, "Pods bound to it"),
            "pods_affected": (int, "of those, not ready or terminating"),
            "capacity_pods": (int, "how many it takes"),
            "cpu": (str, "allocatable CPU"),
            "memory": (str, "allocatable memory"),
            "has_status": (bool, "false: it is registered but never reported (2015)"),
            "age_s": (int, "seconds since it was made"),
            "asked": (bool, "the question was about it"),
        },
    ),
    "node_condition": (
        "A condition of a node that is not as it should be (other than Ready).",
        {
            "node": (str, "its name"),
            "condition": (str, "MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable, OutOfDisk, others"),
            "status": (str, "True, False, Unknown"),
            "reason": (str, "its reason"),
            "message": (str, "its message"),
            "age_s": (int, "seconds since it changed"),
        },
    ),
    "taint": (
        "A taint of a node.",
        {
            "node": (str, "its name"),
            "key": (str, "its key"),
            "value": (str, "its value"),
            "effect": (str, "NoSchedule, PreferNoSchedule, NoExecute"),
        },
    ),
    "lease": (
        "A Lease in kube-node-lease or kube-system.",
        {
            "lease": (str, "namespace/name"),
            "holder": (str, "who holds it"),
            "unit": (str, "the control plane part whose leader it names"),
            "host": (str, "the host of that leader"),
            "renewed_s": (int, "seconds since it was renewed"),
        },
    ),
    "csr": (
        "A CertificateSigningRequest that is not settled.",
        {
            "csr": (str, "its name"),
            "user": (str, "who asked"),
            "signer": (str, "signer"),
            "state": (str, "Pending, Denied, Failed, Approved (and not issued)"),
            "reason": (str, "reason of that condition"),
            "message": (str, "message of that condition"),
            "age_s": (int, "seconds since it was made"),
        },
    ),
    # --- hosts ------------------------------------------------------------------------------------------
    "host": (
        "A machine.",
        {
            "host": (str, "its name"),
            "role": (str, "master, node, etcd"),
            "node": (str, "the node it is, when it is one"),
            "address": (str, "its address"),
            "reachable": (bool, "whether it answered (SSH or ping)"),
            "reason": (str, "why not"),
        },
    ),
    "unit": (
        "A systemd unit on a host.",
        {
            "host": (str, "the machine"),
            "node": (str, "the node it is, when it is one"),
            "role": (str, "master, node or etcd: what that host is in the cluster"),
            "unit": (str, "without `.service`: kubelet, etcd, docker"),
            "active": (str, "active, inactive, failed, activating, deactivating, unknown"),
            "sub": (str, "running, dead, exited, auto-restart"),
            "enabled": (str, "enabled, disabled, static, masked, indirect"),
            "exists": (bool, "whether the unit is installed"),
            "result": (str, "exit-code, signal, oom-kill, start-limit-hit, timeout, success"),
            "exit_code": (int, "of its main process"),
            "signal": (str, "that killed it"),
            "restarts": (int, "NRestarts"),
            "since_s": (int, "seconds in this state"),
            "expected": (bool, "the inventory or the host's role says it should run"),
            "main": (bool, "one that the cluster depends on (etcd, apiserver, kubelet ...)"),
            "optional": (bool, "flanneld, where nothing shows that the cluster uses it"),
            "started_before_master": (bool, "a node daemon that started before the master's API server"),
        },
    ),
    "port": (
        "A port that a host should listen on, or does.",
        {
            "host": (str, "the machine"),
            "node": (str, "the node it is, when it is one"),
            "role": (str, "master, node or etcd"),
            "port": (int, "port number"),
            "listening": (bool, "whether something listens"),
            "address": (str, "the address it is bound to"),
            "loopback": (bool, "bound to loopback only"),
            "process": (str, "who listens"),
            "unit": (str, "the unit that owns the port by default"),
            "public": (bool, "others must reach it"),
            "expected": (bool, "the host's role says that it should listen"),
        },
    ),
    "firewall": (
        "What a host's firewall does to a port that others need.",
        {
            "host": (str, "the machine"),
            "role": (str, "master, node or etcd"),
            "port": (int, "port number"),
            "tool": (str, "firewalld, iptables, nftables"),
            "blocked": (bool, "whether it is filtered"),
            "rule": (str, "the rule that does it"),
            "unit": (str, "the unit that owns the port by default"),
        },
    ),
    "host_container": (
        "A container as docker or crictl on a host shows it.",
        {
            "host": (str, "the machine"),
            "tool": (str, "docker or crictl"),
            "container_id": (str, "its id"),
            "container": (str, "its name"),
            "pod": (str, "its Pod, when shown"),
            "image": (str, "its image"),
            "command": (str, "its command"),
            "state": (str, "running, exited, created"),
            "exit_code": (int, "exit code"),
            "age_s": (int, "seconds since it was made"),
            "attempt": (int, "attempt"),
        },
    ),
    "disk": (
        "A file system of a host.",
        {
            "host": (str, "the machine"),
            "mount": (str, "mount point"),
            "used_percent": (int, "used, percent"),
            "inodes_used_percent": (int, "inodes used, percent"),
            "free_bytes": (int, "free"),
        },
    ),
    "memory": (
        "A host's memory.",
        {
            "host": (str, "the machine"),
            "total_bytes": (int, "total"),
            "available_bytes": (int, "available"),
            "available_percent": (int, "available, percent"),
            "swap_bytes": (int, "swap that is on"),
        },
    ),
    "clock": (
        "A host's clock.",
        {
            "host": (str, "the machine"),
            "offset_s": (float, "its clock minus the reference's, seconds"),
            "off_by_s": (float, "the same without sign"),
            "synchronized": (bool, "as timedatectl says"),
        },
    ),
    "reach": (
        "One host tried to reach another's port or address.",
        {
            "host": (str, "who tried"),
            "node": (str, "the node it is"),
            "target": (str, "host or address"),
            "port": (int, "port"),
            "unit": (str, "what should answer there"),
            "ok": (bool, "whether it answered"),
            "error": (str, "refused, timeout, no-route, unknown-host, unreachable, loss"),
        },
    ),
    "setting": (
        "A setting of a daemon: a flag, a line of its configuration, a kernel parameter.",
        {
            "host": (str, "the machine"),
            "unit": (str, "the daemon"),
            "key": (str, "flag or key, without dashes"),
            "value": (str, "its value"),
            "file": (str, "where it is written"),
        },
    ),
    "certificate": (
        "A certificate.",
        {
            "host": (str, "the machine"),
            "file": (str, "its path or name"),
            "node": (str, "the node that the machine is"),
            "subject": (str, "whose it is, such as O=system:nodes, CN=system:node:n1"),
            "issuer": (str, "who signed it"),
            "expires": (str, "until when it is valid, such as 2026-03-04 09:10 UTC"),
            "expires_in_s": (int, "seconds until it expires; negative: expired"),
            "expired": (bool, "whether it is"),
        },
    ),
    # --- etcd -------------------------------------------------------------------------------------------
    "etcd_endpoint": (
        "An etcd endpoint.",
        {
            "endpoint": (str, "its URL"),
            "host": (str, "the machine"),
            "healthy": (bool, "whether it is"),
            "error": (str, "what it said"),
            "reason": (str, "refused, timeout, unhealthy, no-leader, tls"),
            "version": (str, "its version"),
            "member": (str, "member id or name"),
            "leader": (bool, "whether it leads"),
            "has_leader": (bool, "whether it knows a leader"),
            "db_bytes": (int, "database size"),
            "quota_bytes": (int, "quota"),
            "used_percent": (int, "database size, of the quota"),
            "reclaimable_percent": (int, "what a defragmentation would free, of the database size"),
            "learner": (bool, "whether it is a learner, which does not vote"),
            "other_version": (str, "another version that another member runs"),
            "alarm": (str, "NOSPACE, CORRUPT"),
        },
    ),
    "etcd_member": (
        "A member of the etcd cluster, as the others know it.",
        {
            "member": (str, "its id"),
            "name": (str, "its name, once it has started"),
            "started": (bool, "whether it ever joined"),
            "learner": (bool, "whether it is a learner, which does not vote"),
            "peer": (str, "the URL at which the others look for it"),
        },
    ),
    "etcd_prefix": (
        "How many keys of etcd begin with a prefix.",
        {
            "prefix": (str, "the prefix, such as /registry/events/"),
            "keys": (int, "how many"),
            "share_percent": (int, "of all keys"),
        },
    ),
    "etcd_key": (
        "A key that was looked up.",
        {
            "key": (str, "its path"),
            "exists": (bool, "whether it is there"),
            "dir": (bool, "whether it is a directory"),
            "value": (str, "its value, cut"),
            "children": (int, "entries of a directory"),
        },
    ),
    "registered_node": (
        "A node under /registry/minions or /registry/nodes, or one that should be.",
        {
            "node": (str, "its name"),
            "exists": (bool, "whether it is registered"),
            "reported": (bool, "whether its status is filled"),
            "address": (str, "hostIP"),
        },
    ),
    "flannel_lease": (
        "A flannel subnet lease, or a node without one.",
        {
            "subnet": (str, "10.20.24.0-24"),
            "address": (str, "PublicIP"),
            "node": (str, "the node with that address"),
            "host": (str, "the machine that should hold it"),
            "exists": (bool, "whether the node has one"),
            "shared": (bool, "two leases name the same address"),
            "foreign": (bool, "the address is no node's"),
        },
    ),
    # --- manifests --------------------------------------------------------------------------------------
    "manifest": (
        "An object in a manifest, before it is sent.",
        {
            "file": (str, "file name"),
            "line": (int, "line where it begins"),
            "kind": (str, "kind as written"),
            "api_version": (str, "apiVersion as written"),
            "name": (str, "name or id"),
            "namespace": (str, "namespace as written"),
            "era": (str, "2015 (v1beta1..3) or today"),
        },
    ),
    "manifest_problem": (
        "Something wrong in a manifest.",
        {
            "file": (str, "file name"),
            "line": (int, "line"),
            "problem": (str, "; ".join(f"{problem}: {meaning}" for problem, meaning in MANIFEST_PROBLEMS.items())),
            "field": (str, "field path"),
            "value": (str, "what is written"),
            "expected": (str, "what would be right"),
            "kind": (str, "the object's kind"),
            "name": (str, "the object's name"),
            "message": (str, "what the server will say"),
            "corrected": (str, "the corrected lines"),
        },
    ),
    # --- the consultation itself ------------------------------------------------------------------------
    "recorded": (
        "A kind that was listed for a namespace (or the cluster), and how many there are.",
        {
            "kind": (str, "kind in lower case"),
            "namespace": (str, "namespace; left out for the cluster"),
            "count": (int, "how many"),
        },
    ),
    "lint": (
        "A hygiene matter: nothing is broken.",
        {
            **WHERE,
            "check": (str, "the check's id, such as no-limits, latest-tag, unused-configmap"),
            "name": (str, "what it is about"),
            "value": (str, "the value found"),
            "expected": (str, "what is recommended"),
        },
    ),
    "finding": (
        "A finding of another entry, to chain on.",
        {"is": (str, "the entry's id"), "subject": (str, "its subject"), **WHERE, **PARTS},
    ),
    "want": (
        "Something a rule would like to know; the loop collects it.",
        {
            "what": (
                str,
                "journal, log, units, ports, firewall, containers, disk, clock, settings, reach, etcd, etcd-health,"
                " etcd-content, events, object, describe, kernel, certificates",
            ),
            **WHERE,
            "previous": (bool, "the previous container's log"),
            "key": (str, "an etcd key"),
            "target": (str, "host or address to reach"),
            "port": (int, "port to reach"),
            "kind": (str, "kind of the object"),
        },
    ),
    "gap": (
        "Something that could not be learned. Never the same as none.",
        {
            "what": (str, "what is not known"),
            "why": (str, "why"),
            "command": (str, "how a person can supply it"),
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read: an object or command, the path or line in it, and the raw text."""

    what: str
    where: str = ""
    text: str = ""

    def __str__(self) -> str:
        return f"{self.what}, {self.where}" if self.where else self.what


UNKNOWN_SOURCE: Final = Source("")


@dataclass(frozen=True, slots=True)
class Fact:
    """One flat record of a declared kind. Compare and hash by identity of content, not of source."""

    kind: str
    attributes: Mapping[str, Scalar]
    source: Source = UNKNOWN_SOURCE

    def __getitem__(self, attribute: str) -> Scalar:
        return self.attributes[attribute]

    def get(self, attribute: str) -> Scalar | None:
        return self.attributes.get(attribute)

    def key(self) -> tuple[str, tuple[tuple[str, Scalar], ...]]:
        return self.kind, tuple(sorted(self.attributes.items(), key=lambda item: item[0]))

    def __hash__(self) -> int:
        return hash(self.key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fact) and self.kind == other.kind and dict(self.attributes) == dict(other.attributes)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.attributes.items())
        return f"{self.kind}({shown})"


def fact(kind: str, source: Source = UNKNOWN_SOURCE, /, **attributes: Scalar | None) -> Fact:
    """A fact with the unknown (None or empty) attributes left out. A wrong name or type is a fault of ours.

    >>> fact("node", node="n1", ready="True", zone=None)
    Fact(kind='node', attributes={'node': 'n1', 'ready': 'True'}, source=Source(what='', where='', text=''))
    """
    declared = KINDS[kind][1]
    known: dict[str, Scalar] = {}
    for name, value in attributes.items():
        if value is None or value == "":
            continue
        expected = declared[name][0]
        if type(value) is not expected:
            if expected is float and type(value) is int:
                value = float(value)
            else:
                raise TypeError(f"{kind}.{name} is a {expected.__name__}, not {value!r}")
        known[name] = value
    return Fact(kind, known, source)


def declared_attributes(kind: str) -> Types:
    return KINDS[kind][1]


def describe_kinds() -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Each kind with its sentence and its attributes as (name, type, sentence), for `kdiag kb facts`."""
    for name, (doc, attributes) in KINDS.items():
        yield name, doc, [(attribute, type_.__name__, text) for attribute, (type_, text) in attributes.items()]
