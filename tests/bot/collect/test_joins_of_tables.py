"""What several pasted tables say together."""

from __future__ import annotations

import pytest

from bot.collect.derive import derive
from bot.read import read

CLASSES = """\
NAME             PROVISIONER          RECLAIMPOLICY   VOLUMEBINDINGMODE   ALLOWVOLUMEEXPANSION   AGE
slow (default)   ebs.csi.aws.com      Delete          Immediate           false                  23h
"""
CLAIMS = """\
NAME      STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   AGE
ledger    Pending                                      quick          59m
archive   Pending                                      slow           59m
"""


def missing_classes(text: str) -> set[object]:
    observations = read(text)
    facts = [*observations.facts, *derive(observations)]
    return {one["storage_class"] for one in facts if one.kind == "claim" and one.get("class_exists") is False}


@pytest.mark.parametrize("command", ["kubectl get sc", "kubectl get storageclass -o wide", "oc get sc,pvc -n books"])
def test_a_class_that_a_whole_list_lacks_does_not_exist(command: str) -> None:
    assert missing_classes(f"$ {command}\n{CLASSES}\n$ kubectl get pvc\n{CLAIMS}") == {"quick"}


@pytest.mark.parametrize("command", ["kubectl get sc slow", "kubectl get sc | grep slow"])
def test_a_part_of_the_classes_says_nothing_of_the_others(command: str) -> None:
    assert missing_classes(f"$ {command}\n{CLASSES}\n$ kubectl get pvc\n{CLAIMS}") == set()


def test_claims_without_a_list_of_classes_are_left_open() -> None:
    assert missing_classes(f"$ kubectl get pvc\n{CLAIMS}") == set()


def test_a_class_is_no_volume_where_the_columns_do_not_line_up() -> None:
    ragged = CLAIMS.replace(
        "Pending                                      quick          59m", "Pending     quick     59m"
    )
    (claim,) = [one for one in read(ragged).facts if one.kind == "claim" and one["claim"] == "ledger"]
    assert (claim.get("storage_class"), claim.get("volume"), claim.get("age_s")) == ("quick", None, None)
