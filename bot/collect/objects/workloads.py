"""Facts about controllers of Pods: how many are wanted and there, and the conditions that are not as they should be."""

from __future__ import annotations

from typing import Final

from bot.collect.objects import schedules
from bot.collect.objects.reading import shown_selector
from bot.collect.objects.records import Condition, Workload
from bot.collect.objects.resources import WORKLOADS
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import namespaced, shown_labels
from rules.kinds import Scalar, Source

PILE: Final = 3
"""Runs of a CronJob at once, none of which ends, that are no coincidence."""
MAX_RUNS: Final = 20


def project(situation: Situation) -> None:
    odd = _crons(situation) + _unnamed(situation)
    told = list(dict.fromkeys(asked_and_around(situation) + situation.sick_workloads + odd))
    for workload in told:
        _workload(situation, workload)
        if situation.is_sick(workload):
            for each in workload.conditions:
                if is_bad(each, workload):
                    _condition(situation, workload, each)


def asked_and_around(situation: Situation) -> list[Workload]:
    """The controller that was asked about, or those of the Pods that were."""
    found = (
        [
            each
            for each in situation.inventory.workloads.values()
            if situation.is_asked(each.kind, each.namespace, each.name)
        ]
        if situation.asked_kind in WORKLOADS
        else []
    )
    for pod in situation.near:
        for owner in situation.chain(pod.owner, pod.namespace):
            known = situation.inventory.workload_of(owner, pod.namespace)
            if known and known not in found and not (known.kind == "replicaset" and known.owner):
                found.append(known)
    return found


def _crons(situation: Situation) -> list[Workload]:
    """Cron jobs that cannot run as they are written, or did not when they should have."""
    return [
        each
        for each in situation.inventory.workloads.values()
        if each.kind == "cronjob"
        and (
            schedules.is_valid(each.schedule) is False
            or schedules.is_time_zone(each.time_zone) is False
            or (_missed_starts(situation, each) or 0) > 1
            or (each.suspended and situation.hygiene)
            or (_piled_up(situation, each) or 0) >= PILE
        )
    ]


def _missed_starts(situation: Situation, cron: Workload) -> int | None:
    """Start times since its last run (else since it was made) that are past; None when it does not run at all."""
    since = cron.last_schedule or cron.created
    if cron.schedule is None or cron.suspended or since is None:
        return None
    return schedules.missed_starts(cron.schedule, cron.time_zone, since, situation.now)


def _runs(situation: Situation, cron: Workload) -> list[Workload]:
    """The Jobs of a CronJob that have not ended, the oldest first."""
    jobs = [
        each
        for each in situation.children.get((cron.kind, cron.namespace, cron.name), ())
        if each.kind == "job" and each.active and not each.complete and not each.suspended
    ]
    return sorted(jobs, key=lambda each: each.created or situation.now)


def _piled_up(situation: Situation, cron: Workload) -> int | None:
    """How many Jobs of a CronJob run, where none completed that began after the oldest of them: it is not just slow."""
    runs = _runs(situation, cron)
    if not runs:
        return None
    since = runs[0].created or situation.now
    siblings = situation.children.get((cron.kind, cron.namespace, cron.name), ())
    return None if any(each.complete and (each.created or 0.0) > since for each in siblings) else len(runs)


def _unnamed(situation: Situation) -> list[Workload]:
    """Controllers of 2015 that were made without an id."""
    return [each for each in situation.inventory.workloads.values() if each.generated and not each.owner]


