"""Facts about Services, what stands behind them, and the Ingresses in front of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from bot.collect.objects.pods import SYSTEM_NAMESPACE
from bot.collect.objects.records import Endpoints, Pod, Port, Service, ServicePort, Thing
from bot.collect.objects.situation import Situation, ingress_backends, is_serving
from bot.collect.objects.values import (
    at,
    integer,
    joined,
    mapping,
    mappings,
    namespaced,
    shown_labels,
    similar,
    text,
)
from rules.kinds import Source

API_SERVICE: Final = "kubernetes"
API_SERVICE_2015: Final = "kubernetes-ro"
MAX_ODD_ENDPOINTS: Final = 50
BALANCED_S: Final = 300
"""A load balancer takes its time to be made."""
NEAREST_SHARE: Final = 0.34
"""Labels that agree in less than this share of a selector's pairs are no near miss."""


class Services:
    """All Services, with the joins that several families need."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._inventory = situation.inventory
        self._same: dict[object, list[Service]] = defaultdict(list)
        self._by_namespace: dict[str | None, list[Service]] = defaultdict(list)
        self._by_pair: dict[tuple[str | None, str, str], list[Service]] = defaultdict(list)
        """Services by one pair of their selector, so that each is found once by a Pod that has the pair."""
        for service in self._inventory.services.values():
            self._by_namespace[service.namespace].append(service)
            if service.selector:
                self._by_pair[(service.namespace, *min(service.selector.items()))].append(service)
                self._same[self._signature(service)].append(service)

    @staticmethod
    def _signature(service: Service) -> object:
        return (
            service.namespace,
            tuple(sorted(service.selector.items())),
            tuple(each.number for each in service.ports),
        )

    # --- what stands behind -----------------------------------------------------------------------------
    def endpoints(self, namespace: str | None, name: str) -> Endpoints | None:
        """None when neither Endpoints nor EndpointSlices of the namespace were listed."""
        found = self._inventory.slices.get((namespace, name)) or self._inventory.endpoints.get((namespace, name))
        if found:
            return found
        listed = self._inventory.is_listed("endpoints", namespace) or self._inventory.is_listed(
            "endpointslice", namespace
        )
        return Endpoints() if listed else None

    def ready_addresses(self, namespace: str | None, name: str) -> int | None:
        found = self.endpoints(namespace, name)
        return None if found is None else len({address for address, _, _ in found.ready})

    def pods(self, service: Service) -> list[Pod]:
        return self._inventory.matching(service.namespace, service.selector) if service.selector else []

    def workload_behind(self, namespace: str | None, name: str | None) -> str | None:
        """The controller of the Pods behind a Service, also when it has none now."""
        service = self._inventory.services.get((namespace, name)) if name else None
        if service is None or not service.selector:
            return None
        for pod in self.pods(service):
            top = self._situation.top(pod)
            if top:
                return top
        for workload in self._situation.workloads_in.get(namespace, ()):
            labels = workload.template_labels
            if not workload.owner and labels and all(labels.get(k) == v for k, v in service.selector.items()):
                return workload.subject
        return None

    def selecting(self, pod: Pod) -> list[Service]:
        """The Services that send to a Pod."""
        return self.carrying(pod.namespace, pod.labels)

    def carrying(self, namespace: str | None, labels: Mapping[str, str]) -> list[Service]:
        """The Services whose selector some labels satisfy."""
        return [
            each
            for pair in labels.items()
            for each in self._by_pair.get((namespace, *pair), ())
            if all(labels.get(key) == value for key, value in each.selector.items())
        ]

    # --- facts ------------------------------------------------------------------------------------------
    def project(self) -> None:
        wanted = self._selected_by_near()
        callers = self._callers()
        for service in self._inventory.services.values():
            pods = self.pods(service)
            if pods and all(pod.deleting for pod in pods) and self._scaled_to_zero(service):
                pods = []  # the last of them are on their way out
            asked = self._situation.is_asked("service", service.namespace, service.name)
            caller = callers.get(service.key) if not pods and self._scaled_to_zero(service) else None
            if asked or caller or service.key in wanted or self._is_odd(service, pods):
                self._service(service, pods, caller)
            self._ports(service, pods, asked)
        self._stale_endpoints()
        self._api_services()

    def _callers(self) -> dict[str, str]:
        """Services that told Pods' specs name, each with the first of these Pods."""
        found: dict[str, str] = {}
        for pod in self._situation.told:
            if pod.detail and self._situation.is_detailed(pod):
                for call in pod.detail.calls:
                    found.setdefault(namespaced(*call.service(pod.namespace)), pod.key)
        return found

    def _selected_by_near(self) -> set[str]:
        """Services of the Pods that were asked about, and those asked for through an Ingress or a controller."""
        situation = self._situation
        if not situation.asked_kind:
            return set()
        labels = [pod.labels for pod in situation.near]
        asked = situation.inventory.workloads.get(
            (situation.asked_kind, situation.asked_namespace, situation.asked_name)
        )
        if asked and asked.template_labels:
            labels.append(asked.template_labels)
        names = {
            service.key
            for service in self._inventory.services.values()
            if service.selector
            and service.namespace == situation.asked_namespace
            and any(all(each.get(k) == v for k, v in service.selector.items()) for each in labels)
        }
        if situation.asked_kind == "ingress":
            thing = self._inventory.things.get("ingress", {}).get((situation.asked_namespace, situation.asked_name))
            if thing:
                names |= {namespaced(thing.namespace, name) for name, *_ in ingress_backends(thing.fields.get("spec"))}
        return names

    def _is_odd(self, service: Service, pods: list[Pod]) -> bool:
        if service.type == "ExternalName" or service.name in (API_SERVICE, API_SERVICE_2015):
            return False
        if service.type == "LoadBalancer" and self._waits_for_address(service):
            return True
        found = self.endpoints(service.namespace, service.name)
        if service.legacy and not (service.selector and service.labels):
            return True
        if not service.selector:
            return found is not None and not found.ready and not found.not_ready and self._age(service) > 60
        if found is not None:
            empty = not found.ready
        elif self._inventory.is_listed("pod", service.namespace):
            empty = not any(is_serving(pod) for pod in pods)
        else:
            return False
        if not empty:
            return False
        if _starting(pods):
            return False
        return not self._scaled_to_zero(service) or service.namespace == SYSTEM_NAMESPACE

    def _waits_for_address(self, service: Service) -> bool:
        return not service.external and self._age(service) > BALANCED_S

    def _age(self, service: Service) -> int:
        return self._situation.age(service.created) or 0

    def _scaled_to_zero(self, service: Service) -> str | None:
        """The controller behind it, where nothing runs because nothing is meant to."""
        found = [
            each
            for each in self._situation.workloads_in.get(service.namespace, ())
            if each.owner is None
            and each.template_labels
            and all(each.template_labels.get(k) == v for k, v in service.selector.items())
        ]
        return found[0].subject if found and all(each.desired == 0 for each in found) else None

    def _service(self, service: Service, pods: list[Pod], caller: str | None = None) -> None:
        found = self.endpoints(service.namespace, service.name)
        pods_known = self._inventory.is_listed("pod", service.namespace) and bool(service.selector)
        nearest = None if pods or not pods_known else self._nearest(service)
        same = [each.key for each in self._same.get(self._signature(service), ()) if each is not service]
        self._situation.fact(
            "service",
            Source(f"service {service.key}", "spec, endpoints", self._summary(service, found, pods)),
            service=service.key,
            namespace=service.namespace,
            type=service.type,
            cluster_ip=service.cluster_ip,
            ports=joined(each.number for each in service.ports),
            selector=shown_labels(service.selector),
            has_selector=bool(service.selector),
            labels=shown_labels(service.labels),
            has_labels=bool(service.labels),
            endpoints=len({each[0] for each in found.ready}) if found else None,
            not_ready_endpoints=len({each[0] for each in found.not_ready}) if found else None,
            matching_pods=len(pods) if pods_known else None,
            ready_pods=sum(1 for pod in pods if is_serving(pod)) if pods_known else None,
            nearest_labels=shown_labels(nearest[0]) if nearest else None,
            nearest_workload=nearest[1] if nearest else None,
            idle_workload=self._scaled_to_zero(service) if not pods and service.selector else None,
            differs=differing(service.selector, nearest[0]) if nearest else None,
            fitting_selector=fitting(service.selector, nearest[0]) if nearest else None,
            external_pending=self._waits_for_address(service) if service.type == "LoadBalancer" else None,
            headless=True if service.cluster_ip == "None" else None,
            starting=True if _starting(pods) else None,
            called_by=caller,
            same_selector_as=same[0] if same and service.selector else None,
            asked=self._situation.asked_flag("service", service.namespace, service.name),
        )

    @staticmethod
    def _summary(service: Service, found: Endpoints | None, pods: list[Pod]) -> str:
        shown = "not recorded" if found is None else f"{len(found.ready)} ready, {len(found.not_ready)} not ready"
        selector = shown_labels(service.selector) or "none"
        return f"{service.key}: selector {selector}, {len(pods)} matching Pods, addresses: {shown}"

    def _nearest(self, service: Service) -> tuple[dict[str, str], str | None] | None:
        """Labels of what the selector nearly matches, and whose they are."""
        best: tuple[float, dict[str, str], str | None] | None = None
        seen: set[str | None] = set()
        for pod in self._inventory.pods_of.get(service.namespace, []):
            shown = shown_labels(pod.labels)
            if shown in seen or pod.ended:
                continue
            seen.add(shown)
            score = nearness(service.selector, dict(pod.labels))
            if best is None or score > best[0]:
                best = (score, dict(pod.labels), self._situation.top(pod))
        for workload in self._situation.workloads_in.get(service.namespace, ()):
            if workload.template_labels and not workload.owner:
                score = nearness(service.selector, dict(workload.template_labels))
                if best is None or score > best[0]:
                    best = (score, dict(workload.template_labels), workload.subject)
        if best is None or best[0] < NEAREST_SHARE:
            return None
        return best[1], best[2]

    # --- ports ------------------------------------------------------------------------------------------
    def _ports(self, service: Service, pods: list[Pod], asked: bool) -> None:
        """A port whose target no matching Pod offers. (A number that none declares may be served all the same.)"""
        if not pods:
            return
        offered = list(dict.fromkeys(port for pod in pods[:MAX_ODD_ENDPOINTS] for port in pod.ports))
        for port in service.ports:
            if port.target is None or _offers(offered, port):
                continue
            named = not port.target.isdecimal()
            if not named and not all(pod.first_declares for pod in pods[:MAX_ODD_ENDPOINTS]):
                continue  # the application declares nothing, which is allowed; a sidecar's port says nothing of it
            if any(pod.ready and port.target in pod.probed for pod in pods):
                continue  # undeclared, and it answers
            self._situation.fact(
                "service_port",
                Source(f"service {service.key}", f"spec.ports, targetPort {port.target}"),
                service=service.key,
                port=str(port.number) if port.number is not None else port.name,
                target=port.target,
                named=named,
                offered=joined(f"{each.name}={each.number}" if each.name else each.number for each in offered),
                resolves=False,
            )

    # --- endpoints --------------------------------------------------------------------------------------
    def _stale_endpoints(self) -> None:
        """Addresses that no running Pod owns."""
        left = MAX_ODD_ENDPOINTS
        ips = {(pod.namespace, pod.ip) for pod in self._inventory.pods.values() if pod.ip and not pod.ended}
        for (namespace, name), service in self._inventory.services.items():
            if not service.selector or not self._inventory.is_listed("pod", namespace):
                continue
            found = self.endpoints(namespace, name)
            for address, pod, port in found.ready if found else ():
                known = self._inventory.pods.get((namespace, pod)) if pod else None
                if (known and not known.ended) or (namespace, address) in ips:
                    continue
                if left <= 0:
                    return
                left -= 1
                self._situation.fact(
                    "endpoint",
                    Source(f"endpoints {namespaced(namespace, name)}", "addresses", address),
                    service=namespaced(namespace, name),
                    address=address,
                    port=port,
                    pod=namespaced(namespace, pod) if pod else None,
                    owned=False,
                    ready=True,
                )

    def _api_services(self) -> None:
        """The API server publishes itself as a Service; that it is absent says that it does not."""
        inventory = self._inventory
        if not inventory.is_listed("service", "default"):
            return
        expected = [API_SERVICE] + ([API_SERVICE_2015] if inventory.legacy_versions else [])
        for name in expected:
            if ("default", name) not in inventory.services:
                self._situation.fact(
                    "reference",
                    Source("services of namespace default", "list"),
                    object=f"service default/{name}",
                    namespace="default",
                    from_kind="cluster",
                    to_kind="service",
                    to=f"default/{name}",
                    to_name=name,
                    to_namespace="default",
                    exists=False,
                )

    # --- ingresses --------------------------------------------------------------------------------------
    def project_ingresses(self) -> None:
        classes = list(self._inventory.all_of("ingressclass"))
        listed = self._inventory.is_listed("ingressclass", None)
        default = any(_is_default(each) for each in classes) if listed else None
        for ingress in self._inventory.all_of("ingress"):
            asked = self._situation.is_asked("ingress", ingress.namespace, ingress.name)
            spec = mapping(ingress.fields.get("spec"))
            named = text(spec.get("ingressClassName"))
            annotated = text(mapping(ingress.fields.get("annotations")).get("kubernetes.io/ingress.class"))
            exists = any(each.name == named for each in classes) if named and listed else None
            no_class = not named and not annotated and default is False
            addresses = mappings(at(ingress.fields.get("status"), "loadBalancer", "ingress"))
            refused = [text(port.get("error")) for each in addresses for port in mappings(each.get("ports"))]
            odd = exists is False or no_class or any(refused)
            if self._backends(ingress, asked) or odd or asked:
                self._situation.fact(
                    "ingress",
                    Source(ingress.subject, "spec.ingressClassName", named or annotated or ""),
                    ingress=ingress.key,
                    namespace=ingress.namespace,
                    **{"class": named or annotated},
                    has_class=bool(named or annotated),
                    class_exists=exists,
                    has_address=bool(addresses),
                    port_error=next(filter(None, refused), None),
                    default_class=default,
                    age_s=self._situation.age(ingress.created),
                )

    def _backends(self, ingress: Thing, asked: bool) -> bool:
        odd = False
        listed = self._inventory.is_listed("service", ingress.namespace)
        for name, port, host, path in ingress_backends(ingress.fields.get("spec")):
            service = self._inventory.services.get((ingress.namespace, name))
            exists = True if service else False if listed else None
            has_port = _has_port(service, port) if service and port else None
            ready = self.ready_addresses(ingress.namespace, name) if service else None
            if service and service.type == "ExternalName":
                ready = None
            bad = (
                exists is False
                or has_port is False
                or (ready == 0 and service is not None and not self._scaled_to_zero(service))
            )
            odd = odd or bad
            if not (bad or asked):
                continue
            names = [each.name for each in self._by_namespace.get(ingress.namespace, ())]
            self._situation.fact(
                "ingress_backend",
                Source(ingress.subject, f"backend {name}:{port}"),
                ingress=ingress.key,
                service=namespaced(ingress.namespace, name),
                port=port,
                service_exists=exists,
                port_exists=has_port,
                endpoints=ready,
                host=host,
                path=path,
                similar=_qualified(ingress.namespace, similar(name, names)) if exists is False else None,
            )
        return odd


