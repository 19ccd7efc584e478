"""Checks of roles, bindings and service accounts."""

from __future__ import annotations

from collections.abc import Iterator

from bot.collect.objects.hygiene.keeper import Keeper
from bot.collect.objects.hygiene.lints import SYSTEM, Found
from bot.collect.objects.records import Thing
from bot.collect.objects.resources import kind_of
from bot.collect.objects.services import Services
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import mapping, mappings, namespaced, sequence, text

Lint = tuple[str, str | None, str, Found]
_SYSTEM = "system:"
_SHIPPED = frozenset({"cluster-admin", "admin", "edit", "view"})
"""Roles that Kubernetes itself makes."""


def _bindings(situation: Situation) -> Iterator[Thing]:
    for kind in ("rolebinding", "clusterrolebinding"):
        for binding in situation.inventory.all_of(kind):
            if not binding.name.startswith(_SYSTEM) and binding.namespace not in SYSTEM:
                yield binding


def _role_of(binding: Thing) -> tuple[str, str | None, str]:
    """(kind, namespace, name) of the role that it binds to."""
    reference = mapping(binding.fields.get("roleRef"))
    kind = kind_of(text(reference.get("kind")) or "")
    return kind, binding.namespace if kind == "role" else None, text(reference.get("name")) or ""


def bindings(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """Bindings to roles that grant by `*`, and bindings of a namespace's default account."""
    for binding in _bindings(situation):
        kind, namespace, name = _role_of(binding)
        role = situation.inventory.things.get(kind, {}).get((namespace, name))
        subjects = mappings(binding.fields.get("subjects"))
        outside = [each for each in subjects if text(each.get("namespace")) not in SYSTEM]
        if role and outside and _grants_all(role) and not name.startswith(_SYSTEM):
            yield (
                binding.kind,
                binding.namespace,
                binding.name,
                Found("wildcard-role", f"{kind} {name}", _who(outside[0])),
            )
        for each in outside:
            if each.get("kind") == "ServiceAccount" and each.get("name") == "default":
                yield (
                    binding.kind,
                    binding.namespace,
                    binding.name,
                    Found("default-account-bound", f"{kind} {name}", _who(each)),
                )


def _who(subject: dict[str, object]) -> str:
    name = namespaced(text(subject.get("namespace")), str(subject.get("name")))
    return f"{text(subject.get('kind')) or 'subject'} {name}"


def _grants_all(role: Thing) -> bool:
    return any(
        "*" in sequence(rule.get(field))
        for rule in mappings(role.fields.get("rules"))
        for field in ("verbs", "resources")
    )


def roles(situation: Situation, _keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """Roles that no binding names."""
    inventory = situation.inventory
    bound = {_role_of(each) for kind in ("rolebinding", "clusterrolebinding") for each in inventory.all_of(kind)}
    for kind in ("role", "clusterrole"):
        for role in inventory.all_of(kind):
            if role.namespace in SYSTEM or role.name.startswith(_SYSTEM) or role.name in _SHIPPED:
                continue
            if any(
                key.startswith("rbac.authorization.k8s.io/aggregate-to") for key in mapping(role.fields.get("labels"))
            ):
                continue
            listed = inventory.is_listed("rolebinding", role.namespace) and (
                kind == "role" or inventory.is_listed("clusterrolebinding", None)
            )
            if listed and (kind, role.namespace, role.name) not in bound:
                yield kind, role.namespace, role.name, Found(f"unused-{kind}", role.name)


def accounts(situation: Situation, keeper: Keeper, _services: Services) -> Iterator[Lint]:
    """Service accounts that nothing runs as or is bound to, and those that name Secrets that are not there."""
    inventory = situation.inventory
    bound = {
        (text(each.get("namespace")) or binding.namespace, text(each.get("name")))
        for kind in ("rolebinding", "clusterrolebinding")
        for binding in inventory.all_of(kind)
        for each in mappings(binding.fields.get("subjects"))
        if each.get("kind") == "ServiceAccount"
    }
    known = ("pod", "deployment", "statefulset", "daemonset", "cronjob", "rolebinding")
    for account in inventory.all_of("serviceaccount"):
        namespace, name = account.namespace, account.name
        for field in ("secrets", "imagePullSecrets"):
            for each in mappings(account.fields.get(field)):
                secret = text(each.get("name"))
                if secret and inventory.exists("secret", namespace, secret) is False:
                    yield account.kind, namespace, name, Found("account-secret-missing", field, secret)
        used = ("serviceaccount", namespace, name) in keeper.used or (namespace, name) in bound
        if name != "default" and not used and all(inventory.is_listed(kind, namespace) for kind in known):
            yield account.kind, namespace, name, Found("unused-serviceaccount", name)
