"""Which object this is: its era, kind and apiVersion, and what is wrong with those three.

The message of the server often blames the wrong one (2015: `no object named "Service"` for a wrong apiVersion), so the
checks go on as if kind and apiVersion were what they must have been: one fault is not reported as twenty.
"""

from __future__ import annotations

import re
from typing import Final

from bot.collect.manifest.legacy import guessed_kind, looks_legacy
from bot.collect.manifest.legacy_schema import LEGACY_KINDS, LEGACY_VERSIONS
from bot.collect.manifest.nodes import Node
from bot.collect.manifest.problems import Page, joined, with_value
from bot.collect.manifest.schemas import Api, closest, of_2015, older_than, removed
from bot.collect.manifest.walk import Subject
from rules.observations import Gap

_BETA = re.compile(r"v\d+(beta|alpha)\d+")
_NOT_SENT: Final = frozenset({"Config", "Kustomization", "Component", "Chart"})
_MANIFEST_KEYS: Final = frozenset({"metadata", "spec", "data", "stringData", "rules", "roleRef", "id", "desiredState"})


def identify(page: Page, root: Node, api: Api | None) -> Subject | None:
    """What an object is, with its problems of kind and apiVersion. None: it is no object of Kubernetes."""
    keys = {key.text for key, _ in root.entries or ()}
    kind, version = _word(root, "kind"), _word(root, "apiVersion")
    legacy = version in LEGACY_VERSIONS or looks_legacy(root) or (bool(_BETA.fullmatch(version)) and "spec" not in keys)
    if not kind and not version and not keys & {"metadata", "id", "desiredState"}:
        return _fragment(page, root, api)
    metadata = root.get("metadata")
    name = _word(root, "id") if legacy else ""
    name = name or (_word(metadata, "name") if metadata else "")
    namespace = (_word(metadata, "namespace") if metadata else "") or (_word(root, "namespace") if legacy else "")
    subject = Subject(page, root, kind, name, namespace, version, "2015" if legacy else "today")
    if legacy:
        _of_2015(subject, api)
    elif api is not None:
        _of_today(subject, api, keys)
    return subject


def _word(node: Node | None, field: str) -> str:
    value = node.get(field) if node is not None else None
    return value.text if value is not None and value.entries is None and value.items is None else ""


def _fragment(page: Page, root: Node, api: Api | None) -> Subject | None:
    """A piece of an object: checked as what its fields make it, without asking for kind or name."""
    keys = {key.text for key, _ in root.entries or ()}
    definition = ""
    if {"name", "image"} <= keys:
        definition = "io.k8s.api.core.v1.Container"
    elif "containers" in keys:
        definition = "io.k8s.api.core.v1.PodSpec"
    elif {"template", "selector"} <= keys or {"template", "replicas"} <= keys:
        definition = "io.k8s.api.apps.v1.DeploymentSpec"
    if api is None or definition not in api.definitions:
        page.gaps.append(
            Gap(f"{page.file}, line {root.line}", "it has no kind and no apiVersion: it is no object of Kubernetes")
        )
        return None
    return Subject(page, root, era="fragment", api=api, schema={"$ref": f"#/$defs/{definition}"})


def _replaced(subject: Subject, field: str, word: str) -> str:
    """The line of kind or apiVersion with another word."""
    node = subject.at(field)
    if node is None or not word:
        return ""
    return with_value(subject.page.line(node.line), node, f'"{word}"' if node.quoted else word)


def _inserted(subject: Subject, field: str, word: str) -> str:
    """A new line at the top of the object."""
    first = subject.page.line(subject.root.line)
    new = f"{' ' * subject.root.column}{field}: {word or '<' + field + '>'}"
    if subject.root.flow:
        return subject.lines([new])
    if subject.root.column and first.lstrip().startswith("- "):
        return joined(
            [" " * (subject.root.column - 2) + "- " + new.strip(), " " * subject.root.column + first.lstrip()[2:]]
        )
    return joined([new, first])


# --- 2015 -----------------------------------------------------------------------------------------------


def _of_2015(subject: Subject, today: Api | None) -> None:
    file, kind, version = subject.page.file, subject.kind, subject.api_version
    unnamed = f'unable to recognize "{file}": no object named "{kind}" is registered'
    if not version:
        message = "service \"\" is invalid: [name: required value '', spec.port: invalid value '0']"
        if kind not in ("Service", "Services"):
            message = f"{kind[:1].lower()}{kind[1:]} \"\" is invalid: [name: required value '']"
        subject.add("api-version-missing", ("apiVersion",), line=subject.root.line, expected="v1beta1", message=message,
                    corrected=_inserted(subject, "apiVersion", '"v1beta1"'))  # fmt: skip
    elif version not in LEGACY_VERSIONS:
        right = "v1beta1"
        subject.add("api-version-unknown", ("apiVersion",), value=version, expected=right, message=unnamed,
                    corrected=_replaced(subject, "apiVersion", right))  # fmt: skip
    if not kind:
        kind = guessed_kind(subject.root)
        subject.add("kind-missing", ("kind",), line=subject.root.line, expected=kind,
                    message=f'unable to recognize "{file}": no object named "" is registered',
                    corrected=_inserted(subject, "kind", f'"{kind or "<kind>"}"'))  # fmt: skip
    elif kind not in LEGACY_KINDS:
        near = closest(kind, LEGACY_KINDS, 0.6)
        subject.add("kind-misspelled", ("kind",), value=kind, expected=near, message=unnamed,
                    corrected=_replaced(subject, "kind", near))  # fmt: skip
        kind = near
    subject.kind = kind
    if version == "v1beta3":
        if today is not None:
            subject.api, subject.schema = today, today.schema_of("v1", kind)
        return
    subject.api = of_2015()
    subject.schema = subject.api.schema_of("v1beta1", kind)


