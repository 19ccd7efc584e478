"""An API server that misbehaves: each way is a gap with its reason, and the rest of the answer stands.

What a healthy one says is tested against a real one in tests/integration; this one is only for the failures.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.collect.kube.kinds import api_kinds
from bot.collect.live import LiveSource
from bot.config.clusters import Cluster
from bot.questions import Question
from rules.observations import Observations

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NODE = {
    "metadata": {"name": "n1"},
    "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "KubeletNotReady"}]},
}
POD = {
    "metadata": {"name": "web-0", "namespace": "shop", "uid": "u1"},
    "spec": {"nodeName": "n1", "containers": [{"name": "web", "image": "i"}]},
    "status": {"phase": "Running"},
}


def status(code: int, message: str, **more: Any) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "message": message} | more, status=code)


def listed(*items: dict[str, Any], token: str = "") -> web.Response:
    return web.json_response({"kind": "List", "metadata": {"continue": token}, "items": list(items)})


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that answers every request with one handler."""
    app = web.Application()
    app.router.add_get("/{rest:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def server(pods: Handler) -> AbstractAsyncContextManager[str]:
    """An API server whose list of Pods is as given, and which has nodes and other kinds of the core beside it."""
    answers: dict[str, Any] = {
        "/version": {"gitVersion": "v1.31.0"},
        "/api": {"versions": ["v1"]},
        "/apis": {"groups": []},
        "/api/v1/nodes": {"items": [NODE]},
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/api/v1/pods":
            return await pods(request)
        return web.json_response(answers.get(request.path, {"items": []}))

    return serving(answer)


async def collect(url: str, tmp_path: Path, question: Question | None = None, **api: Any) -> Observations:
    path = tmp_path / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "current-context": "x",
                "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
                "clusters": [{"name": "x", "cluster": {"server": url}}],
                "users": [{"name": "x", "user": {"token": "t"}}],
            }
        )
    )
    cluster = Cluster.model_validate({"api": {"kubeconfig": str(path)} | api, "ssh": {"enabled": False}})
    source = LiveSource(cluster, api_kinds(), budget_s=6, progress=lambda _: None)
    try:
        return await source.collect(question or Question("summary"))
    finally:
        await source.close()


def gap(found: Observations) -> str:
    """The only gap there is, as text."""
    assert len(found.gaps) == 1, found.gaps
    return f"{found.gaps[0].what}: {found.gaps[0].why}"


def nodes(found: Observations) -> list[object]:
    return [one["node"] for one in found.facts if one.kind == "node"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: status(403, 'pods is forbidden: User "x" cannot list'), "the role lacks list on pods"),
        (lambda: status(401, "Unauthorized"), "does not accept the credentials (401): Unauthorized"),
        (lambda: status(500, "etcdserver: no leader"), "answered 500: etcdserver: no leader"),
        (lambda: web.Response(status=503, text="<html>"), "answered 503"),
        (lambda: web.Response(body=b'{"items": [{"metadata"', content_type="application/json"), "not whole JSON"),
        (lambda: web.Response(body=b"[1]", content_type="application/json"), "not a list"),
        (lambda: web.Response(body=b'{"items": 5}', content_type="application/json"), "not a list"),
    ],
)
async def test_a_refusal_is_one_gap_and_the_rest_stands(
    tmp_path: Path, answer: Callable[[], web.Response], says: str
) -> None:
    async def pods(_: web.Request) -> web.StreamResponse:
        return answer()

    async with server(pods) as url:
        found = await collect(url, tmp_path)
    assert says in gap(found)
    assert nodes(found) == ["n1"]


async def test_a_server_that_fails_is_quoted_to_the_signatures(tmp_path: Path) -> None:
    async def pods(_: web.Request) -> web.StreamResponse:
        return status(500, "etcdserver: mvcc: database space exceeded")

    async with server(pods) as url:
        found = await collect(url, tmp_path)
    assert any("database space exceeded" in each.text for each in found.passages if each.about["via"] == "command")


