"""What is in deploy/ is valid for the Kubernetes API, hardened, and names nothing that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

DEPLOY = Path(__file__).parent.parent / "deploy"
KUSTOMIZATION = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
OBJECTS: list[dict[str, Any]] = [
    one for file in KUSTOMIZATION["resources"] for one in yaml.safe_load_all((DEPLOY / file).read_text()) if one
]


def the(kind: str) -> dict[str, Any]:
    return next(one for one in OBJECTS if one["kind"] == kind)


@pytest.mark.parametrize("index", range(len(OBJECTS)))
def test_every_object_is_valid(index: int) -> None:
    try:
        kubernetes_validate.validate(OBJECTS[index], "1.31", strict=True)
    except jsonschema.ValidationError as error:
        pytest.fail(f"{OBJECTS[index]['kind']}: {error.message}")


def test_the_bot_may_only_read_and_no_secrets() -> None:
    for rule in the("ClusterRole")["rules"]:
        assert set(rule["verbs"]) <= {"get", "list"}
        assert "secrets" not in rule.get("resources", ())


def test_the_pod_is_hardened() -> None:
    pod = the("Deployment")["spec"]["template"]["spec"]
    assert (
        pod["securityContext"]["runAsNonRoot"]
        and pod["serviceAccountName"] == the("ServiceAccount")["metadata"]["name"]
    )
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    secrets = [one for one in container["env"] if one["name"].startswith("SLACK_")]
    assert secrets and all("secretKeyRef" in one["valueFrom"] for one in secrets)
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_selectors_meet_the_pod() -> None:
    deployment = the("Deployment")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"].items() <= labels.items()
    assert the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels.items()


def test_the_files_that_are_named_are_there() -> None:
    for generator in KUSTOMIZATION["configMapGenerator"]:
        assert all((DEPLOY / name).is_file() for name in generator["files"])
    assert (DEPLOY.parent / "bot" / "slack" / "manifest.yaml").read_text() == (
        DEPLOY.parent / "slack" / "manifest.yaml"
    ).read_text()
