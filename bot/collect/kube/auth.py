"""Credentials that change: token files that are rewritten, and exec plugins that are run again when theirs expire."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from bot.collect.kube.kubeconfig import Access, Credentials, ExecPlugin
from rules.errors import KdiagError

PLUGIN_TIMEOUT_S: Final = 15.0
MAX_PLUGIN_BYTES: Final = 1 << 20
TOKEN_FILE_S: Final = 60.0
"""A service account's token is rewritten long before it expires; read it again as often as this."""
EARLY_S: Final = 30.0
"""A plugin's credential is renewed this long before it expires."""


class Identity:
    """Who one is, now. One for each client; a plugin runs once however many requests wait for it."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._credentials = access.credentials
        self._lock = asyncio.Lock()
        self._file: tuple[float, str] | None = None
        self._issued: dict[str, Any] | None = None
        self._until = float("inf")

    async def certificate(self) -> tuple[bytes, bytes] | None:
        """The client certificate and its key, in PEM."""
        if self._credentials.plugin:
            status = await self._run_plugin()
            certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
            if isinstance(certificate, str) and isinstance(key, str):
                return certificate.encode(), key.encode()
        if self._credentials.certificate and self._credentials.key:
            return self._credentials.certificate, self._credentials.key
        return None

    async def headers(self) -> list[tuple[str, str]]:
        """The headers that say who one is."""
        found = list(self._credentials.impersonate)
        token = await self._token()
        if token:
            found.append(("Authorization", f"Bearer {token}"))
        elif self._credentials.username:
            pair = f"{self._credentials.username}:{self._credentials.password}"
            found.append(("Authorization", "Basic " + base64.b64encode(pair.encode()).decode()))
        return found

    async def forget(self) -> bool:
        """After a 401: whether there is something newer to try than what was just refused."""
        async with self._lock:
            had = self._issued is not None or self._file is not None
            self._issued, self._file = None, None
            return had

    async def _token(self) -> str:
        credentials = self._credentials
        if credentials.plugin:
            token = (await self._run_plugin()).get("token")
            if isinstance(token, str) and token:
                return token
        if credentials.token_file:
            now = time.monotonic()
            if self._file is None or now - self._file[0] > TOKEN_FILE_S:
                self._file = now, await asyncio.to_thread(_read_token, credentials.token_file)
            return self._file[1]
        return credentials.token

    async def _run_plugin(self) -> dict[str, Any]:
        plugin = self._credentials.plugin
        async with self._lock:
            if plugin and (self._issued is None or time.time() > self._until - EARLY_S):
                self._issued = await run_plugin(plugin, self._access)
                self._until = _expiry(self._issued)
            return self._issued or {}


def _read_token(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KdiagError(f"cannot read the token file {path}: {error}") from error


def _expiry(status: dict[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(status["expirationTimestamp"])).timestamp()
    except (KeyError, ValueError):
        return float("inf")


async def run_plugin(plugin: ExecPlugin, access: Access, timeout_s: float = PLUGIN_TIMEOUT_S) -> dict[str, Any]:
    """The `status` of the ExecCredential that a plugin prints. KdiagError says what is wrong with it.

    It gets no terminal and cannot ask; it and its children end with this call, whatever happens.
    """
    if plugin.interactive == "Always":
        raise KdiagError(f"the exec plugin {plugin.command} wants to ask at a terminal: log in with kubectl first")
    spec: dict[str, Any] = {"interactive": False}
    if plugin.provide_cluster:
        spec["cluster"] = {
            "server": access.server,
            "insecure-skip-tls-verify": access.insecure,
            **({"certificate-authority-data": base64.b64encode(access.ca).decode()} if access.ca else {}),
        }
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    environment = {**os.environ, **plugin.environment, "KUBERNETES_EXEC_INFO": orjson.dumps(info).decode()}
    try:
        process = await asyncio.create_subprocess_exec(
            plugin.command,
            *plugin.arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        hint = f" ({plugin.hint.splitlines()[0]})" if plugin.hint else ""
        raise KdiagError(f"the exec plugin {plugin.command} cannot be run: {error.strerror}{hint}") from error
    try:
        async with asyncio.timeout(timeout_s):
            output, complaint = await asyncio.gather(_bounded(process.stdout), _bounded(process.stderr))
            code = await process.wait()
    except TimeoutError:
        raise KdiagError(f"the exec plugin {plugin.command} did not answer within {timeout_s:g} s") from None
    finally:
        await _end(process)
    if code != 0:
        said = complaint.decode("utf-8", "replace").strip().splitlines()
        raise KdiagError(
            f"the exec plugin {plugin.command} failed ({code}): {said[-1][:300] if said else 'no message'}"
        )
    try:
        status = orjson.loads(output)["status"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise KdiagError(f"the exec plugin {plugin.command} printed no ExecCredential with a status") from None
    if not isinstance(status, dict):
        raise KdiagError(f"the exec plugin {plugin.command} printed no ExecCredential with a status")
    return status


async def _bounded(stream: asyncio.StreamReader | None) -> bytes:
    """All of a stream, of which no more is kept than a credential can have."""
    kept = bytearray()
    while stream is not None and (block := await stream.read(65536)):
        kept += block[: max(0, MAX_PLUGIN_BYTES - len(kept))]
    return bytes(kept)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the plugin's whole process group: the plugin may have started helpers that hold its pipes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()


__all__ = ["Credentials", "Identity", "run_plugin"]
