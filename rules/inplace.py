"""Steps that Kubernetes would refuse: a bare Pod and a Job's template cannot be changed in place.

Entries write `kubectl edit {owner}` once for all controllers; where the owner turns out to be a Pod that nothing owns,
or a Job, the step becomes the one that `knowledge/in-place.yaml` has for that kind.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import yaml

from rules.findings import FixStep
from rules.kinds import Fact
from rules.knowledge import BUILT_IN

UNKNOWN_CONTROLLER: Final = "<workload>"


@functools.cache
def _known() -> tuple[re.Pattern[str], re.Pattern[str], Mapping[str, Any]]:
    known = yaml.safe_load((BUILT_IN / "in-place.yaml").read_text(encoding="utf-8"))
    return re.compile(known.pop("changes")), re.compile(known.pop("impossible")), known


def feasible(steps: Sequence[FixStep], near: Iterable[Fact], namespace: str | None) -> tuple[FixStep, ...]:
    """The steps with those that change a bare Pod or a Job in place put another way, once.

    `near`: facts about what the finding is about; only where they say that nothing owns the Pod is it bare.
    """
    bare = {str(one["pod"]).rpartition("/")[2] for one in near if one.kind == "pod" and one.get("owned") is False}
    return tuple(_feasible(steps, bare, namespace))


def _feasible(steps: Sequence[FixStep], bare: set[str], namespace: str | None) -> Iterator[FixStep]:
    changes, impossible, instead = _known()
    replaced = False
    for step in steps:
        if bare and UNKNOWN_CONTROLLER in step.command:
            if len(bare) > 1:
                continue
            step = replace(step, command=step.command.replace(UNKNOWN_CONTROLLER, f"pod/{min(bare)}"))
        found = changes.match(step.command)
        never = impossible.match(step.command)
        if _concerns(never, bare):
            continue
        if found is None or not _concerns(found, bare):
            yield step
        elif not replaced:
            replaced = True
            said = instead[found["kind"]]
            command = said["command"].replace("{name}", found["name"])
            command = command.replace(" -n {namespace}", f" -n {namespace}" if namespace else "")
            note = {lang: f"{step.note.get(lang, '')} {text}".strip() for lang, text in said["note"].items()}
            yield FixStep(command, note, "destructive")


def _concerns(found: re.Match[str] | None, bare: set[str]) -> bool:
    return found is not None and (found["kind"] == "job" or found["name"] in bare)