def _qualified(namespace: str | None, name: str | None) -> str | None:
    return namespaced(namespace, name) if name else None


def _has_port(service: Service, port: str) -> bool:
    return any(port in (each.name, str(each.number)) for each in service.ports)


def _offers(offered: list[Port], port: ServicePort) -> bool:
    if port.target and port.target.isdecimal():
        number = integer(port.target)
        return any(each.number == number for each in offered)
    return any(each.name == port.target for each in offered)


def _is_default(thing: Thing) -> bool:
    return any(
        key.endswith("is-default-class") and value == "true"
        for key, value in mapping(thing.fields.get("annotations")).items()
    )


def _starting(pods: list[Pod]) -> bool:
    """Whether a Service is empty only since all that stands behind it starts, or stops within its grace period."""
    return bool(pods) and all(pod.starting or pod.stopping for pod in pods)


def nearness(wanted: Mapping[str, str], labels: Mapping[str, str]) -> float:
    """How much of a selector some labels carry: a pair that is there counts 1, the key or the value alone a half."""
    if not wanted:
        return 0.0
    values = set(labels.values())
    score = 0.0
    for key, value in wanted.items():
        if labels.get(key) == value:
            score += 1.0
        elif key in labels and similar(value, [labels[key]]):
            score += 0.6
        elif value in values:
            score += 0.5
        elif key in labels:
            score += 0.3
    return score / len(wanted)


