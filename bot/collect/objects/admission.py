"""Facts about who may stop a request: admission webhooks and role bindings."""

from __future__ import annotations

from typing import Final

from bot.collect.objects.records import Thing
from bot.collect.objects.resources import kind_of
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation, is_serving
from bot.collect.objects.values import (
    Json,
    at,
    joined,
    mapping,
    mappings,
    namespaced,
    sequence,
    text,
)
from rules.kinds import Source

KINDS: Final = ("mutatingwebhookconfiguration", "validatingwebhookconfiguration")
MAX_BINDINGS: Final = 200
MAX_GRANTS: Final = 200
_SYSTEM: Final = "system:"


def project(situation: Situation, services: Services) -> None:
    for kind in KINDS:
        for configuration in situation.inventory.all_of(kind):
            for webhook in mappings(configuration.fields.get("webhooks")):
                _webhook(situation, services, configuration, webhook)
    _bindings(situation)
    _grants(situation)


# --- webhooks --------------------------------------------------------------------------------------------
def _webhook(situation: Situation, services: Services, configuration: Thing, webhook: Json) -> None:
    name = text(webhook.get("name"))
    called = mapping(at(webhook, "clientConfig", "service"))
    service_name, namespace = text(called.get("name")), text(called.get("namespace"))
    if not name:
        return
    failing = _failing(situation, name)
    service = situation.inventory.services.get((namespace, service_name)) if service_name else None
    exists = situation.inventory.exists("service", namespace, service_name) if service_name else None
    endpoints = services.ready_addresses(namespace, service_name) if service_name and service else None
    pods = services.pods(service) if service else []
    if endpoints is None and service and service.selector and situation.inventory.is_listed("pod", namespace):
        endpoints = sum(1 for pod in pods if is_serving(pod))
    if not (failing or exists is False or endpoints == 0):
        return
    key = f"{namespace}/{service_name}" if service_name else None
    everywhere = not _restricts(webhook.get("namespaceSelector")) and not _restricts(webhook.get("objectSelector"))
    situation.fact(
        "webhook",
        Source(configuration.subject, f"webhook {name}", f"calls service {key}" if key else ""),
        webhook=name,
        configuration=f"{configuration.kind}/{configuration.name}",
        service=key,
        service_exists=exists,
        endpoints=endpoints,
        failure_policy=text(webhook.get("failurePolicy")) or "Fail",
        matches=joined(
            resource for rule in mappings(webhook.get("rules")) for resource in sequence(rule.get("resources"))
        ),
        all_namespaces=everywhere,
        workload=services.workload_behind(namespace, service_name),
        service_namespace=namespace,
    )
    for upper in (configuration.subject, f"webhook {name}"):
        if key:
            situation.relate(f"service {key}", upper, "answers")
        for subject in failing:
            situation.relate(upper, subject, "admits")


def _restricts(selector: object) -> bool:
    found = mapping(selector)
    return bool(mapping(found.get("matchLabels")) or sequence(found.get("matchExpressions")))


def _failing(situation: Situation, webhook: str) -> list[str]:
    """What was refused lately with this webhook's name in the message: the name is unique, so that it suffices."""
    quoted = f'"{webhook}"'
    found: dict[str, None] = {}
    for event in situation.inventory.events.values():
        if event.type == "Warning" and quoted in event.message:
            known = situation.inventory.workloads.get((event.kind, event.namespace, event.name))
            if known:
                found[situation.top_of(known)] = None
            else:
                found[event.subject] = None
    for workload in situation.sick_workloads:
        if any(each.message and quoted in each.message for each in workload.conditions):
            found[situation.top_of(workload)] = None
    return list(found)


# --- bindings --------------------------------------------------------------------------------------------
def _bindings(situation: Situation) -> None:
    left = MAX_BINDINGS
    for kind in ("rolebinding", "clusterrolebinding"):
        for binding in situation.inventory.all_of(kind):
            if binding.name.startswith(_SYSTEM) or binding.namespace == "kube-system":
                continue
            left = _binding(situation, binding, left)


def _binding(situation: Situation, binding: Thing, left: int) -> int:
    reference = mapping(binding.fields.get("roleRef"))
    role, role_kind = text(reference.get("name")), kind_of(text(reference.get("kind")) or "")
    if not role or role.startswith(_SYSTEM):
        return left
    where = binding.namespace if role_kind == "role" else None
    exists = situation.inventory.exists(role_kind, where, role)
    wildcard = _is_wildcard(situation, role_kind, where, role) if situation.hygiene else False
    for subject in mappings(binding.fields.get("subjects"))[:20]:
        name, namespace = text(subject.get("name")), text(subject.get("namespace")) or binding.namespace
        if left <= 0 or not name:
            continue
        there = None
        if subject.get("kind") == "ServiceAccount" and namespace != "kube-system":
            there = situation.inventory.exists("serviceaccount", namespace, name)
        if exists is False or there is False or wildcard:
            left -= 1
            situation.fact(
                "role_binding",
                Source(binding.subject, "roleRef and subjects"),
                binding=binding.subject,
                namespace=binding.namespace,
                role=role,
                role_kind=role_kind,
                role_exists=exists,
                subject=f"{text(subject.get('kind')) or 'subject'} {namespaced(namespace, name)}".lower()
                if subject.get("kind") == "ServiceAccount"
                else name,
                subject_exists=there,
                wildcard=True if wildcard else None,
            )
    return left


def _is_wildcard(situation: Situation, kind: str, namespace: str | None, role: str) -> bool:
    found = situation.inventory.things.get(kind, {}).get((namespace, role))
    return found is not None and any(
        "*" in sequence(rule.get(field))
        for rule in mappings(found.fields.get("rules"))
        for field in ("verbs", "resources")
    )


# --- grants ----------------------------------------------------------------------------------------------
def _grants(situation: Situation) -> None:
    """What the accounts of told Pods may do, where it was recorded; the account stands above its Pods."""
    accounts: dict[tuple[str | None, str], None] = {}
    for pod in situation.told:
        if pod.detail and pod.detail.service_account and situation.is_detailed(pod):
            accounts[pod.namespace, pod.detail.service_account] = None
            account = namespaced(pod.namespace, pod.detail.service_account)
            situation.relate(f"serviceaccount {account}", pod.subject, "runs")
    left = MAX_GRANTS
    for kind in ("rolebinding", "clusterrolebinding"):
        for binding in situation.inventory.all_of(kind):
            for subject in mappings(binding.fields.get("subjects")):
                key = (text(subject.get("namespace")) or binding.namespace, text(subject.get("name")) or "")
                if subject.get("kind") == "ServiceAccount" and key in accounts and left > 0:
                    left -= _grant(situation, binding, *key)


def _grant(situation: Situation, binding: Thing, namespace: str | None, account: str) -> bool:
    reference = mapping(binding.fields.get("roleRef"))
    name, kind = text(reference.get("name")), kind_of(text(reference.get("kind")) or "")
    role = situation.inventory.things.get(kind, {}).get((binding.namespace if kind == "role" else None, name or ""))
    if name is None or role is None:
        return False
    rules = [
        f"{joined(map(str, sequence(rule.get('verbs'))))} {joined(map(str, sequence(rule.get('resources'))))}"
        for rule in mappings(role.fields.get("rules"))[:20]
        if rule.get("resources")
    ]
    situation.fact(
        "grant",
        Source(role.subject, "rules", f"bound by {binding.subject}"),
        namespace=namespace,
        service_account=account,
        role=name,
        role_kind=kind,
        binding=binding.subject,
        allows="; ".join(rules) or "nothing",
    )
    return True
