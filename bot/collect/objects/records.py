"""What is kept of an object: small records with slots, never the object itself.

A cluster has 50,000 Pods of 6 KB and 200 of them matter. A healthy Pod keeps one `Pod` record (a few hundred bytes,
with shared strings); only one that is not plainly healthy, or may be asked about, keeps its `PodDetail`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Amounts = tuple[tuple[str, float], ...]
"""Resources as (name, amount in its base unit), sorted by name."""


class Condition(NamedTuple):
    """A condition of any object."""

    type: str
    status: str
    reason: str | None
    message: str | None
    since: float | None


class Term(NamedTuple):
    """A matchExpressions term."""

    key: str
    operator: str
    values: tuple[str, ...]


class Selector(NamedTuple):
    """A label selector. Without pairs and terms it selects everything."""

    pairs: Mapping[str, str]
    terms: tuple[Term, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        for key, value in self.pairs.items():
            if labels.get(key) != value:
                return False
        return all(_term_matches(term, labels) for term in self.terms)

    @property
    def empty(self) -> bool:
        return not self.pairs and not self.terms


def _term_matches(term: Term, labels: Mapping[str, str]) -> bool:
    value = labels.get(term.key)
    if term.operator == "In":
        return value in term.values
    if term.operator == "NotIn":
        return value not in term.values
    if term.operator == "Exists":
        return value is not None
    if term.operator == "DoesNotExist":
        return value is None
    if term.operator in ("Gt", "Lt") and value and term.values:
        try:
            return int(value) > int(term.values[0]) if term.operator == "Gt" else int(value) < int(term.values[0])
        except ValueError:
            return False
    return False


NodeTerms = tuple[tuple[Term, ...], ...]
"""A node selector: alternatives, each of terms that all must hold; () when there is none."""


class Owner(NamedTuple):
    """A controller: its kind in lower case and its bare name."""

    kind: str
    name: str


class Reference(NamedTuple):
    """One object names another. `key` only where one key of it is used."""

    to_kind: str
    name: str
    key: str | None
    optional: bool
    how: str
    container: str | None = None
    volume: str | None = None


class Call(NamedTuple):
    """A host that a container's spec names. `how`: command or variable."""

    container: str
    host: str
    how: str

    def service(self, namespace: str | None) -> tuple[str | None, str]:
        """(namespace, name) of the Service that a Pod of that namespace means, if it is one: `web`, `web.shop`, ..."""
        name, _, rest = self.host.partition(".")
        return rest.partition(".")[0] or namespace, name


class Probe(NamedTuple):
    """A probe as the spec has it, defaults filled in."""

    probe: str
    type: str | None
    port: str | None
    path: str | None
    command: str | None
    initial_delay_s: int
    timeout_s: int
    period_s: int
    failure_threshold: int


class Port(NamedTuple):
    """A container's port."""

    name: str | None
    number: int | None
    protocol: str = "TCP"


class Ended(NamedTuple):
    """A terminated state."""

    reason: str | None
    message: str | None
    exit_code: int | None
    signal: int | None
    started: float | None
    finished: float | None


@dataclass(slots=True)
class Container:
    """A container of a Pod (with its state) or of a template (without)."""

    name: str
    role: str
    image: str | None
    command: str | None
    ports: tuple[Port, ...]
    requests: Mapping[str, str]
    limits: Mapping[str, str]
    probes: tuple[Probe, ...]
    state: str | None = None
    reason: str | None = None
    message: str | None = None
    since: float | None = None
    ended: Ended | None = None
    last: Ended | None = None
    restarts: int | None = None
    ready: bool | None = None
    started: bool | None = None


@dataclass(slots=True)
class PodDetail:
    """What is kept of a Pod that facts are to be made of."""

    containers: tuple[Container, ...]
    conditions: tuple[Condition, ...]
    references: tuple[Reference, ...]
    calls: tuple[Call, ...]
    status: str
    reason: str | None
    message: str | None
    finalizers: str | None
    service_account: str | None
    node_selector: Mapping[str, str]
    node_affinity: NodeTerms
    pod_affinity: str | None
    pod_anti_affinity: str | None
    tolerations: tuple[tuple[str | None, str, str | None, str | None], ...]
    scheduler: str | None
    gates: str | None
    host_network: bool | None
    dns_policy: str | None
    nameservers: str | None
    restart_policy: str | None
    priority_class: str | None
    deleted_at: float | None
    grace_s: int


