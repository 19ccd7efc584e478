"""What the Kubernetes API says about a question: which lists it takes, and single objects and logs on demand.

Objects go to the projector while pages come in. What could not be read is a gap that names the permission or the
reason; the rest of the answer stands.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from bot.collect.etcd.discover import urls_of_pod
from bot.collect.gaps import gap_of_kind, gap_of_want
from bot.collect.http import HttpProblem
from bot.collect.kube.client import Client
from bot.collect.kube.kinds import ApiKind, api_kinds
from bot.collect.kube.lists import Served, Take, list_kind, path_of
from bot.collect.names import bare, matching, nearest, the_one
from bot.collect.objects.projector import Projector
from bot.collect.objects.resources import CLUSTER_SCOPED, kind_of
from bot.collect.objects.values import mapping, mappings, namespaced, text
from bot.collect.redact import redact
from bot.collect.texts import log_passage
from bot.config.clusters import Api
from bot.questions import OBJECT_KINDS, Question
from rules.kinds import Fact, Scalar, Source, fact
from rules.observations import Gap, Observations, Passage

SYSTEM: Final = "kube-system"
SYSTEM_KINDS: Final = ("pod", "event", "daemonset", "deployment")
"""What is read of kube-system for a question about something else: DNS, the network's agents, the control plane."""
LOG_LINES: Final = 500
LOG_BYTES: Final = 256 * 1024
MANY: Final = 3
"""With more kinds than this that fail for one reason, the reason is told once."""
NOT_LISTED: Final = frozenset({"etcd", "host", "explain"})
"""Questions that are not about objects: only nodes are read, to know which machine is which, and where etcd is."""


