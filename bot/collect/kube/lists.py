"""Whole kinds, page by page, each object handed on as it comes: no list is ever held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.collect.garbage import no_collection
from bot.collect.http import HttpProblem
from bot.collect.kube.client import METADATA_ONLY, Client
from bot.collect.kube.kinds import ApiKind
from bot.collect.objects.values import Json, mapping, mappings, text

LEGACY: Final = ("v1beta3", "v1beta2", "v1beta1")
MAX_RESTARTS: Final = 2
ROUNDS_TO_SEND: Final = 6
"""Rounds of the event loop in which a request leaves on an open connection."""
Take = Callable[[str, dict[str, Any]], None]
"""Receives (kind, object)."""


class Served:
    """The group versions that a server has, asked for once. Unknown (None) where it does not say."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._versions: frozenset[str] | None = None
        self.legacy = ""
        self.version = ""

    async def discover(self) -> None:
        """Reads /version, /api and /apis. HttpProblem only when the server cannot be asked at all."""
        version, core, groups = await asyncio.gather(
            *(self._client.get(path) for path in ("/version", "/api", "/apis")), return_exceptions=True
        )
        failed = [each for each in (version, core, groups) if isinstance(each, HttpProblem)]
        for each in (version, core, groups):
            if isinstance(each, BaseException) and not isinstance(each, HttpProblem):
                raise each
        if len(failed) == 3 and all(each.status not in (403, 404) for each in failed):
            raise failed[1]
        self.version = text(mapping(version).get("gitVersion")) or ""
        known: set[str] = set()
        versions = [each for each in mapping(core).get("versions", []) if isinstance(each, str)]
        if versions:
            known |= set(versions)
            self.legacy = next((each for each in LEGACY if each in versions), "") if "v1" not in versions else ""
        for group in mappings(mapping(groups).get("groups")):
            known |= {str(each.get("groupVersion")) for each in mappings(group.get("versions"))}
        answered = isinstance(core, dict) and (isinstance(groups, dict) or _is(groups, 404))
        self._versions = frozenset(known) if answered and versions else None

    def candidates(self, kind: ApiKind) -> list[str]:
        """The group versions to ask for a kind, the best first; [] if the server has none of them."""
        if self.legacy and "v1" in kind.groups:
            return [self.legacy]
        if self._versions is None:
            return list(kind.groups)
        return [each for each in kind.groups if each in self._versions]

    def has(self, kind: ApiKind) -> bool:
        """Whether the server says that it has a kind."""
        return self._versions is not None and bool(self.candidates(kind))


def _is(problem: object, status: int) -> bool:
    return isinstance(problem, HttpProblem) and problem.status == status


def path_of(kind: ApiKind, version: str, namespace: str | None, name: str = "") -> tuple[str, dict[str, str]]:
    """The URL path of a kind (or of one object of it) in a group version, and the query that belongs to it."""
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    resource = kind.legacy if version in ("v1beta1", "v1beta2") else kind.resource
    query: dict[str, str] = {}
    if version in ("v1beta1", "v1beta2") and kind.namespaced:
        query["namespace"] = namespace or ""  # empty: all of them; left out: the namespace `default`
    elif namespace and kind.namespaced:
        base += f"/namespaces/{namespace}"
    return f"{base}/{resource}" + (f"/{name}" if name else ""), query


async def list_kind(
    client: Client,
    served: Served,
    kind: ApiKind,
    namespace: str | None,
    take: Take,
    *,
    page: int,
    selector: str = "",
    metadata: bool = False,
) -> int | None:
    """Hands every object of a kind to `take`; how many there were, or None if the server has no such kind.

    `selector` is a field selector. HttpProblem where the list could not be read to its end.
    """
    for version in served.candidates(kind):
        path, query = path_of(kind, version, namespace)
        if selector:
            query["fieldSelector"] = selector
        try:
            return await _pages(client, kind, version, path, query, take, page, metadata or kind.metadata)
        except HttpProblem as problem:
            if problem.status != 404:
                raise
    return None


async def _pages(
    client: Client,
    kind: ApiKind,
    version: str,
    path: str,
    query: Mapping[str, str],
    take: Take,
    page: int,
    metadata: bool,
) -> int:
    accept = METADATA_ONLY if metadata else "application/json"
    legacy = version if version.startswith("v1beta") and "/" not in version else ""
    seen: set[tuple[str, str]] = set()
    restarts, limit = 0, page

    def ask(token: str) -> asyncio.Task[Any]:
        params = {**query, "limit": str(limit), **({"continue": token} if token else {})}
        return asyncio.create_task(client.get(path, params, accept))

    asked = ask("")
    try:
        while True:
            try:
                content = await asked
            except HttpProblem as problem:
                if problem.status != 410 or restarts == MAX_RESTARTS:
                    raise
                # The snapshot that the pages were cut from is gone. The server may offer to go on in a newer one;
                # else the list begins anew, with larger pages so that it ends sooner. What was taken stays so.
                restarts, limit = restarts + 1, limit * 4
                asked = ask(problem.continue_token)
                continue
            if not isinstance(content, dict) or not isinstance(content.get("items"), list | None):
                raise HttpProblem("the answer is not a list")
            token = text(mapping(content.get("metadata")).get("continue")) or ""
            if token:
                asked = ask(token)  # the server works on the next page while this one is read
                for _ in range(ROUNDS_TO_SEND):
                    await asyncio.sleep(0)
            with no_collection():
                _take_page(kind, mappings(content.get("items") or []), legacy, take, seen)
            if not token:
                return len(seen)
    finally:
        asked.cancel()


def _take_page(kind: ApiKind, items: list[Json], legacy: str, take: Take, seen: set[tuple[str, str]]) -> None:
    """Hands on the items of a page that were not seen before."""
    for item in items:
        details = mapping(item.get("metadata"))
        name = text(details.get("name")) or text(item.get("id")) or ""
        key = (text(details.get("namespace")) or text(item.get("namespace")) or "", name)
        if key in seen:
            continue
        seen.add(key)
        if legacy:
            item.setdefault("apiVersion", legacy)
        take(kind.kind, item)
