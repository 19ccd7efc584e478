"""Steps that would change a bare Pod or a Job in place."""

from __future__ import annotations

import pytest

from rules.findings import FixStep
from rules.inplace import feasible
from rules.kinds import fact

BARE = fact("pod", pod="shop/web-0", owned=False)
OWNED = fact("pod", pod="shop/web-0", owned=True)


def steps(*commands: str) -> list[FixStep]:
    return [FixStep(each, {"en": "Why.", "ja": "理由。"}, "change") for each in commands]


@pytest.mark.parametrize(
    "command",
    [
        "kubectl edit pod/web-0 -n shop",
        "kubectl patch pod/web-0 --type=merge -p '{}' -n shop",
        "kubectl set resources pod/web-0 -c app --limits=memory=1Gi -n shop",
        "kubectl rollout restart pod/web-0 -n shop",
    ],
)
def test_a_bare_pod_is_made_anew(command: str) -> None:
    (step,) = feasible(steps(command, "kubectl edit pod/web-0 -n shop"), [BARE], "shop")
    assert step.command.splitlines()[0] == "kubectl get pod web-0 -o yaml -n shop > web-0.yaml"
    assert step.command.splitlines()[1].startswith("kubectl replace --force -f web-0.yaml")
    assert step.risk == "destructive"
    assert step.note["en"].startswith("Why. ") and len(step.note["ja"]) > len("理由。")


@pytest.mark.parametrize(
    "command",
    [
        "kubectl set image pod/web-0 app=web:2 -n shop",
        "kubectl logs web-0 -n shop",
        "kubectl edit deployment/web -n shop",
        "kubectl describe pod web-0 -n shop",
    ],
)
def test_what_is_possible_stays(command: str) -> None:
    wanted = steps(command)
    assert list(feasible(wanted, [BARE], "shop")) == wanted


def test_a_pod_that_may_have_a_controller_stays() -> None:
    wanted = steps("kubectl edit pod/web-0")
    assert list(feasible(wanted, [OWNED], None)) == wanted
    assert list(feasible(wanted, [], None)) == wanted


def test_a_jobs_template_is_never_changed_in_place() -> None:
    (step,) = feasible(steps("kubectl set env job/load KEY=1 -n etl"), [], "etl")
    assert "kubectl replace --force -f load.yaml -n etl" in step.command


@pytest.mark.parametrize("command", ["kubectl rollout undo job/load -n etl", "kubectl scale pod/web-0 --replicas=2"])
def test_what_neither_has_is_left_out(command: str) -> None:
    assert feasible(steps(command), [BARE], "shop") == ()


def test_a_jobs_image_cannot_be_changed_but_a_pods_can() -> None:
    (step,) = feasible(steps("kubectl set image job/load app=load:2 -n etl"), [], "etl")
    assert "replace --force" in step.command


def test_a_step_for_the_controller_that_a_bare_pod_lacks_is_left_out() -> None:
    assert feasible(steps("kubectl rollout undo <workload> -n shop"), [BARE], "shop") == ()
