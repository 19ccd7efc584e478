"""Controllers and API machinery: what shows on them is folded under the cause that an object below or beside shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import yaml

from bot.kb import ExampleSource
from bot.service import consult
from rules.expert import Expert
from rules.knowledge import load
from rules.schema import Example


@pytest.fixture
async def expert() -> AsyncIterator[Expert]:
    made = Expert(load())
    yield made
    await made.close()


async def roots_of(expert: Expert, objects: str) -> dict[str, set[str]]:
    """Root findings as `id subject`, each with the ids that it explains."""
    found: list[dict[str, Any]] = list(yaml.safe_load_all(objects))
    source = ExampleSource(Example("objects", objects=tuple(found)))
    answer = (await consult(expert, source, source.question)).answer
    return {f"{each.finding.id} {each.finding.subject}": {e.id for e in each.explains} for each in answer.roots}


POD_WITHOUT_SECRET = """
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: db
  creationTimestamp: "2025-06-10T08:00:00Z"
  labels: {{app: x}}
  ownerReferences: [{{apiVersion: {version}, kind: {kind}, name: {owner}, uid: u1, controller: true}}]
spec:
  nodeName: w1
  containers: [{{name: m, image: "m:1"}}]
status:
  phase: Pending
  conditions: [{{type: Ready, status: "False"}}]
  containerStatuses:
  - name: m
    ready: false
    restartCount: 0
    state: {{waiting: {{reason: CreateContainerConfigError, message: 'secret "login" not found'}}}}
"""


async def test_a_cron_job_that_a_hanging_run_blocks_is_folded_under_what_the_run_waits_for(expert: Expert) -> None:
    roots = await roots_of(
        expert,
        POD_WITHOUT_SECRET.format(name="sync-1-x", version="batch/v1", kind="Job", owner="sync-1")
        + """
---
apiVersion: batch/v1
kind: Job
metadata:
  name: sync-1
  namespace: db
  uid: u1
  creationTimestamp: "2025-06-10T08:00:00Z"
  ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: sync, uid: u2, controller: true}]
spec: {}
status: {active: 1}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: sync, namespace: db, uid: u2, creationTimestamp: "2025-06-01T00:00:00Z"}
spec: {schedule: "*/5 * * * *", concurrencyPolicy: Forbid}
status: {lastScheduleTime: "2025-06-10T08:00:00Z"}
""",
    )
    assert list(roots) == ["secret-missing pod db/sync-1-x"]
    assert {"cronjob-run-blocks-next", "cronjob-start-missed"} <= roots["secret-missing pod db/sync-1-x"]


async def test_a_deployment_past_its_deadline_is_folded_under_its_pods_cause(expert: Expert) -> None:
    roots = await roots_of(
        expert,
        POD_WITHOUT_SECRET.format(name="web-1-x", version="apps/v1", kind="ReplicaSet", owner="web-1")
        + """
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-1
  namespace: db
  uid: u1
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u2, controller: true}]
spec: {replicas: 1, selector: {matchLabels: {app: x}}}
status: {replicas: 1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: db, uid: u2, creationTimestamp: "2025-06-10T08:00:00Z"}
spec: {replicas: 1, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}}}
status:
  replicas: 1
  updatedReplicas: 1
  conditions:
  - {type: Available, status: "False", reason: MinimumReplicasUnavailable, message: no minimum availability}
  - {type: Progressing, status: "False", reason: ProgressDeadlineExceeded, message: ReplicaSet "web-1" has timed out}
""",
    )
    assert list(roots) == ["secret-missing pod db/web-1-x"]
    assert "rollout-progress-deadline" in roots["secret-missing pod db/web-1-x"]


async def test_a_stateful_set_behind_its_first_pod_is_folded_under_that_pods_cause(expert: Expert) -> None:
    roots = await roots_of(
        expert,
        POD_WITHOUT_SECRET.format(name="pg-0", version="apps/v1", kind="StatefulSet", owner="pg")
        + """
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: pg, namespace: db, uid: u1, creationTimestamp: "2025-06-10T08:00:00Z"}
spec: {replicas: 3, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}}}
status: {replicas: 1, currentReplicas: 1}
""",
    )
    assert list(roots) == ["secret-missing pod db/pg-0"]
    assert "statefulset-ordinal-blocked" in roots["secret-missing pod db/pg-0"]


UNAVAILABLE_API = """
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {service: {name: metrics, namespace: db}}
status:
  conditions:
  - {type: Available, status: "False", reason: MissingEndpoints, message: no addresses}
"""


async def test_a_namespace_and_an_autoscaler_are_folded_under_the_api_that_does_not_answer(expert: Expert) -> None:
    roots = await roots_of(
        expert,
        UNAVAILABLE_API
        + """
---
apiVersion: v1
kind: Namespace
metadata: {name: old, deletionTimestamp: "2025-06-10T08:00:00Z"}
spec: {finalizers: [kubernetes]}
status:
  phase: Terminating
  conditions:
  - type: NamespaceDeletionDiscoveryFailure
    status: "True"
    reason: DiscoveryFailed
    message: >-
      Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs:
      metrics.k8s.io/v1beta1: the server is currently unable to handle the request
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: cart, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}
  maxReplicas: 4
  metrics: [{type: Resource, resource: {name: cpu}}]
status:
  conditions:
  - type: ScalingActive
    status: "False"
    reason: FailedGetResourceMetric
    message: >-
      the HPA was unable to compute the replica count: unable to get metrics for resource cpu: unable to fetch metrics
      from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)
""",
    )
    root = "apiservice-without-endpoints apiservice v1beta1.metrics.k8s.io"
    assert list(roots) == [root]
    assert {"namespace-discovery-fails", "hpa-metrics-missing"} <= roots[root]


async def test_an_api_without_endpoints_is_folded_under_the_cause_of_its_pod(expert: Expert) -> None:
    service = """
---
apiVersion: v1
kind: Service
metadata: {name: metrics, namespace: db}
spec: {selector: {app: x}, ports: [{port: 443}]}
---
"""
    pod = POD_WITHOUT_SECRET.format(name="metrics-1-x", version="apps/v1", kind="ReplicaSet", owner="metrics-1")
    roots = await roots_of(expert, UNAVAILABLE_API + service + pod)
    assert list(roots) == ["secret-missing pod db/metrics-1-x"]
    assert "apiservice-without-endpoints" in roots["secret-missing pod db/metrics-1-x"]


async def test_a_drain_that_hangs_names_the_budget(expert: Expert) -> None:
    roots = await roots_of(
        expert,
        """
apiVersion: v1
kind: Node
metadata: {name: w1}
spec: {unschedulable: true}
status: {conditions: [{type: Ready, status: "True", lastHeartbeatTime: "2025-06-10T11:59:30Z"}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pg, namespace: db}
spec: {minAvailable: 1, selector: {matchLabels: {app: pg}}}
status: {disruptionsAllowed: 0, expectedPods: 1, currentHealthy: 1, desiredHealthy: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: pg-0, namespace: db, labels: {app: pg}}
spec: {nodeName: w1, containers: [{name: m, image: "m:1"}]}
status:
  phase: Running
  conditions: [{type: Ready, status: "True"}]
  containerStatuses: [{name: m, ready: true, restartCount: 0, state: {running: {}}}]
""",
    )
    assert next(iter(roots)) == "disruption-budget-never-allows poddisruptionbudget db/pg"
    assert list(roots) == ["disruption-budget-never-allows poddisruptionbudget db/pg"]