@dataclass(slots=True, eq=False)
class Pod:
    """A Pod. `healthy`: plainly so by itself; a Job that completed may make up for one that is not.

    `first_declares`: whether its first container, which is the application by convention, declares a port to serve on.
    `probed`: ports that its probes ask, by name or number.
    """

    namespace: str | None
    name: str
    uid: str | None
    created: float | None
    phase: str | None
    node: str | None
    ip: str | None
    labels: Mapping[str, str]
    owner: Owner | None
    ready: bool | None
    ready_since: float | None
    last_start: float | None
    healthy: bool
    starting: bool
    ended: bool
    deleting: bool
    static: bool
    restarts: int
    requests: Amounts
    ports: tuple[Port, ...]
    first_declares: bool
    probed: tuple[str, ...]
    claims: tuple[str, ...]
    detail: PodDetail | None

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def subject(self) -> str:
        return f"pod {self.key}"

    @property
    def stopping(self) -> bool:
        """Being deleted, and within its grace period."""
        return self.deleting and self.healthy


@dataclass(slots=True, eq=False)
class Workload:
    """A controller of Pods, or of Jobs."""

    kind: str
    namespace: str | None
    name: str
    uid: str | None
    created: float | None
    owner: Owner | None
    labels: Mapping[str, str]
    desired: int | None
    current: int | None
    ready: int | None
    available: int | None
    updated: int | None
    failed: int | None
    active: int | None
    complete: bool
    paused: bool
    suspended: bool
    selector: Selector | None
    template_labels: Mapping[str, str]
    containers: tuple[Container, ...]
    references: tuple[Reference, ...]
    service_name: str | None
    schedule: str | None
    last_schedule: float | None
    conditions: tuple[Condition, ...]
    legacy: bool
    start_time: float | None = None
    generated: bool = False
    time_zone: str | None = None
    concurrency: str | None = None
    starting_deadline: int | None = None
    claim_templates: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class ServicePort(NamedTuple):
    """A port of a Service; `target` is what the Pods are to offer, a number or a name."""

    name: str | None
    number: int | None
    target: str | None
    protocol: str


@dataclass(slots=True)
class Service:
    """A Service."""

    namespace: str | None
    name: str
    type: str
    cluster_ip: str | None
    selector: Mapping[str, str]
    labels: Mapping[str, str]
    ports: tuple[ServicePort, ...]
    external: bool
    created: float | None
    legacy: bool

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(slots=True)
class Endpoints:
    """Addresses behind a Service, as (address, Pod name, port numbers)."""

    ready: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    not_ready: list[tuple[str, str | None, str | None]] = field(default_factory=list)


@dataclass(slots=True)
class Event:
    """An event, repetitions folded."""

    kind: str
    namespace: str | None
    name: str
    uid: str | None
    container: str | None
    reason: str | None
    type: str
    message: str
    times: int
    last: float | None
    first: float | None
    component: str | None
    host: str | None

    @property
    def subject(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Taint(NamedTuple):
    """A taint."""

    key: str
    value: str | None
    effect: str | None


@dataclass(slots=True)
class Node:
    """A node."""

    name: str
    created: float | None
    labels: Mapping[str, str]
    ready: str | None
    reason: str | None
    message: str | None
    ready_since: float | None
    heartbeat: float | None
    cordoned: bool
    deleted_at: float | None
    taints: tuple[Taint, ...]
    conditions: tuple[Condition, ...]
    allocatable: Mapping[str, float]
    capacity_pods: int | None
    cpu: str | None
    memory: str | None
    version: str | None
    runtime: str | None
    runtime_version: str | None
    os: str | None
    kernel: str | None
    arch: str | None
    role: str | None
    zone: str | None
    address: str | None
    provider: str | None
    has_status: bool

    @property
    def usable(self) -> bool:
        return self.ready == "True" and not self.cordoned


@dataclass(slots=True)
class Thing:
    """An object of a kind that few facts are made of: its name and the few fields its family reads."""

    kind: str
    namespace: str | None
    name: str
    created: float | None
    fields: Mapping[str, object]

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def subject(self) -> str:
        return f"{self.kind} {self.key}"


@dataclass(slots=True)
class Deleting:
    """An object whose deletion was asked for."""

    kind: str
    namespace: str | None
    name: str
    created: float | None
    asked_at: float
    finalizers: str | None
