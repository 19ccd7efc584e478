"""Requests to one etcd endpoint. The v3 gateway takes its questions by POST; only those that read are asked."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

from bot.collect.http import CONNECTION_ERRORS, HttpProblem, connection_problem, load_pair
from bot.config.clusters import Etcd
from rules.errors import KdiagError

MAX_BODY_BYTES: Final = 32 << 20
GATEWAYS: Final = ("/v3", "/v3beta", "/v3alpha")
"""Where v3's JSON lives: since 3.4, in 3.3, in 3.2."""
READING: Final = frozenset(
    {
        "/maintenance/status",
        "/maintenance/alarm",
        "/cluster/member/list",
        "/kv/range",
        "/auth/authenticate",
    }
)
"""All that is ever asked of v3; `alarm` only with the action GET."""


class EtcdClient:
    """One endpoint."""

    def __init__(self, endpoint: str, settings: Etcd, context: ssl.SSLContext | None, password: str) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._settings = settings
        self._password = password
        self._token = ""
        self._gateway = ""
        self._http = httpx.AsyncClient(
            verify=context or False, timeout=settings.timeout_s, trust_env=False, headers={"User-Agent": "kdiag"}
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """JSON by GET (v2, /version, /health). HttpProblem where there is none."""
        headers = {}
        if self._settings.user:
            pair = f"{self._settings.user}:{self._password}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return _json(await self.body("GET", path, params=params, headers=headers))

    async def text(self, path: str) -> str:
        return (await self.body("GET", path)).decode("utf-8", "replace")

    async def ask(self, path: str, question: Mapping[str, Any] | None = None) -> Any:
        """JSON of the v3 gateway."""
        if path not in READING or (path == "/maintenance/alarm" and (question or {}).get("action") != "GET"):
            raise ValueError(f"kdiag does not ask etcd for {path}")
        if self._settings.user and not self._token and path != "/auth/authenticate":
            await self._log_in()
        headers = {"Authorization": self._token} if self._token else {}
        for gateway in [self._gateway] if self._gateway else GATEWAYS:
            try:
                body = await self.body("POST", gateway + path, content=orjson.dumps(question or {}), headers=headers)
            except HttpProblem as problem:
                if problem.status != 404 or gateway == GATEWAYS[-1] or self._gateway:
                    raise
                continue
            self._gateway = gateway
            return _json(body)
        raise HttpProblem("it has no v3 API", 404)

    async def _log_in(self) -> None:
        found = await self.ask("/auth/authenticate", {"name": self._settings.user, "password": self._password})
        self._token = str(found.get("token") or "") if isinstance(found, dict) else ""

    async def body(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """The body of an answer below 300. HttpProblem says why there is none."""
        try:
            async with (
                asyncio.timeout(self._settings.timeout_s),
                self._http.stream(
                    method, self.endpoint + path, params=params, content=content, headers=headers
                ) as response,
            ):
                kept = bytearray()
                async for block in response.aiter_bytes():
                    kept += block
                    if len(kept) > MAX_BODY_BYTES:
                        raise HttpProblem(f"the answer is longer than {MAX_BODY_BYTES >> 20} MB")
                if response.status_code >= 300:
                    raise _refusal(response.status_code, bytes(kept))
                return bytes(kept)
        except TimeoutError:
            seconds = f"{self._settings.timeout_s:g}"
            raise HttpProblem(f"{self.endpoint} did not answer within {seconds} s", error="timeout") from None
        except CONNECTION_ERRORS as error:
            raise connection_problem(self.endpoint, error) from error


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HttpProblem(f"the answer is not whole JSON ({error.msg})") from error


def _refusal(status: int, body: bytes) -> HttpProblem:
    """A refusal, with what etcd said: v2 writes `message`, v3 `error` or `message`."""
    said = ""
    try:
        content = orjson.loads(body)
        if isinstance(content, dict):
            said = str(content.get("message") or content.get("error") or "")[:500]
            if content.get("cause"):
                said += f" ({str(content['cause'])[:200]})"
    except orjson.JSONDecodeError:
        pass
    refused = status in (401, 403) or "permission denied" in said or "user name is empty" in said
    why = "etcd does not accept the credentials" if refused else f"etcd answered {status}"
    return HttpProblem(f"{why} ({status}): {said}" if refused else f"{why}: {said}" if said else why,
                       status, "auth" if refused else "", said)  # fmt: skip


def tls(settings: Etcd) -> ssl.SSLContext:
    """The TLS settings for etcd. KdiagError when a file is missing or broken."""
    try:
        context = ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)
    except (OSError, ssl.SSLError) as error:
        raise KdiagError(f"etcd.ca {settings.ca} cannot be used: {error}") from error
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert and settings.key:
        try:
            pair = settings.cert.read_bytes(), settings.key.read_bytes()
        except OSError as error:
            raise KdiagError(f"cannot read etcd's client certificate: {error}") from error
        load_pair(context, pair, "etcd")
    return context
