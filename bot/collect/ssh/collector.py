"""What hosts say: the survey of a host, and what rules want of it. One connection a host, opened when first needed.

A host that cannot be asked is one gap that names everything that is therefore not known, however much was wanted.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.collect.gaps import gap_of_want, wants
from bot.collect.joins.components import components
from bot.collect.redact import redact
from bot.collect.ssh.certificates import embedded, files_in, files_of_kubeconfig
from bot.collect.ssh.commands import TYPES, HostCommand, WrongArgument, commands_for, host_commands
from bot.collect.ssh.outcome import Output, SshProblem
from bot.collect.texts import host_text, node_of_host, ping_facts
from bot.config.clusters import Host, Ssh
from rules.kinds import Fact, Scalar, Source, fact
from rules.observations import Gap, Observations

if TYPE_CHECKING:
    from bot.collect.ssh.connection import Connection

NOT_FOUND: Final = 127
CURL_ERRORS: Final = {6: "unknown-host", 7: "refused", 28: "timeout"}
MAX_CONTAINER_LOGS: Final = 5
CERTIFICATES: Final = frozenset({"certificates", "certificate"})
ALTERNATIVES: Final = frozenset({"containers"})
"""Wants of which one command is enough: a host that runs containerd need not have a docker that answers."""
WANTS: Final = frozenset(
    {
        "journal",
        "units",
        "ports",
        "firewall",
        "containers",
        "disk",
        "memory",
        "clock",
        "settings",
        "reach",
        "kernel",
        "certificates",
    }
)
"""The wants that a host can answer."""
_NO_RIGHT: Final = re.compile(
    r"^sudo: |permission denied|must be root|are you root|operation not permitted|not authorized|a password is required"
    r"|not seeing messages from other users",
    re.IGNORECASE | re.MULTILINE,
)
_EXITED: Final = re.compile(r"^([0-9a-f]{12,64})\s.*\b(?:Exited|Created)\b", re.MULTILINE)

Keep = Callable[[str, str, str], None]


class SshCollector:
    """The hosts of one cluster, for one question."""

    def __init__(self, ssh: Ssh, hosts: Mapping[str, Host], keep: Keep | None = None) -> None:
        """`keep` is given every output: the host, what the recording calls the file, and the text, masked."""
        self._keep = keep
        self.nodes: dict[str, str] = {}
        """Names of the API's nodes -> addresses, once they are known."""
        self.refused = ""
        """Why no host is asked at all, where that is so (told once)."""
        self._told = False
        self._ssh = ssh
        self._hosts = hosts
        self._opening: dict[str, asyncio.Task[Connection | SshProblem]] = {}
        self._ran: set[tuple[str, str]] = set()
        self._gate = asyncio.Semaphore(ssh.hosts_at_once)

    def host_of(self, name: str) -> str | None:
        """The host that has this name: of the inventory (by name, short name or address), else a node of the API."""
        if name in self._hosts:
            return name
        address = self.nodes.get(name)
        for host, each in self._hosts.items():
            if host.partition(".")[0] == name.partition(".")[0] or (each.address and each.address in (name, address)):
                return host
        if name in self.nodes:
            return name
        return next((node for node, known in self.nodes.items() if known and known == name), None)

    def _node_of(self, host: str) -> str | None:
        address = self._hosts[host].address if host in self._hosts else ""
        by_address = [node for node, known in self.nodes.items() if address and known == address]
        return by_address[0] if len(by_address) == 1 else node_of_host(host, self.nodes)

    # --- the survey -------------------------------------------------------------------------------------
    async def survey(self, names: Sequence[str], *, whole: bool = False, until: float) -> Observations:
        """The state of hosts: units, ports, disks, memory, clock; `whole` adds firewall, containers and the kernel.

        `until` is on the monotonic clock: what a host did not say by then is a gap.
        """
        found = Observations()
        for part in await asyncio.gather(*(self._survey(name, whole, until) for name in names)):
            found.extend(part)
        return found

    async def _survey(self, name: str, whole: bool, until: float) -> Observations:
        found = Observations()
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - time.monotonic()):
                async with self._gate:
                    connection = await self._connection(name)
                    found.facts = self._host_facts(name, connection)
                    if isinstance(connection, SshProblem):
                        found.gaps.append(self._gap_of_host(name, connection))
                        return found
                    wanted = ("survey", "host") if whole else ("survey",)
                    commands = [each for each in host_commands().values() if each.when in wanted]
                    found.extend(await self._run_all(connection, commands, {"units": self._units(name)}))
        except TimeoutError:
            found.gaps.append(self._gap_of_host(name, SshProblem("there was no time left for it", "")))
        found.facts = self._with_expected(name, found.facts)
        return found

    def _units(self, name: str) -> list[str]:
        """Every unit that may belong to a cluster, under all names that it has had, and those of the inventory."""
        known = components()
        expected = self._hosts[name].units if name in self._hosts else ()
        units = [*known.by_unit, *known.aliases, *(each.removesuffix(".service") for each in expected)]
        return [f"{each}.service" for each in dict.fromkeys(units)]

    def _host_facts(self, name: str, connection: Connection | SshProblem) -> list[Fact]:
        problem = connection if isinstance(connection, SshProblem) else None
        source = Source(f"host {name}", "SSH", str(problem) if problem else "")
        roles: list[str | None] = [*self._hosts[name].roles] if name in self._hosts else []
        address = self._hosts[name].address if name in self._hosts else self.nodes.get(name, "")
        return [
            fact(
                "host", source, host=name, role=role, node=self._node_of(name), address=address or None,
                reachable=problem.answered if problem else True, reason=problem.reason if problem else None,
            )
            for role in roles or [None]
        ]  # fmt: skip

    def _with_expected(self, name: str, facts: list[Fact]) -> list[Fact]:
        """Units under one name each, and what the inventory expects: units that must run, ports that must be open."""
        host = self._hosts.get(name, Host())
        wanted = {each.removesuffix(".service") for each in host.units}
        known = components()
        there = {str(one["unit"]) for one in facts if one.kind == "unit" and one.get("exists") is not False}
        found: list[Fact] = []
        for one in facts:
            if one.kind == "unit":
                unit = str(one["unit"])
                same = {unit, known.aliases.get(unit, unit), *(a for a, of in known.aliases.items() if of == unit)}
                if one.get("exists") is False and unit not in wanted and (unit in known.aliases or same & there):
                    continue
                if unit in wanted:
                    one = Fact("unit", {**one.attributes, "main": True, "expected": True}, one.source)
                elif wanted and one.get("active") != "active":
                    one = Fact("unit", {**one.attributes, "optional": True}, one.source)  # the inventory is complete
            found.append(one)
        listening = {one.get("port") for one in facts if one.kind == "port" and one.get("listening")}
        if any(one.kind == "port" for one in facts):
            found += [
                fact("port", Source(f"host {name}", "kdiag.yaml"), host=name, port=port, listening=False, expected=True)
                for port in host.ports
                if port not in listening
            ]
        return found

    # --- wants ------------------------------------------------------------------------------------------
    async def satisfy(self, want: Fact) -> Observations:
        """What a host says to a want."""
        what = str(want["what"])
        name = self.host_of(str(want.get("host") or want.get("node") or ""))
        if self.refused:
            return self.refuse()
        if name is None:
            return Observations(gaps=[gap_of_want(want.attributes, "that host is not known")])
        first = name not in self._opening
        connection = await self._connection(name)
        if isinstance(connection, SshProblem):
            facts = self._host_facts(name, connection) if first else []
            return Observations(facts=facts, gaps=[self._gap_of_host(name, connection)])
        arguments: dict[str, str | Sequence[str]] = {"units": self._units(name)}
        for key in ("unit", "target", "port"):
            if want.get(key) is not None:
                arguments[key] = str(want[key])
        commands = commands_for(what)
        if what == "reach":
            commands = [each for each in commands if (each.name == "curl") == ("port" in arguments)]
        if what == "settings" and "unit" not in arguments:
            commands = [each for each in commands if "{unit}" not in each.run]
        try:
            found = await self._run_all(connection, commands, arguments)
        except WrongArgument as error:
            return Observations(gaps=[gap_of_want(want.attributes, str(error))])
        if what == "units":
            found.facts = self._with_expected(name, found.facts)
        return found

    def refuse(self) -> Observations:
        """That no host is asked, the first time that one would be."""
        if self._told:
            return Observations()
        self._told = True
        return Observations(gaps=[Gap("what only the hosts know (journals, units, ports, firewalls)", self.refused)])

    def _gap_of_host(self, name: str, problem: SshProblem) -> Gap:
        return Gap(f"host {name}: its journals, units, ports and firewall", str(problem), f"ssh {name}")

    # --- commands ---------------------------------------------------------------------------------------
    async def _connection(self, name: str) -> Connection | SshProblem:
        task = self._opening.get(name)
        if task is None:
            task = self._opening[name] = asyncio.create_task(self._open(name))
        return await asyncio.shield(task)

    async def _open(self, name: str) -> Connection | SshProblem:
        from bot.collect.ssh.connection import Connection  # its library takes long to load: only where a host is asked

        connection = Connection(name, self._ssh, self._hosts.get(name, Host()), self.nodes.get(name, ""))
        try:
            await connection.open()
        except SshProblem as problem:
            await connection.close()
            return problem
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _run_all(
        self, connection: Connection, commands: Sequence[HostCommand], arguments: Mapping[str, str | Sequence[str]]
    ) -> Observations:
        """Runs commands concurrently. One that is missing on the host matters only if no other answers its want."""
        parts = await asyncio.gather(*(self._run(connection, each, arguments) for each in commands))
        found = Observations()
        answered = {each.want for each, part in zip(commands, parts, strict=True) if part is not None}
        clean = {each.want for each, part in zip(commands, parts, strict=True) if part is not None and not part.gaps}
        for each, part in zip(commands, parts, strict=True):
            if part is not None:
                if each.want in clean and each.want in ALTERNATIVES:
                    part.gaps = []
                found.extend(part)
            elif each.want not in answered:
                answered.add(each.want)
                found.gaps.append(self._gap(connection.name, each, arguments, "the command is not installed there"))
        return found

    async def _run(
        self, connection: Connection, command: HostCommand, arguments: Mapping[str, str | Sequence[str]]
    ) -> Observations | None:
        """What one command says; None where it, and what may stand in for it, is not installed."""
        shown = command.shown(arguments)
        if (connection.name, shown) in self._ran:
            return Observations()
        self._ran.add((connection.name, shown))
        sudo = self._ssh.sudo and connection.user != "root"
        before = time.time()
        try:
            output = await connection.run(command.line(arguments, sudo=sudo and command.root != "denied"))
            if sudo and command.root == "denied" and _NO_RIGHT.search(output.complaint):
                output = await connection.run(command.line(arguments, sudo=True))
        except SshProblem as problem:
            return Observations(gaps=[self._gap(connection.name, command, arguments, str(problem))])
        if output.code == NOT_FOUND or (sudo and "command not found" in output.complaint):
            if command.instead:
                return await self._run(connection, host_commands()[command.instead], arguments)
            return None
        found = self._read(connection.name, command, arguments, output, (before + time.time()) / 2)
        found.gaps += self._shortcomings(connection, command, arguments, output)
        if command.want == "containers":
            found.extend(await self._container_logs(connection, command, output))
        if command.want in CERTIFICATES:
            found.extend(await self._certificates(connection, command, output))
        return found

    async def _container_logs(self, connection: Connection, listing: HostCommand, output: Output) -> Observations:
        """The last words of containers that have ended: where the API is down, they are told nowhere else."""
        command = host_commands()["docker-logs" if listing.run[0] == "docker" else "crictl-logs"]
        found = Observations()
        for container in _EXITED.findall(output.text)[:MAX_CONTAINER_LOGS]:
            found.extend(await self._run(connection, command, {"container": container}) or Observations())
        return found

    async def _certificates(self, connection: Connection, command: HostCommand, output: Output) -> Observations:
        """The certificates in the files that an output names, and those that the kubeconfigs among them name."""
        if command.want == "certificates":
            files, kubeconfigs = files_in(output.text)
        else:
            files, kubeconfigs = files_of_kubeconfig(output.text), []
        asked = [("openssl-x509", "certificate", file) for file in files]
        asked += [("grep-client-certificate", "kubeconfig", file) for file in kubeconfigs]
        found = Observations()
        for part in await asyncio.gather(
            *(
                self._run(connection, host_commands()[name], {key: file})
                for name, key, file in asked
                if TYPES[key](file)
            ),
        ):
            found.extend(part or Observations())
        return found

    def _read(
        self,
        name: str,
        command: HostCommand,
        arguments: Mapping[str, str | Sequence[str]],
        output: Output,
        midway: float,
    ) -> Observations:
        """Facts and passages of an output, whose secrets are masked before anything else sees it."""
        node = self._node_of(name)
        now = datetime.now(UTC)
        if "kubeconfig" in arguments:
            return Observations(facts=list(embedded(output.text, str(arguments["kubeconfig"]), name, node, now)))
        text = redact(output.text)
        if self._keep and text.strip():
            self._keep(name, _file_name(command, arguments), f"$ {command.shown(arguments)}\n{text}")
        if command.want == "clock" and command.run[0] == "date":
            return Observations(facts=_clock(name, text, midway))
        if command.want == "reach":
            return Observations(facts=self._reach(name, node, arguments, output))
        if not text.strip():
            return Observations()
        unit = arguments.get("unit")
        journal_of = str(unit).removesuffix(".service") if command.want == "journal" else None
        via_log = command.want == "container-log"
        content = text if via_log else f"$ {command.shown(arguments)}\n{text}"
        return host_text(content, name, node, command.name, now, journal_of)

    def _reach(
        self, name: str, node: str | None, arguments: Mapping[str, str | Sequence[str]], output: Output
    ) -> list[Fact]:
        """Whether that host reaches another (G46): any answer at all to curl is an answer, also a refusal by TLS."""
        target = str(arguments.get("target"))
        source = Source(f"{name}: reach {target}", "", output.complaint.strip()[:500])
        if "port" not in arguments:
            return ping_facts(output.text, target, None, "ping")
        if output.code is None:
            return []
        error = CURL_ERRORS.get(output.code)
        if error == "refused" and "no route" in output.complaint.lower():
            error = "no-route"
        port = int(str(arguments["port"]))
        return [fact("reach", source, host=name, node=node, target=target, port=port, ok=error is None, error=error)]

    def _shortcomings(
        self,
        connection: Connection,
        command: HostCommand,
        arguments: Mapping[str, str | Sequence[str]],
        output: Output,
    ) -> list[Gap]:
        """What an output does not say, and why."""
        if output.cut:
            why = "the answer was too long, only its beginning was read" if output.text else "it did not end in time"
        elif output.code not in (0, None, *command.fails) or _NO_RIGHT.search(output.complaint):
            said = next(iter(reversed(output.complaint.strip().splitlines())), f"exit status {output.code}")[:200]
            if not _NO_RIGHT.search(output.complaint):
                why = f"{command.run[0]}: {redact(said)}"
            elif output.text.strip() and command.root == "helps":
                return []
            elif self._ssh.sudo:
                why = f"sudo -n does not allow {command.run[0]} there (kdiag rbac prints the sudoers lines)"
            else:
                why = "it needs root there: allow `sudo -n` (kdiag rbac prints the sudoers lines) and set ssh.sudo"
        else:
            return []
        return [self._gap(connection.name, command, arguments, why)]

    def _gap(self, name: str, command: HostCommand, arguments: Mapping[str, str | Sequence[str]], why: str) -> Gap:
        want: dict[str, Scalar] = {"what": command.want, "host": name}
        for key, value in arguments.items():
            if isinstance(value, str):
                want["name" if key in ("container", "certificate", "kubeconfig") else key] = value
        if command.want in wants():
            return gap_of_want(want, why)
        return Gap(f"{command.shown(arguments)} on {name}", why)

    async def close(self) -> None:
        for task in self._opening.values():
            if not task.done():
                task.cancel()
        for result in await asyncio.gather(*self._opening.values(), return_exceptions=True):
            if not isinstance(result, SshProblem | BaseException):
                await result.close()
        self._opening.clear()


def _file_name(command: HostCommand, arguments: Mapping[str, str | Sequence[str]]) -> str:
    """What a recording calls the output: the command's name, with the unit or container that it is of."""
    of = arguments.get("container") if command.want == "container-log" else None
    if "certificate" in arguments:
        of = str(arguments["certificate"]).strip("/").replace("/", "-")
    if "{unit}" in command.run:
        of = str(arguments.get("unit")).removesuffix(".service")
    return f"{command.name.removesuffix('-unit')}-{of}" if of else command.name


def _clock(host: str, text: str, midway: float) -> list[Fact]:
    """How far a host's clock is from ours; half the time that the answer took is its uncertainty."""
    try:
        offset = round(float(text.strip()) - midway, 1)
    except ValueError:
        return []
    source = Source(f"{host}: date", "", text.strip()[:40])
    return [fact("clock", source, host=host, offset_s=offset, off_by_s=abs(offset))]
