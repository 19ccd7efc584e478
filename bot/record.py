"""`kdiag record DIR`: a recorded cluster from a live one, as `--dump` reads it, for a bug report or a test.

Objects are written while they come in. Secrets are left out, what else is secret is masked,
and the directory is for its owner alone.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from bot.collect.etcd.collector import EtcdCollector
from bot.collect.http import HttpProblem
from bot.collect.kube.client import Client
from bot.collect.kube.kinds import ApiKind, api_kinds
from bot.collect.kube.kubeconfig import access
from bot.collect.kube.lists import Served, list_kind, path_of
from bot.collect.objects.values import mapping, mappings, text
from bot.collect.redact import redact
from bot.collect.redact_objects import masked_object
from bot.collect.ssh.collector import SshCollector
from bot.config.clusters import Cluster
from rules.errors import KdiagError
from rules.kinds import Fact
from rules.observations import Gap

BUDGET_S: Final = 300.0
FLUSH_BYTES: Final = 4 << 20
MAX_LOGS: Final = 200
LOG_LINES: Final = 500
LOG_BYTES: Final = 256 * 1024
TIMES: Final = frozenset({"date", "timedatectl"})
"""Commands whose output means nothing later."""


class Recording:
    """The directory that is written."""

    def __init__(self, directory: Path) -> None:
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise KdiagError(f"{directory} is not empty: a recording needs a directory of its own")
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise KdiagError(f"cannot make {directory}: {error.strerror or error}") from error
        self.directory = directory
        self.objects = 0
        self._buffers: dict[Path, bytearray] = defaultdict(bytearray)
        self._begun: set[Path] = set()

    def path(self, *parts: str) -> Path:
        """A place inside. Names come from a cluster: none may lead out of the directory."""
        safe = [part for part in parts if part not in ("", ".", "..") and "/" not in part and "\0" not in part]
        if len(safe) != len(parts):
            raise KdiagError(f"a name in the cluster cannot be a file's: {'/'.join(parts)[:200]!r}")
        return self.directory.joinpath(*safe)

    def add(self, kind: ApiKind, obj: dict[str, Any]) -> None:
        """Writes one object to the list of its kind and namespace."""
        namespace = text(mapping(obj.get("metadata")).get("namespace"))
        parts = [namespace] if kind.namespaced and namespace else []
        path = self.path(*parts, f"{kind.resource}.json")
        kept = masked_object(kind.kind, obj)
        kept.pop("kind", None)  # of a metadata-only answer it would be the wrong one
        if kind.metadata:
            kept.pop("apiVersion", None)
        self._buffers[path] += b",\n" if path in self._begun else self._head(kind, path)
        self._buffers[path] += orjson.dumps(kept)
        self.objects += 1
        if len(self._buffers[path]) > FLUSH_BYTES:
            self._flush(path)

    def empty(self, kind: ApiKind, namespace: str | None) -> None:
        """States that a kind was listed and has nothing there, which is not the same as no file."""
        path = self.path(*([namespace] if namespace else []), f"{kind.resource}.json")
        if path not in self._begun:
            self._buffers[path] += self._head(kind, path)

    def drop(self, kind: ApiKind, namespace: str | None) -> None:
        """Takes back a list that broke off: what is in a file counts as all there is."""
        for path in [each for each in self._begun if each.name == f"{kind.resource}.json"]:
            if namespace is None or path.parent.name == namespace:
                self._begun.discard(path)
                self._buffers.pop(path, None)
                path.unlink(missing_ok=True)

    def _head(self, kind: ApiKind, path: Path) -> bytes:
        self._begun.add(path)
        version = kind.groups[0]
        return orjson.dumps({"kind": f"{kind.kind}List", "apiVersion": version})[:-1] + b',"items":[\n'

    def _flush(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(self._buffers.pop(path))

    def finish(self) -> None:
        for path in self._begun:
            self._buffers[path] += b"\n]}\n"
            self._flush(path)

    def write(self, content: str, *parts: str) -> None:
        path = self.path(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(content)


async def record(
    cluster: Cluster, context: str, directory: Path, progress: Callable[[str], None]
) -> tuple[int, list[Gap]]:
    """Records everything that kdiag may read; the number of objects, and what could not be read."""
    recording = Recording(directory)
    gaps: list[Gap] = []
    nodes: dict[str, str] = {}
    if cluster.api.enabled:
        deadline = time.monotonic() + BUDGET_S
        client = Client(
            access(cluster.api, context),
            concurrency=cluster.api.concurrency,
            timeout_s=cluster.api.timeout_s,
            deadline=deadline,
        )
        async with client:
            gaps += await _objects(client, cluster, recording, nodes, progress)
    gaps += await _hosts(cluster, recording, nodes, progress)
    gaps += await _etcd(cluster, recording)
    recording.finish()
    return recording.objects, gaps


async def _objects(
    client: Client, cluster: Cluster, recording: Recording, nodes: dict[str, str], progress: Callable[[str], None]
) -> list[Gap]:
    served = Served(client)
    sick: list[tuple[str, str, bool]] = []
    namespaces: set[str] = set()
    gaps: list[Gap] = []

    def take(kind: ApiKind) -> Callable[[str, dict[str, Any]], None]:
        def one(_: str, obj: dict[str, Any]) -> None:
            if kind.kind == "pod" and (found := _sick(obj)):
                sick.append(found)
            elif kind.kind == "node":
                nodes[text(mapping(obj.get("metadata")).get("name")) or ""] = ""
            elif kind.kind == "namespace":
                namespaces.add(text(mapping(obj.get("metadata")).get("name")) or "")
            recording.add(kind, obj)

        return one

    async def read(kind: ApiKind) -> None:
        if kind.unless and served.has(api_kinds()[kind.unless]):
            return
        scopes: list[str | None] = [*cluster.api.namespaces] if kind.namespaced else [None]
        for namespace in scopes or [None]:
            progress(f"record {kind.resource}")
            try:
                count = await list_kind(client, served, kind, namespace, take(kind), page=cluster.api.page)
            except HttpProblem as problem:
                gaps.append(Gap(kind.resource, str(problem)))
                recording.drop(kind, namespace)
                continue
            if count is not None:
                listed.append((kind, namespace))

    listed: list[tuple[ApiKind, str | None]] = []
    try:
        await served.discover()
    except HttpProblem as problem:
        return [Gap("the Kubernetes API", str(problem))]
    kinds = [each for each in api_kinds().values() if each.kind != "secret" or cluster.api.secrets]
    await asyncio.gather(*(read(kind) for kind in kinds))
    for kind, scope in listed:
        for namespace in ([scope] if scope else sorted(namespaces)) if kind.namespaced else [None]:
            recording.empty(kind, namespace)
    await asyncio.gather(*(_logs(client, recording, *each) for each in sick[:MAX_LOGS]))
    if len(sick) > MAX_LOGS:
        gaps.append(Gap(f"the logs of {len(sick) - MAX_LOGS} further Pods", f"only {MAX_LOGS} are recorded"))
    return gaps


def _sick(pod: Mapping[str, Any]) -> tuple[str, str, bool] | None:
    """(namespace, name, whether a container restarted) of a Pod whose log may say something."""
    metadata, status = mapping(pod.get("metadata")), mapping(pod.get("status"))
    containers = mappings(status.get("containerStatuses") or [])
    restarted = any(each.get("restartCount") for each in containers)
    if not restarted and all(each.get("ready") is True for each in containers):
        return None
    return text(metadata.get("namespace")) or "default", text(metadata.get("name")) or "", restarted


async def _logs(client: Client, recording: Recording, namespace: str, name: str, restarted: bool) -> None:
    """Logs as `kubectl cluster-info dump` writes them; that a container has none is no gap."""
    path, _ = path_of(api_kinds()["pod"], "v1", namespace, name)
    try:
        spec = mapping(mapping(await client.get(path)).get("spec"))
    except HttpProblem:
        return  # gone since the list was read
    for container in mappings(spec.get("containers")):
        called = text(container.get("name")) or ""
        for previous in (False, True) if restarted else (False,):
            params = {"container": called, "tailLines": str(LOG_LINES), "limitBytes": str(LOG_BYTES)}
            try:
                body = await client.get_bytes(
                    f"{path}/log", params | ({"previous": "true"} if previous else {}), "*/*", again=False
                )
            except HttpProblem:
                continue
            pod = f"{namespace}/{name}"
            content = redact(body.decode("utf-8", "replace")).rstrip("\n")
            recording.write(
                f"==== START logs for container {called} of pod {pod} ====\n{content}\n"
                f"==== END logs for container {called} of pod {pod} ====\n",
                namespace, name, "logs-previous.txt" if previous else "logs.txt",
            )  # fmt: skip


async def _hosts(
    cluster: Cluster, recording: Recording, nodes: dict[str, str], progress: Callable[[str], None]
) -> list[Gap]:
    """What the hosts of kdiag.yaml print, a file for each command, and the journals of the daemons that are there."""
    if not cluster.hosts or not cluster.ssh.enabled:
        return []

    def keep(host: str, name: str, content: str) -> None:
        if name not in TIMES:
            recording.write(content, "hosts", host, f"{name}.txt")

    progress("record hosts")
    ssh = SshCollector(cluster.ssh, cluster.hosts, keep=keep)
    ssh.nodes = nodes
    try:
        found = await ssh.survey(list(cluster.hosts), whole=True, until=time.monotonic() + BUDGET_S / 3)
        there = [one for one in found.facts if one.kind == "unit" and one.get("exists") is not False]
        wants = [Fact("want", {"what": "journal", "host": one["host"], "unit": one["unit"]}) for one in there]
        wants += [Fact("want", {"what": "certificates", "host": host}) for host in cluster.hosts]
        for part in await asyncio.gather(*(ssh.satisfy(want) for want in wants)):
            found.extend(part)
    finally:
        await ssh.close()
    return found.gaps


async def _etcd(cluster: Cluster, recording: Recording) -> list[Gap]:
    """The keys of 2015, as paths of files."""
    etcd = EtcdCollector(cluster.etcd)
    if not etcd.is_known:
        return []
    try:
        found = await etcd.survey()
    finally:
        await etcd.close()
    for one in found.facts:
        parts = [part for part in str(one.get("key") or "").split("/") if part]
        if one.kind != "etcd_key" or not parts:
            continue
        if one.get("dir"):
            recording.path("etcd", *parts).mkdir(parents=True, exist_ok=True)
        else:
            recording.write(str(one.get("value") or ""), "etcd", *parts)
    return found.gaps
