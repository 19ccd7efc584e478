"""What is public about the daemons of a cluster: units, processes and ports, read from `knowledge/components.yaml`.

Data and look-ups only, apart from `derive`, which joins them with what was observed.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from rules.schema import Loader

FILE: Final = Path(str(importlib.resources.files("knowledge"))) / "components.yaml"


@dataclass(frozen=True, slots=True)
class PortGroup:
    """Ports of which one is open. `named` is the one to speak of, by era."""

    any: tuple[int, ...]
    named: Mapping[str, int]
    era: str | None
    public: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class Component:
    """A daemon: its unit's name and what is known of it."""

    unit: str
    roles: frozenset[str]
    processes: tuple[str, ...]
    optional: bool
    elsewhere: bool
    whole: bool
    instead: frozenset[str]
    ports: tuple[PortGroup, ...]


@dataclass(frozen=True)
class Components:
    """All of them, with the look-ups by unit, process and port."""

    by_unit: Mapping[str, Component]
    aliases: Mapping[str, str]
    marks: Mapping[str, frozenset[str]]
    static_pods: frozenset[str]
    era_of_port: Mapping[int, str]
    etcd: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, tuple[str, ...]]
    certificates: Mapping[str, tuple[str, ...]]

    def of_certificate(self, file: str, subject: str) -> str | None:
        """The unit that a certificate is for, by its file and its subject; None for a CA and what nobody knows."""
        written = f"{file} {subject}"
        return next((unit for unit, words in self.certificates.items() if any(each in written for each in words)), None)

    def of_unit(self, unit: str) -> Component | None:
        name = unit.removesuffix(".service")
        return self.by_unit.get(self.aliases.get(name, name))

    def of_process(self, process: str) -> Component | None:
        """The daemon of a process as netstat and ss write it: `636/kube-apiserver`, cut to 15 characters."""
        name = process.rpartition("/")[2].strip().rstrip(":")
        for one in self.by_unit.values():
            for known in one.processes:
                if known != "hyperkube" and (name == known or (len(name) >= 10 and known.startswith(name))):
                    return one
        return None

    def of_port(self, port: int) -> Component | None:
        return next((c for c in self.by_unit.values() for g in c.ports if port in g.any), None)


def _component(unit: str, data: Mapping[str, Any]) -> Component:
    groups = []
    for each in data.get("ports", ()):
        numbers = tuple(int(n) for n in each["any"])
        named = {"2015": numbers[0], "today": int(each.get("today", numbers[0]))}
        groups.append(PortGroup(numbers, named, each.get("era"), bool(each.get("public")), bool(each.get("quiet"))))
    return Component(
        unit,
        frozenset(data["roles"]),
        tuple(data.get("processes", ())),
        bool(data.get("optional")),
        bool(data.get("elsewhere")),
        bool(data.get("whole")),
        frozenset(data.get("instead", ())),
        tuple(groups),
    )


@lru_cache(maxsize=1)
def components() -> Components:
    """The file's content; it is part of the program, so a fault in it is a fault of ours."""
    data = yaml.load(FILE.read_text(encoding="utf-8"), Loader)
    units: Mapping[str, Any] = data["units"]
    return Components(
        by_unit={unit: _component(unit, each) for unit, each in units.items()},
        aliases={alias: unit for unit, each in units.items() for alias in each.get("aliases", ())},
        marks={role: frozenset(names) for role, names in data["marks"].items()},
        static_pods=frozenset(data["static_pods"]),
        era_of_port={int(port): era for era, ports in data["eras"].items() for port in ports},
        etcd={name: tuple(paths) for name, paths in data["etcd"].items()},
        settings={name: tuple(keys) for name, keys in data["settings"].items()},
        certificates={unit: tuple(words) for unit, words in data["certificates"].items()},
    )