def nearest(wanted: Mapping[str, str], candidates: Iterable[Mapping[str, str]]) -> Mapping[str, str] | None:
    """The labels that come nearest to what a selector wants; None when none comes near."""
    best = max(candidates, key=lambda labels: nearness(wanted, labels), default=None)
    return best if best is not None and nearness(wanted, best) >= NEAREST_SHARE else None


def fitting(wanted: Mapping[str, str], labels: Mapping[str, str]) -> str | None:
    """The pairs that would match the labels, nearest to those that were wanted.

    >>> fitting({"app": "web", "tier": "front"}, {"app": "wbe", "layer": "front", "rev": "3"})
    'app=wbe,layer=front'
    """
    fit = {}
    for key, value in wanted.items():
        there = _key_there(key, value, labels)
        if there is not None:
            fit[there] = labels[there]
    return shown_labels(fit)


def differing(wanted: Mapping[str, str], labels: Mapping[str, str]) -> str | None:
    """Each pair that the labels lack, with what they have instead.

    >>> differing({"app": "web", "tier": "front"}, {"app": "wbe", "tier": "front"})
    'app=web (they have app=wbe)'
    """
    parts = []
    for key in sorted(wanted):
        if labels.get(key) == wanted[key]:
            continue
        there = _key_there(key, wanted[key], labels)
        have = f"they have no {key}" if there is None else f"they have {there}={labels[there]}"
        parts.append(f"{key}={wanted[key]} ({have})")
    return ", ".join(parts) or None


def _key_there(key: str, value: str, labels: Mapping[str, str]) -> str | None:
    """The label that stands for a wanted pair: of its key, else of its value."""
    return key if key in labels else next((each for each, has in sorted(labels.items()) if has == value), None)
