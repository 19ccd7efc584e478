"""How far a Pod came on its way, as the facts show it."""

from __future__ import annotations

import pytest

from rules.kinds import Fact, fact
from rules.stages import stage_of

POD = "shop/web-0"


def pod(**more: object) -> Fact:
    return fact("pod", pod=POD, **({"phase": "Pending", "assigned": True, "node": "n1", "age_s": 60} | more))  # type: ignore[arg-type]


def container(**more: object) -> Fact:
    return fact("container", pod=POD, container="web", role="main", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "reached"),
    [
        ([pod(assigned=False, node=None)], "accepted"),
        ([pod(), container()], "scheduled"),
        ([pod(), container(state="waiting", reason="ContainerCreating")], "handed-to-kubelet"),
        ([pod(), container(), fact("event", pod=POD, reason="Pulling")], "handed-to-kubelet"),
        ([pod(), container(state="waiting", reason="ImagePullBackOff")], "sandbox"),
        ([pod(), container(state="waiting", reason="CreateContainerConfigError")], "image"),
        ([pod(), container(state="waiting", reason="RunContainerError")], "created"),
        ([pod(phase="Running"), container(state="running")], "started"),
        ([pod(phase="Running", ready=True), container(state="running", ready=True)], "serving"),
    ],
)
def test_the_stage_that_was_reached(facts: list[Fact], reached: str) -> None:
    stage = stage_of(POD, facts, [])
    assert stage is not None
    assert (stage.reached, stage.stopped_by) == (reached, None)


def test_nothing_is_said_of_a_pod_that_nobody_knows() -> None:
    assert stage_of("shop/db-0", [pod()], []) is None
