"""What etcd says about itself and what it holds: health of every endpoint, and the keys that a question takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from bot.collect.etcd import v2, v3
from bot.collect.etcd.client import EtcdClient, tls
from bot.collect.gaps import gap_of_want
from bot.collect.http import HttpProblem
from bot.collect.joins.components import components
from bot.config.clusters import Etcd
from rules.errors import KdiagError
from rules.kinds import Fact, Source, fact
from rules.observations import Gap, Observations

WANTS: Final = frozenset({"etcd", "etcd-health"})
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
        secure = any(each.startswith("https:") for each in settings.endpoints)
        context = tls(settings) if secure else None
        self._clients = [EtcdClient(each, settings, context, password) for each in settings.endpoints]
        self._asked_health = False

    @property
    def is_known(self) -> bool:
        """Whether the settings say where it is."""
        return bool(self._clients)

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients))

    # --- health -----------------------------------------------------------------------------------------
    async def health(self) -> Observations:
        """Every endpoint: whether it answers, leads, has room; once for each question."""
        if self._asked_health:
            return Observations()
        self._asked_health = True
        found = Observations()
        for part in await asyncio.gather(*(self._health_of(client) for client in self._clients)):
            found.extend(part)
        return found

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
        """Health, and where etcd holds a cluster of 2015 in its v2 keys, what the joins read of it."""
        found = await self.health()
        known = components().etcd
        folders = [*known["nodes"], *known["flannel"], *known["endpoints"]]
        try:
            root = await self._first(v2.read_keys, "/")
            if root is None or len(root) < 2:
                return found
            found.facts += root
            parts = await asyncio.gather(*(self._first(v2.read_tree, folder) for folder in folders))
            for part in parts:
                found.facts += part or []
        except HttpProblem:
            pass  # no v2 API: nothing of 2015 is kept there; whether etcd is well was told above
        return found

    async def keys(self, path: str) -> Observations:
        """The key or directory at a path, in the v2 keys or else in v3's. A gap where neither can be asked."""
        if not self._clients:
            return Observations(gaps=[Gap("etcd", "kdiag.yaml does not say where it is (etcd.endpoints)")])
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
        last = HttpProblem("kdiag.yaml does not say where etcd is (etcd.endpoints)")
        for client in self._clients:
            try:
                return await read(client, path)
            except HttpProblem as problem:
                last = problem
        raise last

    async def satisfy(self, want: Fact) -> Observations:
        if not self._clients:
            return Observations(gaps=[gap_of_want(want.attributes, "kdiag.yaml does not say where etcd is")])
        if want["what"] == "etcd-health":
            return await self.health()
        return await self.keys(str(want.get("key") or "/"))