async def test_one_that_hangs(tmp_path: Path) -> None:
    async def pods(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return listed()

    async with server(pods) as url:
        found = await collect(url, tmp_path, timeout_s=0.3)
    assert "did not answer" in gap(found)
    assert nodes(found) == ["n1"]


async def test_one_that_stops_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    async def pods(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"items": [')
        assert request.transport is not None
        request.transport.close()
        return response

    async with server(pods) as url:
        found = await collect(url, tmp_path)
    assert "broke the connection off" in gap(found)
    assert nodes(found) == ["n1"]


async def test_429_is_asked_again_as_the_server_says(tmp_path: Path) -> None:
    times: list[float] = []

    async def pods(_: web.Request) -> web.StreamResponse:
        times.append(time.monotonic())
        if len(times) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return listed(POD)

    async with server(pods) as url:
        found = await collect(url, tmp_path)
    assert not found.gaps
    assert len(times) == 2
    assert times[1] - times[0] >= 1  # the server's own demand, not a speed


async def test_503_is_asked_again(tmp_path: Path) -> None:
    tries = 0

    async def pods(_: web.Request) -> web.StreamResponse:
        nonlocal tries
        tries += 1
        return web.Response(status=503) if tries < 3 else listed(POD)

    async with server(pods) as url:
        found = await collect(url, tmp_path)
    assert not found.gaps
    assert tries == 3


@pytest.mark.parametrize("offered", ["", "newer-snapshot"])
async def test_410_in_the_middle_of_paging_loses_and_doubles_nothing(tmp_path: Path, offered: str) -> None:
    asked: list[str] = []

    def pod(number: int) -> dict[str, Any]:
        return {**POD, "metadata": {"name": f"web-{number}", "namespace": "shop"}}

    async def pods(request: web.Request) -> web.StreamResponse:
        token = request.query.get("continue", "")
        asked.append(token)
        if token == "two":
            return status(410, "The provided continue parameter is too old", metadata={"continue": offered})
        if token == "newer-snapshot":
            return listed(pod(2))
        if asked.count("") == 2:
            return listed(pod(1), pod(2))
        return listed(pod(1), token="two")

    async with server(pods) as url:
        found = await collect(url, tmp_path)
    assert not found.gaps
    assert [one["count"] for one in found.facts if one.kind == "recorded" and one["kind"] == "pod"] == [2]


async def test_many_kinds_that_fail_alike_are_one_gap(tmp_path: Path) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return status(403, "forbidden")

    async with serving(refuse) as url:
        found = await collect(url, tmp_path)
    assert "the role lacks list on" in gap(found)
    assert "deployments.apps" in gap(found)


async def test_nobody_there(tmp_path: Path) -> None:
    found = await collect("http://127.0.0.1:1", tmp_path, Question("pod", "web-0"))
    assert "refuses the connection" in gap(found)
    reach = next(one for one in found.facts if one.kind == "reach")
    assert (reach["port"], reach["ok"], reach["error"], reach["unit"]) == (1, False, "refused", "kube-apiserver")


async def test_an_old_server_that_lacks_kinds_is_no_error(tmp_path: Path) -> None:
    """The server above has the core alone: no deployments, no ingresses, no disruption budgets."""

    async def pods(_: web.Request) -> web.StreamResponse:
        return listed(POD)

    async with server(pods) as url:
        found = await collect(url, tmp_path)
    assert not found.gaps


async def test_a_server_of_2015_is_asked_as_it_wants(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        if request.path == "/api":
            return web.json_response({"versions": ["v1beta1", "v1beta2"]})
        if request.path == "/api/v1beta2/minions":
            return web.json_response(
                {
                    "kind": "MinionList",
                    "apiVersion": "v1beta2",
                    "items": [
                        {
                            "id": "n1",
                            "hostIP": "10.0.0.11",
                            "status": {"conditions": [{"kind": "Ready", "status": "None"}]},
                        }
                    ],
                }
            )
        if request.path.startswith("/api/v1beta2/"):
            return web.json_response({"apiVersion": "v1beta2", "items": []})
        return web.Response(status=404, text="404 page not found")

    async with serving(answer) as url:
        found = await collect(url, tmp_path)
    assert not found.gaps
    assert any(each.startswith("/api/v1beta2/pods?namespace=&") for each in asked)
    assert [one.get("era") for one in found.facts if one.kind == "cluster"] == ["2015"]


async def test_nothing_is_left_open(tmp_path: Path) -> None:
    async def pods(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return listed()

    async with server(pods) as url:
        before = asyncio.all_tasks()
        await collect(url, tmp_path, timeout_s=0.2)
        await asyncio.sleep(0.2)
        mine = {task for task in asyncio.all_tasks() - before if "bot/" in str(task.get_coro())}
    assert mine == set()
