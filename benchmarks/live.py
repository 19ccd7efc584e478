"""kdiag against a real kube-apiserver filled with many objects, beside a bare client that lists the same ones.

    python -m benchmarks.live [--nodes 1000] [--pods 20000] [--faults 200]

Needs etcd and kube-apiserver (`make lab` builds it). The objects are written to etcd as the API server stores them, so
that filling takes seconds; no kubelet is needed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.cluster import NAMESPACES, THEN, write
from benchmarks.run import report
from tests.integration.apiserver import ApiServer, api_server

BATCH = 100
ROUNDS = 7
_PROCESS = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""
_BARE = """
import asyncio, ssl, sys
import httpx, orjson
server, token, ca, namespace, *kinds = sys.argv[1:]
async def one(http, path):
    token = None
    while True:
        params = {"limit": "500", **({"continue": token} if token else {})}
        content = orjson.loads((await http.get(path, params=params)).content)
        token = content.get("metadata", {}).get("continue")
        if not token:
            return
async def main():
    context = ssl.create_default_context(cafile=ca)
    headers = {"Authorization": f"Bearer {token}"}
    limits = httpx.Limits(max_connections=8)
    async with httpx.AsyncClient(base_url=server, verify=context, headers=headers, timeout=60, limits=limits) as http:
        await asyncio.gather(*(one(http, path) for path in kinds))
asyncio.run(main())
"""


def objects(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(etcd's key, object) of a recorded cluster."""
    for name in [f"team-{number}" for number in range(NAMESPACES)]:
        made = {"metadata": {"name": name, "creationTimestamp": THEN}, "status": {"phase": "Active"}}
        yield f"/registry/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", **made}
    for path, kind, prefix in (("nodes.json", "Node", "minions"), ("*/pods.json", "Pod", "pods")):
        for file in sorted(folder.glob(path)):
            for item in orjson.loads(file.read_bytes())["items"]:
                namespace = item["metadata"].get("namespace")
                if kind == "Node":  # where no kubelet listens, and the API server learns that at once
                    item["status"]["addresses"] = [{"type": "InternalIP", "address": "127.0.0.1"}]
                    for condition in item["status"]["conditions"]:
                        condition["lastHeartbeatTime"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
                where = f"{namespace}/" if namespace else ""
                yield (
                    f"/registry/{prefix}/{where}{item['metadata']['name']}",
                    {"apiVersion": "v1", "kind": kind, **item},
                )


def fill(api: ApiServer, folder: Path) -> int:
    """Writes the objects to etcd, some hundred at a time; how many there were."""
    batch: list[dict[str, Any]] = []
    count = 0

    def send() -> None:
        data = orjson.dumps({"success": batch})
        urllib.request.urlopen(urllib.request.Request(f"{api.etcd_url}/v3/kv/txn", data), timeout=30).close()
        batch.clear()

    for key, value in objects(folder):
        pair = {"key": base64.b64encode(key.encode()).decode(), "value": base64.b64encode(orjson.dumps(value)).decode()}
        batch.append({"requestPut": pair})
        count += 1
        if len(batch) == BATCH:
            send()
    if batch:
        send()
    return count


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds, seconds of CPU, and peak MB of a process."""
    done = subprocess.run(
        [sys.executable, "-c", _PROCESS, *command], env=environment, check=True, capture_output=True, text=True
    )
    seconds, cpu, memory = (float(word) for word in done.stdout.split())
    return seconds, cpu, memory


def paths_of(kubeconfig: Path, question: list[str]) -> tuple[list[str], int, int]:
    """The lists that kdiag asks for to answer a question, with requests and bytes of all of it."""
    from bot.clusters import Clusters
    from bot.collect.kube.client import Client
    from bot.config import Settings
    from bot.questions import Question

    asked: dict[str, None] = {}
    traffic: list[Any] = []
    original = Client.get_bytes

    async def watched(self: Client, path: str, params: Any = None, *rest: Any, **more: Any) -> bytes:
        if params and "limit" in params and "fieldSelector" not in params:
            asked[path] = None
        traffic.append(self.traffic)
        return await original(self, path, params, *rest, **more)

    Client.get_bytes = watched  # type: ignore[method-assign]
    settings = Settings.model_validate({"clusters": {"c": {"api": {"kubeconfig": str(kubeconfig)}, "budget_s": 120}}})
    source = Clusters(settings).source("c")

    async def run() -> None:
        await source.collect(Question(question[0], *question[1:]))
        await source.close()

    try:
        asyncio.run(run())
    finally:
        Client.get_bytes = original  # type: ignore[method-assign]
    return list(asked), traffic[-1].requests, traffic[-1].bytes


def compare(api: ApiServer, kubeconfig: Path, config: Path, question: list[str]) -> None:
    environment = {**os.environ, "KDIAG_CONFIG": str(config)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # kdiag is compiled when it is installed, as httpx was
    label = " ".join(["kdiag", *question])
    paths, requests, transferred = paths_of(kubeconfig, question)
    bare = [sys.executable, "-c", _BARE, api.url, api.tokens["admin"], str(api.ca.cert), "", *paths]
    ours = [sys.executable, "-m", "bot.cli", *question, "--format", "json"]
    # In turn, and the medians: after a while the API server serves lists from etcd that came from its cache before.
    runs = [(measured(bare, environment), measured(ours, environment)) for _ in range(ROUNDS)]
    bare_s, bare_cpu, bare_mb = (statistics.median(each) for each in zip(*(run[0] for run in runs), strict=True))
    seconds, cpu, memory = (statistics.median(each) for each in zip(*(run[1] for run in runs), strict=True))
    report(f"{label}: whole process", f"{seconds:8.2f} s, CPU {cpu:.2f} s, {memory:.0f} MB")
    report("  requests, MB received", f"{requests:8d}, {transferred / 1e6:.1f}")
    report("  a bare client that lists the same objects", f"{bare_s:8.2f} s, CPU {bare_cpu:.2f} s, {bare_mb:.0f} MB")
    report("  times as long, median of the rounds", f"{statistics.median(run[1][0] / run[0][0] for run in runs):8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=20_000)
    parser.add_argument("--faults", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            with api_server(folder) as api:
                write(folder / "recording", arguments.nodes, arguments.pods, arguments.faults)
                started = time.perf_counter()
                count = fill(api, folder / "recording")
                report(f"{count} objects written to etcd", f"{time.perf_counter() - started:8.1f} s")
                while len(api.request("GET", f"/api/v1/namespaces/team-{NAMESPACES - 1}/pods?limit=1")["items"]) < 1:
                    time.sleep(0.2)
                kubeconfig = api.kubeconfig()
                config = folder / "kdiag.yaml"
                config.write_text(f"clusters: {{c: {{api: {{kubeconfig: {kubeconfig}}}, ssh: {{enabled: false}}}}}}")
                pod = api.request("GET", "/api/v1/namespaces/team-7/pods?limit=1")["items"][0]["metadata"]["name"]
                compare(api, kubeconfig, config, ["pod", f"team-7/{pod}"])
                compare(api, kubeconfig, config, ["summary"])
        except pytest.skip.Exception as missing:
            report("live API server", str(missing))


if __name__ == "__main__":
    main()
