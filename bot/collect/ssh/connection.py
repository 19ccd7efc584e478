"""One SSH connection to a host: who one is, whose key the host must have, and commands with limits.

Nobody is asked anything: a key that needs a passphrase, a password or an unknown host key is a reason, not a prompt.
"""

from __future__ import annotations

import asyncio
import getpass
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

import asyncssh

from bot.collect.ssh.outcome import Output, SshProblem
from bot.config.clusters import Host, Ssh

MAX_OUTPUT_BYTES: Final = 1 << 20
"""The rest of an output is not read: the command is ended."""
MAX_COMPLAINT_BYTES: Final = 8192
CLOSING_S: Final = 1.0
KNOWN_HOSTS: Final = {
    "UserKnownHostsFile": ("~/.ssh/known_hosts", "~/.ssh/known_hosts2"),
    "GlobalKnownHostsFile": ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"),
}
"""The options of an ssh_config that name files of trusted keys, with what they are where it is silent."""
_TOKEN: Final = re.compile("%(.)")


class _Client(asyncssh.SSHClient):
    """Remembers the key of a host that is not in known_hosts, to tell its fingerprint; it is never accepted."""

    def __init__(self) -> None:
        self.offered = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.offered = key.get_fingerprint()
        return False


class Connection:
    """A host. Opened with `open`; always closed with `close`."""

    def __init__(self, name: str, ssh: Ssh, host: Host, fallback: str = "") -> None:
        """`fallback` is the address to use where neither the settings nor the resolver know the name."""
        self.name = name
        self.user = ""
        self._ssh = ssh
        self._host = host
        self._fallback = fallback
        self._open: list[asyncssh.SSHClientConnection] = []
        self._gate = asyncio.Semaphore(ssh.commands_at_once)

    async def open(self) -> None:
        """Connects and logs in. SshProblem says why that is not possible."""
        target = self._host.address or await self._target()
        try:
            async with asyncio.timeout(self._ssh.connect_timeout_s):
                options = self._options(self.name, self._host)
                # asyncssh's own way through a ProxyJump would look for the jump's key elsewhere, or not at all.
                tunnel = await self._through(self._ssh.jump or str(options.config.get("ProxyJump") or ""))
                connection = await self._connect(target, options, tunnel)
        except TimeoutError:
            seconds = f"{self._ssh.connect_timeout_s:g}"
            raise SshProblem(f"it did not answer SSH within {seconds} s", "timeout") from None
        except (OSError, asyncssh.Error, ValueError) as error:
            raise _problem(error) from error
        self.user = str(connection.get_extra_info("username"))

    async def _connect(
        self,
        target: str,
        options: asyncssh.SSHClientConnectionOptions,
        tunnel: asyncssh.SSHClientConnection | None,
    ) -> asyncssh.SSHClientConnection:
        """A connection, closed with the others. SshProblem where the host's key is not one that is known."""
        client = _Client()
        try:
            connection, _ = await asyncssh.create_connection(lambda: client, target, options=options, tunnel=tunnel)
        except asyncssh.HostKeyNotVerifiable as error:
            raise _key_problem(target, options, client.offered, error) from error
        self._open.append(connection)
        return connection

    async def _target(self) -> str:
        """The name, where ~/.ssh/config or the resolver knows it, else the address that the API says."""
        config = self._ssh.config or Path.home() / ".ssh" / "config"
        if not self._fallback or (config.is_file() and _is_configured(config, self.name)):
            return self.name
        try:
            await asyncio.get_running_loop().getaddrinfo(self.name, None)
        except OSError:
            return self._fallback
        return self.name

    def _options(
        self, name: str, host: Host, user: str = "", port: int | None = None
    ) -> asyncssh.SSHClientConnectionOptions:
        """What our settings and the user's ssh_config say about a host of that name."""
        ssh = self._ssh
        given: dict[str, object] = {}
        if user or host.user or ssh.user:
            given["username"] = user or host.user or ssh.user
        if port or host.port or ssh.port:
            given["port"] = port or host.port or ssh.port
        if ssh.keys:
            given["client_keys"] = [_private_key(path) for path in ssh.keys]
        if not ssh.agent:
            given["agent_path"] = None
        config = ssh.config or Path.home() / ".ssh" / "config"
        given["config"] = [str(config)] if config.is_file() else None
        given["host"] = name
        written = asyncssh.SSHClientConnectionOptions(known_hosts=b"", **given)
        return asyncssh.SSHClientConnectionOptions(
            known_hosts=asyncssh.read_known_hosts(trusted_files(ssh, written, name)),
            preferred_auth="publickey",
            password_auth=False,
            kbdint_auth=False,
            gss_host=None,
            keepalive_interval=0,
            **given,
        )

    async def _through(self, places: str) -> asyncssh.SSHClientConnection | None:
        """The connection to the last of the hosts to go through, `[user@]host[:port],...`; None without any."""
        tunnel: asyncssh.SSHClientConnection | None = None
        for each in filter(None, places.split(",")):
            user, _, place = each.strip().rpartition("@")
            name, _, port = place.rpartition(":") if place.rpartition(":")[2].isdigit() else (place, "", "")
            try:
                options = self._options(name, Host(), user, int(port) if port else None)
                tunnel = await self._connect(name, options, tunnel)
            except (OSError, asyncssh.Error, ValueError) as error:
                raise SshProblem(f"on the way through {name}: {_problem(error)}", "") from error
            except SshProblem as problem:
                raise SshProblem(f"on the way through {name}: {problem}", "") from problem
        return tunnel

    # --- commands ---------------------------------------------------------------------------------------
    async def run(self, line: str) -> Output:
        """Runs a command line. SshProblem when the connection is lost; a command that does not end is ended."""
        async with self._gate:
            try:
                process = await self._open[-1].create_process(line, stdin=asyncssh.DEVNULL, encoding=None)
            except (OSError, asyncssh.Error) as error:
                raise _problem(error) from error
            try:
                return await self._read(process)
            finally:
                # A channel that is closed takes its command with it (SIGHUP); waiting for the peer's word is bounded.
                process.close()
                with suppress(TimeoutError, OSError, asyncssh.Error):
                    async with asyncio.timeout(CLOSING_S):
                        await process.wait_closed()

    async def _read(self, process: asyncssh.SSHClientProcess[bytes]) -> Output:
        text, complaint = bytearray(), bytearray()
        cut = False
        code: int | None = None

        complaining = asyncio.create_task(_take(process.stderr, complaint, MAX_COMPLAINT_BYTES))
        try:
            async with asyncio.timeout(self._ssh.command_timeout_s):
                cut = await _take(process.stdout, text, MAX_OUTPUT_BYTES)
                if not cut:
                    await complaining
                    await process.wait_closed()
                    code = process.exit_status
        except TimeoutError:
            cut = True
        except (OSError, asyncssh.Error) as error:
            raise _problem(error) from error
        finally:
            complaining.cancel()
        return Output(text.decode("utf-8", "replace"), complaint.decode("utf-8", "replace"), code, cut)

    async def close(self) -> None:
        for each in reversed(self._open):
            each.close()
            with suppress(TimeoutError, OSError, asyncssh.Error):
                async with asyncio.timeout(CLOSING_S):
                    await each.wait_closed()
                    continue
            each.abort()
        self._open.clear()