def _workload(situation: Situation, workload: Workload) -> None:
    ready = situation.ready_count(workload) if workload.kind not in ("job", "cronjob") else workload.ready
    desired, current = workload.desired, workload.current
    if current is None and workload.legacy and situation.inventory.is_listed("pod", workload.namespace):
        current = len(situation.pods_of(workload))
    owner = situation.chain(workload.owner, workload.namespace)
    selector = workload.selector
    matches = (
        selector.matches(workload.template_labels) if selector and workload.kind not in ("job", "cronjob") else None
    )
    counted = workload.kind not in ("job", "cronjob") and desired is not None and current is not None
    runs = _runs(situation, workload) if workload.kind == "cronjob" else []
    running = runs[0] if runs else None
    for each in runs[:MAX_RUNS]:
        situation.relate(each.subject, workload.subject, "is a run of")
    situation.fact(
        "workload",
        Source(workload.subject, "spec and status", _summary(workload, ready)),
        workload=workload.subject,
        kind=workload.kind,
        namespace=workload.namespace,
        name=workload.name,
        desired=desired,
        current=current,
        ready=ready,
        available=workload.available if workload.kind != "job" else None,
        updated=workload.updated if workload.kind != "job" else None,
        missing=desired - current
        if counted and desired is not None and current is not None and desired > current
        else None,
        unready=current - ready if counted and current is not None and ready is not None and current > ready else None,
        short=situation.is_short(workload),
        paused=True if workload.paused else None,
        suspended=True if workload.suspended else None,
        failed=workload.failed,
        complete=workload.complete if workload.kind == "job" else None,
        age_s=situation.age(workload.created),
        selector=shown_selector(selector),
        template_labels=shown_labels(workload.template_labels),
        selector_matches_template=matches,
        service_name=workload.service_name,
        schedule=workload.schedule,
        schedule_valid=schedules.is_valid(workload.schedule),
        last_schedule_age_s=situation.age(workload.last_schedule),
        time_zone=workload.time_zone,
        time_zone_valid=schedules.is_time_zone(workload.time_zone),
        concurrency=workload.concurrency,
        starting_deadline_s=workload.starting_deadline,
        missed_starts=_missed_starts(situation, workload) if workload.kind == "cronjob" else None,
        active_job=namespaced(running.namespace, running.name) if running else None,
        active_job_age_s=situation.age(running.created) if running else None,
        active_jobs=_piled_up(situation, workload) if running else None,
        owner=namespaced_owner(owner[0].kind, workload.namespace, owner[0].name) if owner else None,
        generated_name=True if workload.generated and not workload.owner else None,
        asked=situation.asked_flag(workload.kind, workload.namespace, workload.name),
    )


def namespaced_owner(kind: str, namespace: str | None, name: str) -> str:
    return f"{kind} {namespaced(namespace, name)}"


def _summary(workload: Workload, ready: int | None) -> str:
    if workload.kind == "cronjob":
        return f"{workload.subject}: schedule {workload.schedule}"
    if workload.kind == "job":
        return (
            f"{workload.subject}: {workload.updated or 0} of {workload.desired} complete, {workload.failed or 0} failed"
        )
    shown = "unknown" if ready is None else str(ready)
    return f"{workload.subject}: {workload.desired} wanted, {workload.current} there, {shown} ready"


def is_bad(condition: Condition, workload: Workload) -> bool:
    if condition.type in ("Progressing", "Available"):
        return condition.status != "True"
    if condition.type in ("ReplicaFailure", "Failed", "FailureTarget"):
        return condition.status == "True"
    return condition.type == "Suspended" and condition.status == "True" and not workload.complete


def _condition(situation: Situation, workload: Workload, condition: Condition) -> None:
    top = situation.top_workload(workload)
    if top is not workload and any(
        each.type == condition.type and each.reason == condition.reason and each.status == condition.status
        for each in top.conditions
    ):
        return  # a Deployment repeats its replica set's condition
    source = Source(
        workload.subject, f"status.conditions[{condition.type}]", condition.message or condition.reason or ""
    )
    about: dict[str, Scalar | None] = {
        "object": workload.subject,
        "namespace": workload.namespace,
        "workload": situation.top_of(workload),
        "age_s": situation.age(condition.since),
    }
    situation.condition("workload_condition", condition, source, of={"workload": workload.subject}, about=about)
