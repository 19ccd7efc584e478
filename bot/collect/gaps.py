"""What could not be learned, in the words of knowledge/wants.yaml, with the command by which a person can supply it."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from rules.observations import Gap
from rules.schema import Loader

_PLACE: Final = re.compile(r"\{(\w{1,20})\}")


@lru_cache(maxsize=1)
def wants() -> dict[str, dict[str, Any]]:
    """knowledge/wants.yaml, by the want's `what`."""
    path = Path(str(importlib.resources.files("knowledge"))) / "wants.yaml"
    found: dict[str, dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader)
    return found


def fill(template: str, values: dict[str, str]) -> str:
    """A template with its places filled; what is not known stays as `<name>`."""
    return _PLACE.sub(lambda place: values.get(place[1]) or f"<{place[1]}>", template)


def gap_of_want(want: Mapping[str, Any], why: str) -> Gap:
    """The gap of a want that cannot be met, in the words of knowledge/wants.yaml."""
    values = {key: str(value) for key, value in want.items()}
    entry = wants().get(values["what"], {})
    about = (
        values.get("pod") or values.get("workload") or values.get("node") or values.get("object") or values.get("host")
    )
    values["about"] = (
        f"{about}, container {values['container']}" if values.get("container") and about else about or "it"
    )
    if "/" in values.get("pod", ""):
        values["namespace"], _, values["pod"] = values["pod"].rpartition("/")
    subject = values.get("object") or values.get("workload") or ""
    if " " in subject:
        kind, _, name = subject.partition(" ")
        values.setdefault("kind", kind)
        if "/" in name:
            values.setdefault("namespace", name.rpartition("/")[0])
        values.setdefault("name", name.rpartition("/")[2])
    values.setdefault("name", values.get("pod") or values.get("node") or "")
    values.setdefault("host", values.get("node", ""))
    command = entry.get("command", "")
    if values.get("previous") == "True" and values.get("container"):
        command = entry.get("command_previous", command)
    elif values.get("container"):
        command = entry.get("command_container", command)
    return Gap(fill(entry.get("en", "{what} of {about}"), values), why, fill(command, values))


def gap_of_kind(kind: str, namespace: str | None, why: str) -> Gap:
    """The gap of a kind of objects that could not be listed, in one namespace or at all."""
    entry = wants()["recorded" if namespace else "recorded-cluster"]
    values = {"kind": kind, "namespace": namespace or ""}
    return Gap(fill(entry["en"], values), why, fill(entry["command"], values))