async def _take(stream: asyncssh.SSHReader[bytes], into: bytearray, limit: int) -> bool:
    """Reads a stream up to a limit; whether there was more."""
    while block := await stream.read(65536):
        into += block[: limit - len(into)]
        if len(into) >= limit:
            return True
    return False


def _key_problem(
    target: str, options: asyncssh.SSHClientConnectionOptions, fingerprint: str, error: Exception
) -> SshProblem:
    """An unknown key, or one that is not the one that known_hosts has."""
    known = False
    with suppress(OSError, ValueError, asyncssh.Error):
        alias = options.host_key_alias
        port = None if alias or options.port == 22 else options.port
        known = bool(asyncssh.match_known_hosts(options.known_hosts, alias or target, "", port)[0])
    shown = f" {fingerprint}" if fingerprint else ""
    if known:
        return SshProblem(
            f"its host key{shown} is not the one in known_hosts: the machine was replaced, or this is another one",
            "host-key-changed",
        )
    if not fingerprint:
        return SshProblem(f"its host key is not trusted: {error}", "host-key")
    return SshProblem(
        f"its host key{shown} is not in known_hosts: compare the fingerprint with the machine's own, then add it",
        "host-key",
    )


def trusted_files(ssh: Ssh, options: asyncssh.SSHClientConnectionOptions, name: str) -> list[str]:
    """The files of trusted host keys: ours, else those of the ssh_config, else ssh's own. Without any none is trusted.

    `none` in an ssh_config is no file; asyncssh itself would take it for leave to trust every key.
    """
    if ssh.known_hosts:
        return [str(path) for path in ssh.known_hosts if path.is_file()]
    known = options.config
    values = {
        "%": "%",
        "d": str(Path.home()),
        "h": options.host,
        "k": options.host_key_alias or name,
        "n": name,
        "p": str(options.port),
        "r": options.username,
        "u": getpass.getuser(),
    }
    files = []
    for option, default in KNOWN_HOSTS.items():
        written = known.get(option)
        for each in written if isinstance(written, list) else default:
            path = Path(_TOKEN.sub(lambda token: values.get(token[1], token[0]), each)).expanduser()
            if path.is_file():
                files.append(str(path))
    return files


def _is_configured(config: Path, name: str) -> bool:
    """Whether an ssh_config says where that host is."""
    try:
        options = asyncssh.SSHClientConnectionOptions(config=[str(config)], host=name)
    except (OSError, ValueError, asyncssh.Error):
        return False
    return bool(options.config.get("Hostname"))


def _private_key(path: Path) -> asyncssh.SSHKey:
    try:
        return asyncssh.read_private_key(str(path))
    except asyncssh.KeyImportError as error:
        raise SshProblem(
            f"the key {path} cannot be used: {error} (a key with a passphrase: use the agent)", "key"
        ) from None
    except OSError as error:
        raise SshProblem(f"cannot read the key {path}: {error.strerror}", "key") from None


def _problem(error: Exception) -> SshProblem:
    """Why there is no connection, in words and by a short name."""
    if isinstance(error, asyncssh.PermissionDenied):
        return SshProblem("the login was refused: no key of yours is accepted there", "auth")
    if isinstance(error, socket.gaierror):
        return SshProblem("its name cannot be resolved", "unknown-host")
    if isinstance(error, ConnectionRefusedError):
        return SshProblem("it refuses connections to the SSH port", "refused")
    if isinstance(error, OSError) and error.errno in (101, 113):  # ENETUNREACH, EHOSTUNREACH
        return SshProblem("there is no route to it", "no-route")
    if isinstance(error, asyncssh.ConnectionLost | ConnectionResetError | BrokenPipeError):
        return SshProblem(f"the connection was lost: {error}", "lost")
    return SshProblem(f"no SSH connection: {error}", "")
