"""A manifest pasted with what kubectl said of it: one answer, with file, line and the corrected lines."""

from __future__ import annotations

from typing import Any

import pytest

from bot.collect.manifest.schemas import bundled
from bot.questions import Question
from bot.render.json import answer_as_dict
from bot.service import consult
from bot.sources import PasteSource
from rules.expert import Expert
from rules.knowledge import load
from tests.bot.collect.test_manifest import BROKER, GUIDE, QUEUE

pytestmark = pytest.mark.skipif(not bundled(), reason="the package kubernetes-validate is not installed")

SAID = {
    "G16": 'unable to recognize "broker.yaml": no object named "Services" is registered',
    "G17": 'unable to recognize "broker.yaml": no object named "Service" is registered',
    "G18": "service \"\" is invalid: name: required value ''",
    "G19": 'unable to recognize "broker.yaml": no object named "" is registered',
    "G20": "service \"\" is invalid: [name: required value '', spec.port: invalid value '0']",
    "G21": "service \"broker\" is invalid: spec.port: invalid value '0'",
    "G27 kind": 'unable to recognize "broker.yaml": no object named "ReplicationControler" is registered',
    "G27 version": 'unable to recognize "broker.yaml": no object named "ReplicationController" is registered',
    "G28 nothing": "replicationController \"queue\" is invalid: spec.selector: required value 'map[]'",
    "G29": (
        'unable to get type info from "broker.yaml": couldn\'t get version/kind: error converting YAML to JSON: '
        "yaml: line 7: did not find expected key."
    ),
}
CASES = [(name, text.replace(old, new, 1), line, corrected) for name, text, old, new, _, line, corrected in GUIDE]


def paste(manifest: str, said: str) -> str:
    return f"# cat broker.yaml\n{manifest}# kubectl create -f broker.yaml\ncreate.go:75] {said}\n"


async def explained(text: str) -> dict[str, Any]:
    expert = Expert(load())
    try:
        consultation = await consult(expert, PasteSource(text), Question("explain", text=text))
    finally:
        await expert.close()
    return answer_as_dict(consultation.answer)


@pytest.mark.parametrize(
    ("name", "manifest", "line", "corrected"),
    [case for case in CASES if case[0] in SAID],
    ids=[case[0] for case in CASES if case[0] in SAID],
)
async def test_message_and_manifest_are_one_finding(name: str, manifest: str, line: int, corrected: str) -> None:
    answer = await explained(paste(manifest, SAID[name]))
    assert [found["subject"] for found in answer["findings"]] == [f"manifest broker.yaml:{line}"]
    first = answer["findings"][0]
    assert first["fix"][0]["command"] == corrected
    assert first["fix"][1]["command"] == "kubectl create -f broker.yaml"
    assert first["explains"]


@pytest.mark.parametrize("manifest", [BROKER, QUEUE])
async def test_nothing_is_found_in_a_right_manifest_that_was_taken(manifest: str) -> None:
    answer = await explained(paste(manifest, "broker").replace("create.go:75] ", ""))
    assert answer["findings"] == []
