"""The observed facts, indexed for the joins: hosts under one name each, their roles, their units, their nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bot.collect.joins.components import Component, Components
from rules.kinds import Fact, Scalar

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
NO_HOST: Final = ""
"""Stands for the one machine that a pasted text is about without naming it."""


def _is_own(address: str) -> bool:
    """Whether an address that is listened on is the machine's own, not a wildcard, loopback or a bridge's."""
    return (
        address[:1].isdigit()
        and address.count(".") == 3
        and not address.startswith(("0.", "127.", "172.17.", "169.254."))
    )


class Known:
    """All facts by kind, and what they say together about the machines."""

    def __init__(self, facts: Iterable[Fact], components: Components, hosts: Iterable[str] = ()) -> None:
        """`hosts`: machines that something else than facts is known of, such as their journals."""
        self.components = components
        self._by_kind: dict[str, list[Fact]] = defaultdict(list)
        for one in facts:
            self._by_kind[one.kind].append(one)
        self._addresses: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, str] = {}
        self._nodes: dict[str, str] = {}
        self._read_hosts(hosts)
        self.units: dict[tuple[str, str], Fact] = {}
        self._read_units()
        self._roles: dict[str, frozenset[str]] = {}

    def of(self, kind: str) -> list[Fact]:
        return self._by_kind.get(kind, [])

    # --- hosts ------------------------------------------------------------------------------------------
    def _read_hosts(self, hosts: Iterable[str]) -> None:
        seen: dict[str, None] = {}
        for kind in ("host", "unit", "port", "firewall", "setting", "reach", "disk", "memory"):
            for one in self.of(kind):
                host = str(one.get("host") or NO_HOST)
                seen[host] = None
                if host and isinstance(one.get("node"), str):
                    self._nodes.setdefault(host, str(one["node"]))
                address = one.get("address")
                if kind == "port" and host and isinstance(address, str) and _is_own(address):
                    self._addresses[host].add(address)
        self.hosts = list(dict.fromkeys((*seen, *hosts)))
        short: dict[str, list[str]] = defaultdict(list)
        for host in self.hosts:
            self._names.setdefault(host, host)
            if "." in host and not host.replace(".", "").isdigit():
                short[host.split(".", 1)[0]].append(host)
        for name, named in short.items():
            if len(named) == 1:
                self._names.setdefault(name, named[0])
        for one in self.of("host"):
            said = one.get("address")
            if isinstance(said, str):
                self._addresses[str(one["host"])].add(said)
        for kind in ("node", "registered_node"):
            for one in self.of(kind):
                known, said = self.host_called(str(one["node"])), one.get("address")
                if known is not None and isinstance(said, str):
                    self._addresses[known].add(said)
        for host, addresses in self._addresses.items():
            for each in addresses:
                self._names.setdefault(each, host)

    def host_called(self, name: str) -> str | None:
        """The host that has this name, short name or address."""
        known = self._names.get(name)
        if known is None and "." in name and not name.replace(".", "").isdigit():
            known = self._names.get(name.split(".", 1)[0])
        return known

    def addresses(self, host: str) -> frozenset[str]:
        return frozenset(self._addresses.get(host, ()))

    def node_of(self, host: str) -> str | None:
        """The node that this host is, as the cluster names it."""
        if not host:
            return None
        if host in self._nodes:
            return self._nodes[host]
        for kind in ("node", "registered_node"):
            for one in self.of(kind):
                if one.get("exists") is not False and self.host_called(str(one["node"])) == host:
                    return str(one["node"])
        return None

    def roles(self, host: str) -> frozenset[str]:
        """master, node, etcd: from the inventory, else from what runs or is installed there."""
        known = self._roles.get(host)
        if known is None:
            known = self._roles[host] = frozenset(self._find_roles(host))
        return known

    def _find_roles(self, host: str) -> Iterator[str]:
        said = [str(one["role"]) for one in self.of("host") if one["host"] == host and one.get("role")]
        if said:
            yield from said
            return
        present = {
            unit for (where, unit), one in self.units.items() if where == host and one.get("exists") is not False
        }
        present |= {one.unit for one in self._processes(host)}
        for role, marks in self.components.marks.items():
            if present & marks:
                yield role
        for one in self.of("node"):
            if host and self.host_called(str(one["node"])) == host:
                yield "master" if one.get("role") == "control-plane" else "node"

    def _processes(self, host: str) -> Iterator[Component]:
        for one in self.of("port"):
            process = one.get("process")
            if (one.get("host") or NO_HOST) == host and isinstance(process, str):
                found = self.components.of_process(process)
                if found is not None:
                    yield found

    # --- units ------------------------------------------------------------------------------------------
    def _read_units(self) -> None:
        merged: dict[tuple[str, str], dict[str, Scalar]] = {}
        sources: dict[tuple[str, str], Fact] = {}
        for one in self.of("unit"):
            found = self.components.of_unit(str(one["unit"]))
            if found is None:
                continue
            key = (str(one.get("host") or NO_HOST), found.unit)
            sources.setdefault(key, one)
            known = merged.setdefault(key, {})
            for name, value in one.attributes.items():
                known.setdefault(name, value)
        for key, attributes in merged.items():
            self.units[key] = Fact("unit", attributes, sources[key].source)

    def unit(self, host: str, unit: str) -> Fact | None:
        return self.units.get((host, unit))

    def is_active(self, host: str, unit: str) -> bool | None:
        """None: nothing is known of that unit there."""
        one = self.unit(host, unit)
        state = one.get("active") if one else None
        return None if state is None else state == "active"

    def runs_as_units(self, host: str) -> bool:
        """Whether the control plane of this host consists of systemd units, not of static Pods."""
        return any(
            one.get("exists") is not False and one.get("active") != "unknown"
            for (where, unit), one in self.units.items()
            if where == host and unit in self.components.static_pods
        )

    # --- the cluster ------------------------------------------------------------------------------------
    @property
    def era(self) -> str | None:
        for one in self.of("cluster"):
            if one.get("era"):
                return str(one["era"])
        votes: dict[str, int] = defaultdict(int)
        for one in self.of("port"):
            if one.get("listening") and isinstance(one.get("port"), int):
                era = self.components.era_of_port.get(int(one["port"]))
                if era:
                    votes[era] += 1
        return max(votes, key=lambda era: votes[era]) if votes else None

    def settings(self, name: str) -> Iterator[Fact]:
        """Settings that one of the keys of that name in the data file stands for."""
        keys = self.components.settings[name]
        for one in self.of("setting"):
            if one.get("key") in keys and isinstance(one.get("value"), str):
                yield one

    def listens(self) -> Mapping[str, list[Fact]]:
        """Listening ports by host."""
        found: dict[str, list[Fact]] = defaultdict(list)
        for one in self.of("port"):
            if one.get("listening"):
                found[str(one.get("host") or NO_HOST)].append(one)
        return found


def with_attributes(one: Fact, **attributes: Scalar | None) -> Fact:
    """The fact with more attributes; those it has already stay, unknown ones are left out."""
    more = {
        name: value
        for name, value in attributes.items()
        if value is not None and value != "" and name not in one.attributes
    }
    return Fact(one.kind, {**one.attributes, **more}, one.source)