# --- today ----------------------------------------------------------------------------------------------


def _of_today(subject: Subject, api: Api, keys: set[str]) -> None:
    kind, version = subject.kind, subject.api_version
    if not kind and "version" in keys and "metadata" not in keys:  # a Helm chart's own description
        _gap(subject, "it is no object of Kubernetes")
        return
    if not kind:
        kind = _kind_by_fields(subject, api, keys)
        subject.add("kind-missing", ("kind",), line=subject.root.line, expected=kind,
                    message="error validating data: kind not set",
                    corrected=_inserted(subject, "kind", kind))  # fmt: skip
        subject.kind = kind
    if not version:
        if not keys & _MANIFEST_KEYS and kind not in api.kinds:
            _gap(subject, "it is no object of Kubernetes")
            return
        near = kind if kind in api.kinds else closest(kind, api.kinds) if kind else ""
        version = (api.versions_of(near) or [""])[0]
        subject.add("api-version-missing", ("apiVersion",), line=subject.root.line, expected=version,
                    message="error validating data: apiVersion not set",
                    corrected=_inserted(subject, "apiVersion", version))  # fmt: skip
    if kind:
        version = _known(subject, api, kind, version)
    subject.schema = api.schema_of(version, subject.kind)
    subject.api = api if subject.schema is not None else None


def _gap(subject: Subject, why: str) -> None:
    subject.page.gaps.append(Gap(f"{subject.page.file}, line {subject.root.line}", why))
    subject.schema = None


def _known(subject: Subject, api: Api, kind: str, version: str) -> str:
    """The apiVersion to check against; "" when there is no schema. Says what is wrong with kind or apiVersion."""
    row = removed().get((version, kind))
    if row is not None and row.removed_in:
        gone = not older_than(api.version, row.removed_in)
        problem = "api-version-removed" if gone else "api-version-deprecated"
        subject.add(problem, ("apiVersion",), value=version, expected=row.use,
                    message=f'no matches for kind "{kind}" in version "{version}" (Kubernetes {row.removed_in})'
                    + (f"; {row.note}" if row.note else ""),
                    corrected=_replaced(subject, "apiVersion", row.use))  # fmt: skip
        return row.use if gone else version
    if (version, kind) in api.names:
        return version
    group = version.rpartition("/")[0]
    message = f'no matches for kind "{kind}" in version "{version}"'
    custom = "." in group and group not in api.groups
    if custom:
        near_group = closest(group, frozenset(one for one in api.groups if "." in one), 0.9)
        if not near_group or kind not in api.kinds or group.endswith(near_group):
            _gap(subject, f"there is no schema of {kind} in {version}: only its form was checked")
            return ""
    if kind in api.kinds:
        known = api.versions_of(kind)
        same = [one for one in known if one.rpartition("/")[0] == group]
        right = same[0] if same else known[0]
        subject.add("api-version-unknown", ("apiVersion",), value=version, expected=right, message=message,
                    corrected=_replaced(subject, "apiVersion", right))  # fmt: skip
        return right
    if kind in _NOT_SENT:
        _gap(subject, f"{kind} is not sent to a cluster")
        return ""
    here = frozenset(name for held, name in api.names if held == version)
    near = closest(kind, here, 0.6) or closest(kind, api.kinds)
    subject.add("kind-misspelled", ("kind",), value=kind, expected=near, message=message,
                corrected=_replaced(subject, "kind", near))  # fmt: skip
    if not near:
        return ""
    subject.kind = near
    return version if (version, near) in api.names else (api.versions_of(near) or [""])[0]


def _kind_by_fields(subject: Subject, api: Api, keys: set[str]) -> str:
    """The kind whose fields these are, if that is clear."""
    spec = subject.at("spec")
    inner = {key.text for key, _ in spec.entries or ()} if spec is not None else set()
    best: list[tuple[float, str]] = []
    for version, kind in api.names:
        if (subject.api_version and version != subject.api_version) or kind.endswith("List"):
            continue
        schema = api.schema_of(version, kind)
        fields = api.fields(schema)
        if not keys - {"kind", "apiVersion"} <= fields.keys():
            continue
        known = api.fields(fields.get("spec")) if inner else {}
        if inner and not inner <= known.keys():
            continue
        best.append((len(inner) / max(1, len(known)), kind))
    best.sort(reverse=True)
    common = [
        kind for _, kind in best if kind in ("Deployment", "Service", "Pod", "ConfigMap", "Secret", "Job", "Ingress")
    ]
    if common:
        return common[0]
    return best[0][1] if len(best) == 1 or (len(best) > 1 and best[0][0] > best[1][0]) else ""
