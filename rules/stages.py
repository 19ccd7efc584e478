"""The pipeline of a Pod (guide §4.4): how far it came, and which finding stopped it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rules.findings import Ranked, Stage
from rules.kinds import Fact
from rules.schema import STAGES

OF_THE_KUBELET: Final = frozenset({"Pulling", "Pulled", "Created", "Started", "Failed", "BackOff"})
"""Events by which the kubelet shows that it has taken a Pod up."""


def stage_of(pod: str, facts: Iterable[Fact], roots: Sequence[Ranked]) -> Stage | None:
    """`reached` is the last stage that the facts show as done; None when nothing about the Pod is known."""
    about = [one for one in facts if one.get("pod") == pod]
    of_pod = next((one for one in about if one.kind == "pod"), None)
    if of_pod is None:
        return None
    containers = [
        one for one in about if one.kind == "container" and one.get("role") in ("main", "init", "sidecar", None)
    ]
    reached = _reached(of_pod, containers, about)
    stopped = None
    for ranked in roots:
        for finding in (ranked.finding, *ranked.explains):
            if finding.subject == f"pod {pod}" or ranked.finding.subject == f"pod {pod}":
                stopped = ranked.finding.id
                break
        if stopped:
            break
    if stopped is None and reached != "serving" and roots:
        stopped = roots[0].finding.id
    return Stage(reached, stopped)


def _reached(pod: Fact, containers: Sequence[Fact], about: Sequence[Fact]) -> str:
    reasons = {str(one.get("reason")) for one in containers if one.get("state") == "waiting"}
    events = {str(one.get("reason")) for one in about if one.kind in ("event", "symptom")}
    if pod.get("assigned") is False or (pod.get("node") is None and pod.get("phase") in ("Pending", "Waiting")):
        return "accepted"
    if pod.get("ready") is True:
        return "ready" if any(one.kind == "endpoint" and one.get("owned") is False for one in about) else "serving"
    if pod.get("phase") == "Succeeded":
        return "started"
    ran = [one for one in containers if one.get("state") == "running" or one.get("last_exit_code") is not None]
    ran += [one for one in containers if one.get("state") == "terminated"]
    if any(one.get("role") != "init" for one in ran):
        return "started"
    if "FailedCreatePodSandBox" in events or "FailedCreatePodSandbox" in events:
        return "handed-to-kubelet"
    if reasons & {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}:
        return "sandbox"
    if reasons & {"CreateContainerConfigError", "CreateContainerError"}:
        return "image"
    if reasons & {"RunContainerError", "StartError"}:
        return "created"
    if ran:
        return "sandbox"
    if "FailedMount" in events or "FailedAttachVolume" in events:
        return "handed-to-kubelet"
    told = any(one.get("state") is not None for one in containers) or events & OF_THE_KUBELET
    return "handed-to-kubelet" if told else "scheduled"


def position(stage: str) -> int:
    """Index of a stage in the pipeline, for rendering."""
    return STAGES.index(stage)
