"""Facts about claims, volumes, storage classes and attachments."""

from __future__ import annotations

from typing import Final

from bot.collect.objects import reading
from bot.collect.objects.pod_record import RECENT_S
from bot.collect.objects.pods import node_satisfies
from bot.collect.objects.records import Condition, Deleting, Node, Pod, Thing
from bot.collect.objects.situation import Situation
from bot.collect.objects.values import (
    Json,
    at,
    mapping,
    mappings,
    message,
    moment,
    namespaced,
    sequence,
    similar,
    text,
    word,
)
from rules.kinds import Scalar, Source

LATE: Final = "WaitForFirstConsumer"
_BETA_CLASS: Final = "volume.beta.kubernetes.io/storage-class"
MAX_VOLUMES: Final = 500


class Storage:
    """Claims with the Pods that use them, and the volumes behind them."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        inventory = situation.inventory
        self._classes = {each.name: each for each in inventory.all_of("storageclass")}
        self._classes_listed = inventory.is_listed("storageclass", None)
        self._volumes = inventory.things.get("persistentvolume", {})
        self._users: dict[tuple[str | None, str], list[Pod]] = {}
        for pod in inventory.pods.values():
            if not pod.ended:
                for claim in pod.claims:
                    self._users.setdefault((pod.namespace, claim), []).append(pod)

    def project(self) -> None:
        told = set(self._situation.told)
        pending_classes: set[str | None] = set()
        wanted_volumes: set[str] = set()
        for claim in self._situation.inventory.all_of("persistentvolumeclaim"):
            users = self._users.get((claim.namespace, claim.name), [])
            asked = self._situation.is_asked("persistentvolumeclaim", claim.namespace, claim.name)
            used_by_told = any(pod in told for pod in users)
            spec = mapping(claim.fields.get("spec"))
            volume = text(spec.get("volumeName"))
            if volume and (asked or used_by_told):
                wanted_volumes.add(volume)
            if asked or used_by_told or self._is_odd(claim, users):
                self._claim(claim, users)
                if phase(claim) != "Bound":
                    pending_classes.add(self.class_of(claim))
                for pod in users:
                    if pod in told:
                        self._situation.relate(claim.subject, pod.subject, "is mounted by")
                if volume:
                    self._situation.relate(f"persistentvolume {volume}", claim.subject, "backs")
        self._project_volumes(wanted_volumes, pending_classes)
        self._project_classes(pending_classes)
        self._attachments(wanted_volumes)

    # --- claims -----------------------------------------------------------------------------------------
    def class_of(self, claim: Thing) -> str | None:
        spec = mapping(claim.fields.get("spec"))
        return text(spec.get("storageClassName")) or text(mapping(claim.fields.get("annotations")).get(_BETA_CLASS))

    def default_class(self) -> str | None:
        return next((name for name, each in self._classes.items() if is_default(each)), None)

    def binding_mode(self, claim: Thing) -> str | None:
        found = self._classes.get(self.class_of(claim) or self.default_class() or "")
        return (text(found.fields.get("volumeBindingMode")) or "Immediate") if found else None

    def _is_odd(self, claim: Thing, users: list[Pod]) -> bool:
        found = phase(claim)
        if self._deletion(claim) is not None:
            return True
        if found in ("Bound", None):
            return bool(bad_claim_conditions(claim))
        if found == "Pending" and not users:
            if self.binding_mode(claim) == LATE:
                return False  # it waits for its first user, as it should
            return (self._situation.age(claim.created) or 0) > 30
        return found != "Pending" or (self._situation.age(claim.created) or 0) > 15

    def _deletion(self, claim: Thing) -> Deleting | None:
        own = (claim.kind, claim.namespace, claim.name)
        return next((e for e in self._situation.inventory.deleting if (e.kind, e.namespace, e.name) == own), None)

    def _claim(self, claim: Thing, users: list[Pod]) -> None:
        spec = mapping(claim.fields.get("spec"))
        name = self.class_of(claim)
        exists = name in self._classes if name and self._classes_listed else None
        static = "storageClassName" in spec and spec["storageClassName"] == ""
        deleting = self._deletion(claim)
        self._situation.fact(
            "claim",
            Source(claim.subject, "spec and status.phase", f"{phase(claim)}, class {name or 'none'}"),
            claim=claim.key,
            namespace=claim.namespace,
            phase=phase(claim),
            storage_class=name,
            has_class=name is not None,
            class_exists=exists,
            default_class=self.default_class() is not None if self._classes_listed and not static else None,
            binding_mode=self.binding_mode(claim),
            volume=text(spec.get("volumeName")),
            size=word(at(spec, "resources", "requests", "storage")),
            used_by=users[0].key if users else None,
            age_s=self._situation.age(claim.created),
            deleting_s=self._situation.age(deleting.asked_at) if deleting else None,
            similar=similar(name, sorted(self._classes)) if name and exists is False else None,
        )
        self._claim_conditions(claim)
        if name and phase(claim) != "Bound":
            self._situation.relate(f"storageclass {name}", claim.subject, "provisions")

    def _claim_conditions(self, claim: Thing) -> None:
        for each in bad_claim_conditions(claim):
            source = Source(claim.subject, f"status.conditions[{each.type}]", each.message or each.type)
            of: dict[str, Scalar | None] = {"claim": claim.key}
            about = {**of, "object": claim.subject, "namespace": claim.namespace}
            self._situation.condition("claim_condition", each, source, of=of, about=about)

    # --- volumes ----------------------------------------------------------------------------------------
    def _project_volumes(self, wanted: set[str], pending_classes: set[str | None]) -> None:
        left = MAX_VOLUMES
        for volume in self._situation.inventory.all_of("persistentvolume"):
            found = phase(volume)
            spec = mapping(volume.fields.get("spec"))
            odd = found == "Failed"
            helpful = found in ("Released", "Available") and text(spec.get("storageClassName")) in pending_classes
            if (odd or helpful or volume.name in wanted) and left > 0:
                left -= 1
                self._volume(volume, spec)

    def _volume(self, volume: Thing, spec: Json) -> None:
        affinity = at(spec, "nodeAffinity", "required")
        key, zone = _affinity(affinity)
        matching = usable = None
        blocked: tuple[Node, str] | None = None
        if affinity and self._situation.inventory.is_listed("node", None):
            terms = reading.node_terms(affinity)
            nodes = [each for each in self._situation.inventory.nodes.values() if node_satisfies(terms, each)]
            able = [each for each in nodes if each.usable]
            matching, usable = len(nodes), len(able)
            if nodes and not able:
                first = nodes[0]
                blocked = (first, "cordoned" if first.cordoned else "not-ready")
                self._situation.relate(f"node {first.name}", volume.subject, "is the only place of")
        claim = mapping(spec.get("claimRef"))
        status = mapping(volume.fields.get("status"))
        source = Source(
            volume.subject,
            "spec.nodeAffinity and status",
            f"{phase(volume)}, {key or ''} {zone or ''}".strip(),
        )
        self._situation.fact(
            "volume",
            source,
            volume=volume.name,
            phase=phase(volume),
            reclaim=text(spec.get("persistentVolumeReclaimPolicy")),
            claim=namespaced(text(claim.get("namespace")), claim["name"]) if text(claim.get("name")) else None,
            storage_class=text(spec.get("storageClassName")),
            size=word(at(spec, "capacity", "storage")),
            zone=zone,
            key=key,
            message=message(status.get("message")),
            nodes_matching=matching,
            nodes_usable=usable,
            blocked_node=blocked[0].name if blocked else None,
            blocked_by=blocked[1] if blocked else None,
        )
        self._situation.passage(
            message(status.get("message")),
            source,
            via="condition",
            object=volume.subject,
            volume=volume.name,
            stale=False,
        )

    # --- classes and attachments ------------------------------------------------------------------------
    def _project_classes(self, wanted: set[str | None]) -> None:
        if not wanted:
            return
        for each in self._classes.values():
            if each.name in wanted or is_default(each):
                self._situation.fact(
                    "storage_class",
                    Source(each.subject),
                    storage_class=each.name,
                    provisioner=text(each.fields.get("provisioner")),
                    binding_mode=text(each.fields.get("volumeBindingMode")) or "Immediate",
                    default=is_default(each),
                    expandable=each.fields.get("allowVolumeExpansion") is True,
                )

    def _attachments(self, wanted: set[str]) -> None:
        for each in self._situation.inventory.all_of("volumeattachment"):
            volume = text(at(each.fields.get("spec"), "source", "persistentVolumeName"))
            status = mapping(each.fields.get("status"))
            error = mapping(status.get("attachError")) or mapping(status.get("detachError"))
            node = text(at(each.fields.get("spec"), "nodeName"))
            late = status.get("attached") is not True and (self._situation.age(each.created) or 0) > 60
            lost = node and self._situation.inventory.exists("node", None, node) is False
            if not (error or late or lost or (volume in wanted and self._on_another(volume, node))):
                continue
            source = Source(each.subject, "status", message(error.get("message")) or "")
            self._situation.fact(
                "attachment",
                source,
                volume=volume,
                node=node,
                attached=status.get("attached") is True,
                error=message(error.get("message")),
                age_s=self._situation.age(each.created),
            )
            age = self._situation.age(moment(error.get("time")))
            self._situation.passage(
                message(error.get("message")),
                source,
                via="condition",
                object=each.subject,
                volume=volume,
                node=node,
                age_s=age,
                stale=age is not None and age > RECENT_S,
            )

    def _on_another(self, volume: str | None, node: str | None) -> bool:
        """Attached where none of the Pods that use it runs."""
        spec = (
            mapping(self._volumes[None, volume].fields.get("spec"))
            if volume and (None, volume) in self._volumes
            else {}
        )
        claim = mapping(spec.get("claimRef"))
        users = self._users.get((text(claim.get("namespace")), text(claim.get("name")) or ""), [])
        return bool(users) and all(pod.node != node for pod in users)


def phase(thing: Thing) -> str | None:
    return text(mapping(thing.fields.get("status")).get("phase"))


def bad_claim_conditions(claim: Thing) -> list[Condition]:
    """Conditions that tell of a change that failed; a resize that cannot be had stands in another field."""
    status = mapping(claim.fields.get("status"))
    found = [each for each in reading.conditions(status) if each.type.endswith("Error") and each.status == "True"]
    for resource, state in mapping(status.get("allocatedResourceStatuses")).items():
        if str(state).endswith("Infeasible"):
            found.append(Condition(str(state), "True", None, str(resource), None))
    return found


def is_default(storage_class: Thing) -> bool:
    return any(
        key.endswith("is-default-class") and value == "true"
        for key, value in mapping(storage_class.fields.get("annotations")).items()
    )


def _affinity(required: object) -> tuple[str | None, str | None]:
    """The first key and values that a volume's node affinity demands."""
    for term in mappings(mapping(required).get("nodeSelectorTerms")):
        for each in mappings(term.get("matchExpressions")):
            if text(each.get("key")):
                return each["key"], ",".join(str(value) for value in sequence(each.get("values"))) or None
        for each in mappings(term.get("matchFields")):
            return text(each.get("key")), ",".join(str(value) for value in sequence(each.get("values"))) or None
    return None, None
