"""The closed list of commands that may run on a host, from `knowledge/commands.yaml`, and how one becomes a line.

sshd hands every command line to the login's shell. Therefore each word is quoted, and each argument that comes from
outside must first match its type: a unit's name, a host, a port, a container's id. There is no free text.
"""

from __future__ import annotations

import importlib.resources
import ipaddress
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from rules.schema import Loader

_UNIT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,119}")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_CONTAINER: Final = re.compile(r"[0-9a-f]{10,64}")
_PUBLIC_FILE: Final = re.compile(r"(/[A-Za-z0-9_@][A-Za-z0-9_.@:-]{0,99}){1,12}")
_PLACE: Final = re.compile(r"\{(\w+)\}")
SEARCH_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Logins without root often lack the sbin folders."""


class WrongArgument(Exception):
    """An argument that is not of its type; it never reaches a host."""


def _is_unit(value: str) -> bool:
    return _UNIT.fullmatch(value) is not None


def _is_target(value: str) -> bool:
    if _HOST.fullmatch(value):
        return True
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value


def _is_port(value: str) -> bool:
    return value.isascii() and value.isdigit() and 0 < int(value[:6]) < 65536


def _is_file(value: str) -> bool:
    """An absolute path without `..`, and not that of a key by its name."""
    return _PUBLIC_FILE.fullmatch(value) is not None and not value.endswith(".key")


TYPES: Final[Mapping[str, Callable[[str], bool]]] = {
    "unit": _is_unit,
    "units": _is_unit,
    "target": _is_target,
    "port": _is_port,
    "certificate": _is_file,
    "kubeconfig": _is_file,
    "container": lambda value: _CONTAINER.fullmatch(value) is not None,
}
"""The types of arguments; `units` alone may be several words."""


@dataclass(frozen=True, slots=True)
class HostCommand:
    """One entry of the list; the fields are explained in the file."""

    name: str
    run: tuple[str, ...]
    want: str
    when: str
    root: str
    path: str
    instead: str
    fails: frozenset[int]

    def words(self, arguments: Mapping[str, str | Sequence[str]]) -> list[str]:
        """The words of the command. WrongArgument when one is missing or not of its type."""
        words: list[str] = []
        for part in self.run:
            whole = _PLACE.fullmatch(part)
            if whole and whole[1] == "units":
                values = arguments.get("units", ())
                words += [_checked("units", value) for value in ([values] if isinstance(values, str) else values)]
            else:
                words.append(_PLACE.sub(lambda place: _filled(place[1], arguments), part))
        return words

    def line(self, arguments: Mapping[str, str | Sequence[str]], *, sudo: bool) -> str:
        """The line for the login's shell, with every word quoted."""
        prefix = ["env", "LC_ALL=C", "TZ=UTC", f"PATH={SEARCH_PATH}", *(["sudo", "-n"] if sudo and self.root else [])]
        return shlex.join([*prefix, *self.words(arguments)])

    def shown(self, arguments: Mapping[str, str | Sequence[str]]) -> str:
        """As a person would type it: the readers know an output by its command."""
        return shlex.join(self.words(arguments))


def _filled(name: str, arguments: Mapping[str, str | Sequence[str]]) -> str:
    value = arguments.get(name)
    if not isinstance(value, str):
        raise WrongArgument(f"no {name} is given")
    checked = _checked(name, value)
    return f"[{checked}]" if name == "target" and ":" in checked else checked


def _checked(name: str, value: str) -> str:
    if not TYPES[name](value):
        raise WrongArgument(f"{value[:80]!r} is no {name}")
    return value


def _command(name: str, data: Mapping[str, Any]) -> HostCommand:
    return HostCommand(
        name,
        tuple(data["run"]),
        data["want"],
        data["when"],
        data.get("root", ""),
        data.get("path", ""),
        data.get("instead", ""),
        frozenset(data.get("fails", ())),
    )


@lru_cache(maxsize=1)
def host_commands() -> Mapping[str, HostCommand]:
    """All of them, by name."""
    path = Path(str(importlib.resources.files("knowledge"))) / "commands.yaml"
    data: Mapping[str, Mapping[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader)
    return {name: _command(name, each) for name, each in data.items()}


def commands_for(want: str) -> list[HostCommand]:
    """The commands that answer a want, without those that only stand in for another."""
    return [each for each in host_commands().values() if each.want == want and each.when != "instead"]