@dataclass(frozen=True, slots=True)
class Order:
    """One list to be read. `namespace` None: all of them; `selector`: a field selector, so that not all are listed."""

    kind: ApiKind
    namespace: str | None = None
    selector: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A list that could not be read. `instead`: the namespace that was read where all of them are not permitted."""

    order: Order
    problem: HttpProblem
    instead: str = ""


class KubeCollector:
    """One API server, for one question."""

    def __init__(
        self,
        client: Client,
        api: Api,
        kinds: Mapping[str, ApiKind],
        *,
        hygiene: bool = False,
        now: datetime | None = None,
    ) -> None:
        self._client = client
        self._api = api
        self._kinds = {kind: each for kind, each in kinds.items() if kind != "secret" or api.secrets}
        self._hygiene = hygiene
        self._given_now = now
        self._served = Served(client)
        self._complete: set[tuple[str, str | None]] = set()
        self._pods: dict[str, Fact] = {}
        self._silent: set[Scalar] = set()
        """Nodes whose kubelet does not report: it would not hand out logs either."""
        self._containers: dict[str, list[str]] = defaultdict(list)
        self.nodes: dict[str, str] = {}
        """name -> address, once nodes were listed."""
        self.etcd_urls: list[str] = []
        """Where etcd is, as far as the control plane's Pods tell."""
        self.asked = ""
        self.reached = False

    @property
    def now(self) -> datetime:
        """The server's clock, by which its objects are dated."""
        if self._given_now is not None:
            return self._given_now
        try:
            return parsedate_to_datetime(self._client.date)
        except (TypeError, ValueError):
            return datetime.now(UTC)

    # --- the question -----------------------------------------------------------------------------------
    async def collect(self, question: Question, progress: Callable[[str], None]) -> Observations:
        """Everything that the API says about a question. KdiagError when there is no such object."""
        try:
            await self._served.discover()
            self.reached = True
            if question.kind in OBJECT_KINDS:
                self.asked = await self._resolve(OBJECT_KINDS[question.kind], question.name)
        except HttpProblem as problem:
            return self._unreachable(problem)
        projector = Projector(self.now, self.asked or None, self._hygiene)
        failures = await self._read(self._orders(question), projector, progress)
        if self._has_unscheduled(projector):
            pods = self._kinds["pod"]
            failures += await self._read([Order(pods, each) for each in self._everywhere()], projector, progress)
        self.nodes = projector.nodes()
        found = await asyncio.to_thread(projector.finish)
        found.facts = [self._with_version(each) for each in found.facts]
        found.gaps += self._gaps(failures)
        found.passages += _said_by_server(failures)
        self._remember(found)
        return found

    def _orders(self, question: Question) -> list[Order]:
        """The lists that a question takes, each once."""
        kinds = [each for each in self._kinds.values() if not each.only or question.kind in each.only]
        scoped = [Order(each) for each in kinds if not each.namespaced]
        if question.kind in NOT_LISTED:
            nodes = [each for each in scoped if each.kind.kind == "node"]
            return [*nodes, Order(self._kinds["pod"], SYSTEM)] if question.kind == "etcd" else nodes
        namespaced_kinds = [each for each in kinds if each.namespaced]
        orders = dict.fromkeys(scoped)
        for kind in namespaced_kinds:
            for namespace in kind.namespaces:
                orders[Order(kind, namespace)] = None
        plain = [each for each in namespaced_kinds if not each.namespaces]
        if question.kind == "node":
            name = self.asked.partition(" ")[2]
            self._add_node_orders(orders, name)
        elif self.asked:
            namespace = self.asked.partition(" ")[2].rpartition("/")[0]
            orders |= dict.fromkeys(Order(each, namespace) for each in plain)
            self._add_system_orders(orders)
        else:
            orders |= dict.fromkeys(Order(each, namespace) for each in plain for namespace in self._everywhere())
        return list(orders)

    def _everywhere(self) -> list[str | None]:
        """All namespaces, or those that the settings restrict kdiag to."""
        return list(self._api.namespaces) or [None]

    def _add_system_orders(self, orders: dict[Order, None]) -> None:
        if self._api.namespaces and SYSTEM not in self._api.namespaces:
            return
        for kind in SYSTEM_KINDS:
            orders[Order(self._kinds[kind], SYSTEM)] = None
        if not self._api.namespaces:
            orders[Order(self._kinds["event"], None, "involvedObject.kind=Node")] = None

    def _add_node_orders(self, orders: dict[Order, None], name: str) -> None:
        for namespace in self._everywhere():
            orders[Order(self._kinds["pod"], namespace, f"spec.nodeName={name}")] = None
            orders[Order(self._kinds["event"], namespace, "type!=Normal")] = None
        self._add_system_orders(orders)

    async def _read(
        self, orders: Iterable[Order], projector: Projector, progress: Callable[[str], None]
    ) -> list[Failure]:
        """Reads lists concurrently; what failed, and why."""
        pending = [each for each in orders if (each.kind.kind, each.namespace) not in self._complete or each.selector]
        failures: list[Failure] = []
        done = 0

        def take(kind: str, item: dict[str, Any]) -> None:
            if kind == "pod" and mapping(item.get("metadata")).get("namespace") == SYSTEM:
                self.etcd_urls += urls_of_pod(item)
            projector.add(kind, item)

        async def one(order: Order) -> None:
            nonlocal done
            kind = order.kind
            if kind.unless and self._has(kind.unless):
                return
            namespace = order.namespace
            try:
                count = await self._list(order, take)
            except HttpProblem as problem:
                if not self._may_narrow(order, problem):
                    failures.append(Failure(order, problem))
                    return
                namespace = self._own_namespace
                try:
                    count = await self._list(replace(order, namespace=namespace), take)
                except HttpProblem:
                    failures.append(Failure(order, problem))
                    return
                failures.append(Failure(order, problem, namespace))
            if count is not None and not order.selector:
                projector.listed(kind.kind, namespace, count)
                self._complete.add((kind.kind, namespace))
            done += 1
            progress(f"lists {done}/{len(pending)}")

        async with asyncio.TaskGroup() as group:
            for order in pending:
                group.create_task(one(order))
        return failures

    async def _list(self, order: Order, take: Take) -> int | None:
        """As `list_kind`; nothing where all of it was read already."""
        if not order.selector and self._is_complete(order.kind.kind, order.namespace):
            return None
        return await list_kind(
            self._client, self._served, order.kind, order.namespace, take,
            page=self._api.page, selector=order.selector,
        )  # fmt: skip

    def _may_narrow(self, order: Order, problem: HttpProblem) -> bool:
        """Whether the same list may be permitted in one namespace."""
        return problem.status == 403 and order.kind.namespaced and not order.namespace

    @property
    def _own_namespace(self) -> str:
        """The namespace that kubectl would take without being told one."""
        return self._client.access.namespace or "default"

    def _has(self, kind: str) -> bool:
        return kind in self._kinds and self._served.has(self._kinds[kind])

    def _has_unscheduled(self, projector: Projector) -> bool:
        """Whether a Pod waits for a node: then how full the nodes are takes all Pods, of which only some were read."""
        if not self.asked or self.asked.startswith("node ") or ("pod", None) in self._complete:
            return False
        return projector.has_unscheduled()

    # --- names ------------------------------------------------------------------------------------------
    async def _resolve(self, kind_name: str, name: str) -> str:
        """The subject that a person means: the name as it is, else by its beginning or UID among all names."""
        kind = self._kinds.get(kind_name) or api_kinds()[kind_name]
        known: dict[str, str] = {}

        def take(_: str, item: dict[str, Any]) -> None:
            metadata = mapping(item.get("metadata"))
            own = text(metadata.get("name")) or text(item.get("id")) or ""
            where = None if kind.kind in CLUSTER_SCOPED else text(metadata.get("namespace")) or "default"
            known[namespaced(where, own)] = text(metadata.get("uid")) or text(item.get("uid")) or ""

        wanted, cut = bare(name)
        namespace, _, own = wanted.rpartition("/")
        scopes: list[str | None] = [None]
        if kind.namespaced:
            scopes = [namespace] if namespace else self._everywhere()
        for selector in [f"metadata.name={own}", ""] if own and not cut else [""]:
            for scope in scopes:
                order = Order(kind, scope, selector)
                try:
                    await self._list_names(order, take)
                except HttpProblem as problem:
                    if not self._may_narrow(order, problem):
                        raise
                    await self._list_names(replace(order, namespace=self._own_namespace), take)
            found = matching(known, name)
            if found:
                break
        return f"{kind_name} {the_one(kind_name, name, found, nearest(known, wanted) if not found else None)}"

    async def _list_names(self, order: Order, take: Take) -> None:
        await list_kind(
            self._client, self._served, order.kind, order.namespace, take,
            page=self._api.page * 4, selector=order.selector, metadata=True,
        )  # fmt: skip

    # --- what went wrong --------------------------------------------------------------------------------
    def _unreachable(self, problem: HttpProblem) -> Observations:
        """The API server gives nothing at all: a gap, what it said, and that it could not be reached."""
        server = urlsplit(self._client.access.server)
        port = server.port or (443 if server.scheme == "https" else 80)
        source = Source(f"API server {self._client.access.server}", "", problem.said)
        found = Observations(gaps=[Gap("the Kubernetes API", str(problem), "kubectl cluster-info")])
        if problem.error in ("refused", "timeout", "no-route", "unknown-host"):
            found.facts.append(
                fact(
                    "reach", source, target=server.hostname or "", port=port, unit="kube-apiserver", ok=False,
                    error=problem.error,
                )
            )  # fmt: skip
        if problem.said:
            found.passages.append(Passage(redact(problem.said), {"via": "command"}, source))
        return found

    def _gaps(self, failures: list[Failure]) -> list[Gap]:
        """A gap for each list that failed; one for all where many failed for the same reason.

        Where a role is for one namespace alone, one gap tells what is therefore not known.
        """
        groups: dict[tuple[int, str], list[Failure]] = defaultdict(list)
        for each in failures:
            groups[each.problem.status, each.problem.error].append(each)
        gaps: list[Gap] = []
        for (status, _), group in groups.items():
            names = ", ".join(dict.fromkeys(each.order.kind.resource for each in group))
            instead = next((each.instead for each in group if each.instead), "")
            if instead:
                why = f"{_permission(group)}; only namespace {instead} was read"
                gaps.append(Gap(f"what is outside of namespace {instead}: {names}", why, "kdiag rbac"))
                continue
            if len(group) > MANY:
                why = _permission(group) if status == 403 else str(group[0].problem)
                gaps.append(Gap(names, why, "kdiag rbac" if status == 403 else ""))
                continue
            for each in group:
                why = _permission([each]) if status == 403 else str(each.problem)
                gaps.append(gap_of_kind(each.order.kind.kind, each.order.namespace, why))
        return gaps

    def _with_version(self, one: Fact) -> Fact:
        if one.kind != "cluster" or not self._served.version:
            return one
        return Fact("cluster", {**one.attributes, "version": self._served.version}, one.source)

    def _remember(self, found: Observations) -> None:
        """What later wants are joined with."""
        for each in found.facts:
            if each.kind == "pod":
                self._pods[str(each["pod"])] = each
            elif each.kind == "node" and each.get("ready") == "Unknown":
                self._silent.add(each["node"])
            elif each.kind == "container":
                self._containers[str(each["pod"])].append(str(each["container"]))

    # --- wants ------------------------------------------------------------------------------------------
    async def satisfy(self, want: Fact) -> Observations:
        """A log, the events about something, or one object. Gaps in the words of the want."""
        if not self.reached:
            return Observations()  # the gap of the API as a whole was told already
        try:
            if want["what"] == "log":
                return await self._log(want)
            return await self._object(want)
        except HttpProblem as problem:
            if problem.status == 403:
                resource = "pods/log" if want["what"] == "log" else "objects"
                return Observations(gaps=[gap_of_want(want.attributes, f"not permitted: get on {resource} (403)")])
            return Observations(gaps=[gap_of_want(want.attributes, str(problem))])

    async def _log(self, want: Fact) -> Observations:
        pod = str(want.get("pod") or "")
        namespace, _, name = pod.rpartition("/")
        if not namespace or not name:
            return Observations(gaps=[gap_of_want(want.attributes, "its namespace is not known")])
        version = next(iter(self._served.candidates(api_kinds()["pod"])), "v1")
        path, query = path_of(api_kinds()["pod"], version, namespace, name)
        node = self._pods[pod].get("node") if pod in self._pods else None
        if node in self._silent:
            return Observations(
                gaps=[gap_of_want(want.attributes, f"its node {node} is not ready: no kubelet answers")]
            )
        asked = want.get("container")
        containers = [str(asked)] if asked else await self._containers_of(pod, path, query)
        found = Observations()
        for container in containers:
            params = {**query, "container": container, "tailLines": str(LOG_LINES), "limitBytes": str(LOG_BYTES)}
            if want.get("previous") is True:
                params["previous"] = "true"
            # It is the kubelet that answers, through the API server: if it does not, asking again is of no use.
            body = await self._client.get_bytes(f"{path}/log", params, "*/*", again=False)
            content = redact(body.decode("utf-8", "replace"))
            if content.strip():
                found.passages.append(log_passage(content, pod, container, 1, self._pods.get(pod)))
        if not found.passages:
            found.gaps.append(gap_of_want(want.attributes, "the log is empty"))
        return found

    async def _containers_of(self, pod: str, path: str, query: Mapping[str, str]) -> list[str]:
        if pod not in self._containers:
            spec = mapping(mapping(await self._client.get(path, query)).get("spec"))
            self._containers[pod] = [str(each.get("name")) for each in mappings(spec.get("containers"))]
        return self._containers[pod]

    async def _object(self, want: Fact) -> Observations:
        """An object with its events, unless its whole kind was read already."""
        subject = str(want.get("object") or want.get("workload") or "")
        for word in ("pod", "node", "service"):
            if not subject and want.get(word):
                subject = f"{word} {want[word]}"
        kind_word, _, full = subject.partition(" ")
        namespace, _, name = full.rpartition("/")
        kind = api_kinds().get(kind_of(kind_word))
        if kind is None or not name or (kind.namespaced and not namespace):
            return Observations(gaps=[gap_of_want(want.attributes, "it is not known which object that is")])
        projector = Projector(self.now, f"{kind.kind} {full}", self._hygiene)
        where = namespace or None
        if want["what"] != "events" and not self._is_complete(kind.kind, where):
            await self._add_object(projector, kind, where, name)
        if want["what"] != "object" and not self._is_complete("event", where):
            selector = f"involvedObject.name={name}"
            await list_kind(
                self._client, self._served, api_kinds()["event"], where, projector.add,
                page=self._api.page, selector=selector,
            )  # fmt: skip
        return projector.finish()

    def _is_complete(self, kind: str, namespace: str | None) -> bool:
        return (kind, namespace) in self._complete or (kind, None) in self._complete

    async def _add_object(self, projector: Projector, kind: ApiKind, namespace: str | None, name: str) -> None:
        for version in self._served.candidates(kind):
            path, query = path_of(kind, version, namespace, name)
            try:
                found = await self._client.get(path, query)
            except HttpProblem as problem:
                if problem.status != 404:
                    raise
                continue
            if isinstance(found, dict):
                projector.add(kind.kind, found)
            return


def _permission(failures: list[Failure]) -> str:
    """The permissions that a role lacks, as a role writes them."""
    lacking: dict[str, None] = {}
    for each in failures:
        group = each.order.kind.api_groups[0]
        where = f" in namespace {each.order.namespace}" if each.order.namespace else ""
        lacking[f"{each.order.kind.resource}{f'.{group}' if group else ''}{where}"] = None
    return f"not permitted (403): the role lacks list on {', '.join(lacking)}"


def _said_by_server(failures: list[Failure]) -> list[Passage]:
    """What the server said when it failed (5xx): it may name etcd, a full disk or an aggregated API."""
    said = {each.problem.said: each for each in failures if each.problem.status >= 500 and each.problem.said}
    return [
        Passage(
            redact(message), {"via": "command"}, Source(f"API server, list of {each.order.kind.resource}", "", message)
        )
        for message, each in said.items()
    ]
