"""Requests to one API server: JSON in, a reason in words when there is none.

Only GET. A request is tried again on 429 and 5xx (as Retry-After says) and when the connection broke, within the
deadline of the question; a 401 once more with a fresh credential.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx
import orjson

from bot.collect.garbage import no_collection
from bot.collect.http import CONNECTION_ERRORS, HttpProblem, connection_problem, load_pair
from bot.collect.kube.auth import Identity
from bot.collect.kube.kubeconfig import Access
from rules.errors import KdiagError

MAX_BODY_BYTES: Final = 256 << 20
"""No page of a list is as large as this; a server that sends more is not listened to."""
FIRST_PAUSE_S: Final = 0.2
LAST_PAUSE_S: Final = 0.8
MAX_PAUSE_S: Final = 5.0
CONNECT_TIMEOUT_S: Final = 5.0
RETRIED: Final = frozenset({429, 500, 502, 503, 504})
METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


@dataclass(slots=True)
class Traffic:
    """What a question cost."""

    requests: int = 0
    bytes: int = 0


class Client:
    """One API server. Use as `async with Client(...)`: nothing stays open after it."""

    def __init__(self, access: Access, *, concurrency: int, timeout_s: float, deadline: float) -> None:
        """`deadline` is on the monotonic clock."""
        self.access = access
        self.deadline = deadline
        self.traffic = Traffic()
        self.date = ""
        """The server's clock when it last answered, as HTTP writes it."""
        self._timeout_s = timeout_s
        self._identity = Identity(access)
        self._gate = asyncio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._http: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def get(self, path: str, params: Mapping[str, str] | None = None, accept: str = "application/json") -> Any:
        """The JSON at a path. HttpProblem when there is none to be had in time."""
        body = await self.get_bytes(path, params, accept)
        try:
            with no_collection():
                return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise HttpProblem(f"the answer is not whole JSON ({error.msg} at byte {error.pos})") from error

    async def get_bytes(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        accept: str = "application/json",
        *,
        again: bool = True,
    ) -> bytes:
        """The body at a path, as it is. `again`: try again where the server fails."""
        pause, renewed = FIRST_PAUSE_S, False
        while True:
            async with self._gate:
                try:
                    return await self._once(path, params, accept)
                except HttpProblem as problem:
                    if problem.status == 401 and not renewed and await self._renew():
                        renewed = True
                        continue
                    wait = self._wait(problem, pause) if again else None
                    if wait is None:
                        raise
            await asyncio.sleep(wait)
            pause = min(pause * 2, MAX_PAUSE_S)

    async def _renew(self) -> bool:
        """Drops a credential that was refused; also the connection, which a certificate belongs to."""
        if not await self._identity.forget():
            return False
        await self.close()
        return True

    def _wait(self, problem: HttpProblem, pause: float) -> float | None:
        """Seconds until the next try, or None: it would be of no use, or too late."""
        if problem.status not in RETRIED and problem.error != "reset":
            return None
        if problem.status != 429 and pause > LAST_PAUSE_S:
            return None  # a server that is broken says so at once; three tries are enough
        wait = pause if problem.retry_after_s is None else problem.retry_after_s
        return wait if time.monotonic() + wait < self.deadline else None

    async def _once(self, path: str, params: Mapping[str, str] | None, accept: str) -> bytes:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise HttpProblem("there was no time left for it", error="timeout")
        limit = min(left, self._timeout_s)
        try:
            async with asyncio.timeout(limit):
                return await self._exchange(path, params, accept)
        except TimeoutError:
            raise HttpProblem(f"{self.access.server} did not answer within {limit:.0f} s", error="timeout") from None
        except KdiagError as error:  # a token file or plugin that fails: who one is cannot be told
            raise HttpProblem(str(error), error="login") from error
        except CONNECTION_ERRORS as error:
            raise connection_problem(self.access.server, error) from error

    async def _exchange(self, path: str, params: Mapping[str, str] | None, accept: str) -> bytes:
        http = await self._client()
        headers = [("Accept", accept), *await self._identity.headers()]
        extensions = {"sni_hostname": self.access.server_name} if self.access.server_name else {}
        self.traffic.requests += 1
        request = http.build_request(
            "GET", self.access.server + path, params=params, headers=headers, extensions=extensions
        )
        response = await http.send(request, stream=True)
        try:
            body = bytearray()
            async for block in response.aiter_bytes():
                body += block
                if len(body) > MAX_BODY_BYTES:
                    raise HttpProblem(f"the answer is longer than {MAX_BODY_BYTES >> 20} MB")
            self.traffic.bytes += response.num_bytes_downloaded
            self.date = response.headers.get("Date", self.date)
        finally:
            await response.aclose()
        if response.status_code >= 300:
            raise _http_problem(response, bytes(body))
        return bytes(body)

    async def _client(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._http is None:
                context = _tls(self.access, await self._identity.certificate())
                try:
                    self._http = httpx.AsyncClient(
                        verify=context,
                        proxy=self.access.proxy or None,
                        limits=httpx.Limits(max_connections=self._concurrency),
                        timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
                        follow_redirects=False,
                        headers={"User-Agent": "kdiag"},
                    )
                except (ImportError, ValueError, httpx.InvalidURL) as error:
                    raise KdiagError(f"context {self.access.name}: the proxy cannot be used: {error}") from error
            return self._http


def _tls(access: Access, certificate: tuple[bytes, bytes] | None) -> ssl.SSLContext:
    """The TLS settings for an API server. KdiagError when a certificate or key is broken."""
    try:
        context = ssl.create_default_context(cadata=access.ca.decode("ascii") if access.ca else None)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise KdiagError(f"context {access.name}: its certificate authority is no certificate in PEM") from error
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        load_pair(context, certificate, f"context {access.name}")
    return context


def _http_problem(response: httpx.Response, body: bytes) -> HttpProblem:
    """A refusal in words. The API's own Status says it best; a proxy's HTML page says nothing."""
    status = response.status_code
    said, token = "", ""
    try:
        content = orjson.loads(body)
        if isinstance(content, dict) and content.get("kind") == "Status":
            said = str(content.get("message") or "")[:1000]
            metadata = content.get("metadata")
            token = str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""
    except orjson.JSONDecodeError:
        pass
    words = {
        401: "the API server does not accept the credentials (401)",
        403: "not permitted (403)",
        404: "not found (404)",
        429: "the API server is overloaded (429)",
    }
    why = words.get(status, f"the API server answered {status}")
    problem = HttpProblem(f"{why}: {said}" if said else why, status, "", said)
    problem.continue_token = token
    asked = response.headers.get("Retry-After", "")
    problem.retry_after_s = float(asked) if asked.isdigit() else None
    return problem
