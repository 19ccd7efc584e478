"""Which fields an object may have: the bundled schemas of today's API, and small ones for the API of 2015.

Loaded on first use and kept: the definitions of one Kubernetes version are 1.8 MB of JSON (10 ms). The schemas come
from the package `kubernetes-validate`; v1beta1 and v1beta2, which no package holds any more, from `legacy_schema`.
"""

from __future__ import annotations

import difflib
import functools
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from bot.collect.manifest.legacy_schema import LEGACY_DEFINITIONS, LEGACY_KINDS
from rules.errors import KdiagError
from rules.knowledge import BUILT_IN

Schema = Mapping[str, Any]
TABLE: Final = BUILT_IN / "manifest" / "api-versions.yml"
_LIST_KINDS: Final = frozenset({"List", "PodList", "ServiceList", "ReplicationControllerList"})


@dataclass(frozen=True)
class Api:
    """The kinds of one Kubernetes version and what they look like."""

    version: str
    definitions: Mapping[str, Schema]
    names: Mapping[tuple[str, str], str]
    """(apiVersion, kind) -> the name of its definition."""

    def versions_of(self, kind: str) -> list[str]:
        """The apiVersions of a kind, the one to use first."""
        found = [version for version, name in self.names if name == kind]
        return sorted(found, key=_stability)

    @functools.cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for _, kind in self.names)

    @functools.cached_property
    def groups(self) -> frozenset[str]:
        return frozenset(version.rpartition("/")[0] for version, _ in self.names)

    def schema_of(self, api_version: str, kind: str) -> Schema | None:
        name = self.names.get((api_version, kind))
        return {"$ref": f"#/$defs/{name}"} if name else None

    def resolve(self, schema: Schema | None) -> Schema:
        """The definition that a schema refers to."""
        seen = 0
        while schema and "$ref" in schema and seen < 8:
            schema = self.definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
            seen += 1
        return schema or {}

    def child(self, schema: Schema, step: str | int) -> Schema | None:
        """The schema of a field or item; None where the schema has no such place."""
        here = self.resolve(schema)
        if isinstance(step, int):
            found = here.get("items")
        else:
            found = here.get("properties", {}).get(step)
            if found is None and isinstance(here.get("additionalProperties"), dict):
                found = here["additionalProperties"]
        return found if isinstance(found, dict) else None

    def fields(self, schema: Schema | None) -> Mapping[str, Schema]:
        """The named fields of a place, or none where any key may stand."""
        found = self.resolve(schema).get("properties", {})
        return found if isinstance(found, dict) else {}

    def is_closed(self, schema: Schema | None) -> bool:
        return self.resolve(schema).get("additionalProperties") is False

    def is_labels(self, schema: Schema | None) -> bool:
        """Whether any key may stand there, with a word as its value."""
        here = self.resolve(schema)
        free = here.get("additionalProperties")
        if here.get("properties") or not isinstance(free, dict):
            return False
        value = self.resolve(free)
        return "string" in _types(value) or any("string" in _types(one) for one in value.get("oneOf", ()))

    def holds(self, schema: Schema | None) -> frozenset[str]:
        """The types a place may hold: object, array, string ..."""
        return frozenset(_types(self.resolve(schema)))

    def errors(self, value: Any, schema: Schema) -> Iterator[Any]:
        """Every fault of a value (`jsonschema.ValidationError`)."""
        from jsonschema import Draft202012Validator

        validator: Any = Draft202012Validator({**schema, "$defs": self.definitions})
        yield from validator.iter_errors(value)


def _types(schema: Schema) -> list[str]:
    found = schema.get("type", [])
    return [found] if isinstance(found, str) else [str(one) for one in found if one != "null"]


def _stability(api_version: str) -> tuple[int, str]:
    version = api_version.rpartition("/")[2]
    grade = 2 if "alpha" in version else 1 if "beta" in version else 0
    return grade, "~" if api_version.startswith(("extensions/", "events.k8s.io/")) else ""


def bundled() -> dict[str, Path]:
    """The Kubernetes versions whose schemas are there ("1.34"), oldest first, with their files."""
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or not spec.origin:
        return {}
    found = {}
    for path in (Path(spec.origin).parent / "kubernetes-json-schema").glob("v*-local-strict"):
        match = re.match(r"v(\d+)\.(\d+)\.", path.name)
        if match:
            found[int(match[1]), int(match[2])] = path / "_definitions.json"
    return {f"{major}.{minor}": path for (major, minor), path in sorted(found.items())}


@functools.lru_cache(maxsize=4)
def today(version: str = "") -> Api | None:
    """The API of a Kubernetes version ("1.34", default the newest that is bundled); None when no schemas are there."""
    files = bundled()
    if not files:
        return None
    wanted = re.sub(r"^v?(\d+\.\d+).*", r"\1", version) if version else list(files)[-1]
    if wanted not in files:
        raise KdiagError(f"no schemas of Kubernetes {version}: there are those of {', '.join(files)}")
    definitions = orjson.loads(files[wanted].read_bytes())["$defs"]
    names = {}
    for name, schema in definitions.items():
        if not {"apiVersion", "kind"} <= schema.get("properties", {}).keys():
            continue
        for one in schema.get("x-kubernetes-group-version-kind", ()):
            if ".apimachinery." in name:
                continue
            group = f"{one['group']}/" if one["group"] else ""
            names[f"{group}{one['version']}", one["kind"]] = name
    return Api(wanted, definitions, names)


@functools.cache
def of_2015() -> Api:
    """The API of 2015: v1beta1 and v1beta2, one and the same here."""
    names = {(version, kind): kind for version in ("v1beta1", "v1beta2") for kind in LEGACY_KINDS}
    return Api("2015", LEGACY_DEFINITIONS, names)


@dataclass(frozen=True, slots=True)
class Removed:
    """A row of the table of apiVersions that are gone or on their way out."""

    kind: str
    api_version: str
    removed_in: str
    deprecated_in: str
    use: str
    note: str


@functools.cache
def removed() -> Mapping[tuple[str, str], Removed]:
    """(apiVersion, kind) -> its row."""
    rows = yaml.load(TABLE.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))["versions"]
    found = {}
    for row in rows:
        for kind in row["kinds"]:
            found[row["old"], kind] = Removed(
                kind,
                row["old"],
                row.get("removed", ""),
                row.get("deprecated", ""),
                row.get("use", ""),
                row.get("note", ""),
            )
    return found


@functools.cache
def allowed_values() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(definition, field) -> the words it may hold; "*" for any definition. The schemas do not say."""
    rows = yaml.load(TABLE.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))["values"]
    return {tuple(place.rsplit(".", 1)): tuple(words) for place, words in rows.items()}


def older_than(version: str, other: str) -> bool:
    """Whether a Kubernetes version is before another ("1.9" before "1.16")."""
    first, second = ([int(part) for part in re.findall(r"\d+", one)[:2]] for one in (version, other))
    return first < second


def closest(word: str, known: Iterator[str] | frozenset[str] | Mapping[str, Any], cutoff: float = 0.75) -> str:
    """The known word that is meant, or "". The same letters in another case, or a plural, are closest."""
    words = sorted(known)
    lowered = {one.lower(): one for one in words}
    low = word.lower().replace("_", "").replace("-", "")
    for candidate in (low, low.removesuffix("s"), low + "s", low.removesuffix("es")):
        if candidate in lowered:
            return lowered[candidate]
    found = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=cutoff)
    return lowered[found[0]] if found else ""
