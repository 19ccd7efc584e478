"""What etcd says about itself and what it holds: health of every endpoint, and the keys that a question takes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from bot.collect.etcd import v2, v3
from bot.collect.etcd.client import EtcdClient, tls
from bot.collect.etcd.discover import LOOPBACK
from bot.collect.gaps import gap_of_want
from bot.collect.http import HttpProblem
from bot.collect.joins.components import components
from bot.config.clusters import Etcd
from rules.errors import KdiagError
from rules.kinds import Fact, Source, fact
from rules.observations import Gap, Observations

WANTS: Final = frozenset({"etcd", "etcd-health", "etcd-content"})
MAX_ENDPOINTS: Final = 16
NOWHERE: Final = "kdiag.yaml does not say where it is (etcd.endpoints), and nothing here tells it"
REASONS: Final = {
    "no-route": "timeout",
    "unknown-host": "refused",
    "": "unhealthy",
    "reset": "unhealthy",
    "auth": "unhealthy",
}
"""How the fact `etcd_endpoint` calls what the fact `reach` calls otherwise."""

ReadKeys = Callable[[EtcdClient, str], Awaitable[list[Fact] | None]]


class EtcdCollector:
    """The etcd of one cluster, for one question. KdiagError when its certificates cannot be read."""

    def __init__(self, settings: Etcd) -> None:
        self._settings = settings
        password = ""
        if settings.password_file:
            try:
                password = settings.password_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise KdiagError(f"cannot read etcd.password_file {settings.password_file}: {error}") from error
        self._password = password
        self._context: ssl.SSLContext | None = None
        self._clients: dict[str, EtcdClient] = {}
        self._closed: list[str] = []
        """Endpoints that were found, and that would not speak without a client certificate."""
        self._named = frozenset(each.rstrip("/") for each in settings.endpoints)
        for each in settings.endpoints:
            self._add(each)
        self._asked_health = False

    def _add(self, url: str) -> EtcdClient:
        if url.startswith("https:") and self._context is None:
            self._context = tls(self._settings)
        client = self._clients[url.rstrip("/")] = EtcdClient(url, self._settings, self._context, self._password)
        return client

    @property
    def is_known(self) -> bool:
        """Whether it is known where it is, and it can be asked."""
        return bool(self._clients)

    def learn(self, urls: Iterable[str]) -> None:
        """Takes endpoints that were found in the cluster, where the settings name none.

        A password goes to nobody but to those that the settings name.
        """
        if self._settings.endpoints or self._settings.user:
            return
        for url in list(dict.fromkeys(urls))[:MAX_ENDPOINTS]:
            if url.startswith("https:") and not self._settings.cert:
                self._closed = list(dict.fromkeys([*self._closed, url]))
            elif url not in self._clients:
                self._add(url)

    @property
    def _why_not(self) -> str:
        """Why nothing can be asked, where that is so."""
        if self._closed:
            return f"{', '.join(self._closed)} wants a client certificate (etcd.ca, etcd.cert, etcd.key in kdiag.yaml)"
        return NOWHERE

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients.values()))

    # --- health -----------------------------------------------------------------------------------------
    async def health(self) -> Observations:
        """Every endpoint: whether it answers, leads, has room; once for each question."""
        if self._asked_health or not self._clients:
            return Observations()
        self._asked_health = True
        found = Observations()
        known = list(self._clients.values())
        for part in await asyncio.gather(*(self._health_of(client) for client in known)):
            found.extend(part)
        found.extend(await self._members())
        found.facts = _with_versions(found.facts)
        return found

    async def _members(self) -> Observations:
        """Who belongs to the cluster, and the health of members that nobody named."""
        for client in list(self._clients.values()):
            try:
                facts, urls = await v3.members(client)
            except HttpProblem:
                continue  # an etcd of 2015, or one that does not answer, which its health told
            added = [self._add(url) for url in self._unasked(urls)]
            found = Observations(facts=facts)
            for part in await asyncio.gather(*(self._health_of(each) for each in added)):
                found.extend(part)
            return found
        return Observations()

    def _unasked(self, urls: Iterable[str]) -> list[str]:
        """The URLs of hosts that were not asked: a member may have several."""
        hosts = {urlsplit(each).hostname for each in self._clients}
        new = [each for each in urls if urlsplit(each).hostname not in {*hosts, *LOOPBACK}]
        return [each for each in new if not each.startswith("https:") or self._settings.cert][:MAX_ENDPOINTS]

    async def _health_of(self, client: EtcdClient) -> Observations:
        host = urlsplit(client.endpoint).hostname or ""
        try:
            try:
                facts = await v3.endpoint_facts(client)
            except HttpProblem as problem:
                if problem.status not in (404, 405):
                    raise
                facts = [await v2.endpoint_fact(client)]
        except HttpProblem as problem:
            source = Source(f"etcd {client.endpoint}", "", problem.said)
            gap = Gap(f"the state of etcd at {client.endpoint}", str(problem))
            if problem.error == "auth" or problem.status:
                # It answered, so it is there; what it would say to others is not known.
                return Observations(gaps=[gap])
            if client.endpoint not in self._named:
                return Observations(gaps=[gap])  # it may well be that only we cannot get there
            reason = REASONS.get(problem.error, problem.error)
            endpoint = fact(
                "etcd_endpoint", source, endpoint=client.endpoint, healthy=False, error=problem.said or str(problem),
                reason=reason,
            )  # fmt: skip
            port = urlsplit(client.endpoint).port
            reach = fact("reach", source, target=host, port=port, unit="etcd", ok=False, error=problem.error or None)
            told = problem.error in ("refused", "timeout", "no-route", "unknown-host")
            return Observations(facts=[endpoint, reach] if told else [endpoint], gaps=[gap])
        return Observations(facts=facts)

    # --- keys -------------------------------------------------------------------------------------------
    async def survey(self) -> Observations:
        """Health, flannel's keys, and where etcd holds a cluster of 2015 in its v2 keys, what the joins read of it."""
        found = await self.health()
        flannel, old = await asyncio.gather(self._flannel_of_today(), self._tree_of_2015())
        # Where flannel speaks v3 it speaks nothing else: what it once left in the v2 keys is nobody's lease any more.
        moved = {str(each["key"]) for each in flannel if each["key"] in components().etcd["flannel"]}
        found.facts += flannel
        found.facts += [each for each in old if not any(_is_in(str(each["key"]), prefix) for prefix in moved)]
        return found

    async def _flannel_of_today(self) -> list[Fact]:
        """flannel's network and leases in v3, under the prefixes in use; none where there is no v3 to be asked."""
        prefixes = components().etcd["flannel"]
        try:
            parts = await asyncio.gather(*(self._first(v3.read_tree, each) for each in prefixes))
        except HttpProblem:
            return []
        return [each for part in parts for each in part or []]

    async def _tree_of_2015(self) -> list[Fact]:
        """The v2 keys that the joins read; none where there is no v2 API, or nothing of 2015 is kept there."""
        known = components().etcd
        folders = [*known["nodes"], *known["flannel"], *known["endpoints"]]
        try:
            root = await self._first(v2.read_keys, "/")
            if root is None or len(root) < 2:
                return []
            parts = await asyncio.gather(*(self._first(v2.read_tree, folder) for folder in folders))
        except HttpProblem:
            return []  # whether etcd is well is told by its health
        return [*root, *(each for part in parts for each in part or [])]

    async def keys(self, path: str) -> Observations:
        """The key or directory at a path, in the v2 keys or else in v3's. A gap where neither can be asked."""
        if not self._clients:
            return Observations(gaps=[Gap("etcd", self._why_not)])
        problems: list[HttpProblem] = []
        for read in (v2.read_keys, v3.read_keys):
            try:
                found = await self._first(read, path)
            except HttpProblem as problem:
                problems.append(problem)
                continue
            if found is not None:
                return Observations(facts=found)
        if len(problems) == 2:
            want = {"what": "etcd", "key": "/" + path.strip("/")}
            return Observations(
                gaps=[gap_of_want(want, str(problems[1] if problems[0].status == 404 else problems[0]))]
            )
        return await self._missing(path)

    async def _missing(self, path: str) -> Observations:
        """That there is no such key, with the nearest directory that is there, for the person who mistyped it."""
        key = "/" + path.strip("/")
        found = Observations(facts=[fact("etcd_key", Source("etcd", key), key=key, exists=False)])
        parent = key
        while parent != "/":
            parent = parent.rpartition("/")[0] or "/"
            for read in (v2.read_keys, v3.read_keys):
                try:
                    above = await self._first(read, parent)
                except HttpProblem:
                    continue
                if above:
                    found.facts += above
                    return found
        return found

    async def _first(self, read: ReadKeys, path: str) -> list[Fact] | None:
        """The answer of the first endpoint that gives one. HttpProblem of the last where none does."""
        last = HttpProblem(self._why_not)
        for client in self._clients.values():
            try:
                return await read(client, path)
            except HttpProblem as problem:
                last = problem
        raise last

    async def content(self) -> Observations:
        """How many keys there are of each kind that is known to grow, and of all of them."""
        prefixes = components().etcd["content"]
        for client in self._clients.values():
            try:
                total, *counts = await asyncio.gather(*(v3.count(client, each) for each in ("/", *prefixes)))
            except HttpProblem:
                continue
            return Observations(
                facts=[
                    fact(
                        "etcd_prefix", Source(f"etcd {client.endpoint}", prefix, f"{keys} of {total} keys"),
                        prefix=prefix, keys=keys, share_percent=keys * 100 // total,
                    )
                    for prefix, keys in zip(prefixes, counts, strict=True)
                    if keys
                ]
            )  # fmt: skip
        return Observations(gaps=[gap_of_want({"what": "etcd-content"}, "no endpoint answers")])

    async def satisfy(self, want: Fact) -> Observations:
        if not self._clients:
            return Observations(gaps=[gap_of_want(want.attributes, self._why_not)])
        if want["what"] == "etcd-health":
            return await self.health()
        if want["what"] == "etcd-content":
            return await self.content()
        return await self.keys(str(want.get("key") or "/"))


def _is_in(key: str, folder: str) -> bool:
    return key == folder or key.startswith(f"{folder}/")


def _with_versions(facts: list[Fact]) -> list[Fact]:
    """Endpoints that do not all run one version are told of another that runs."""
    versions = sorted({str(one["version"]) for one in facts if one.kind == "etcd_endpoint" and one.get("version")})
    if len(versions) < 2:
        return facts

    def other(one: Fact) -> Fact:
        if one.kind != "etcd_endpoint" or not one.get("version"):
            return one
        differing = next(each for each in reversed(versions) if each != one["version"])
        return Fact(one.kind, {**one.attributes, "other_version": differing}, one.source)

    return [other(one) for one in facts]
