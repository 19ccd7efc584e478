"""Which kinds are read from the API and where they live: `knowledge/api.yaml`."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.collect.objects.resources import CLUSTER_SCOPED
from rules.knowledge import Knowledge
from rules.schema import Loader


@dataclass(frozen=True, slots=True)
class ApiKind:
    """One kind; the fields are explained in the file."""

    kind: str
    resource: str
    groups: tuple[str, ...]
    facts: frozenset[str]
    unless: str = ""
    only: frozenset[str] = frozenset()
    metadata: bool = False
    namespaces: tuple[str, ...] = ()
    legacy: str = ""

    @property
    def namespaced(self) -> bool:
        return self.kind not in CLUSTER_SCOPED

    @property
    def api_groups(self) -> tuple[str, ...]:
        """The groups as a role names them; "" is the core."""
        return tuple(dict.fromkeys(each.rpartition("/")[0] for each in self.groups))


def _kind(kind: str, data: Mapping[str, Any]) -> ApiKind:
    return ApiKind(
        kind,
        data["resource"],
        tuple(data["groups"]),
        frozenset(data.get("facts", ())),
        data.get("unless", ""),
        frozenset(data.get("only", ())),
        bool(data.get("metadata")),
        tuple(data.get("namespaces", ())),
        data.get("legacy", data["resource"]),
    )


@lru_cache(maxsize=1)
def api_kinds() -> Mapping[str, ApiKind]:
    """All of them, by kind."""
    path = Path(str(importlib.resources.files("knowledge"))) / "api.yaml"
    data: Mapping[str, Mapping[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader)
    return {kind: _kind(kind, each) for kind, each in data.items()}


def needed_kinds(knowledge: Knowledge) -> Mapping[str, ApiKind]:
    """The kinds that the enabled knowledge has a use for."""
    used = {pattern.kind for entry in knowledge.entries for route in entry.routes for pattern in route.patterns}
    return {kind: each for kind, each in api_kinds().items() if not each.facts or each.facts & used}
