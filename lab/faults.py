"""The catalogue of faults: how each is made, how it is mended, and what kdiag must find first.

The faults are data, in the files of catalogue/. A step is one of
    {host: HOST, run: SCRIPT}      a shell script in that host, as root
    {host: HOST, expire: FILE}   a certificate of that host, valid until yesterday; `renew` makes it good again
    {kubectl: WORDS}             kubectl as the administrator
    {objects: MANIFEST}          objects to create; healing deletes them
"""

from __future__ import annotations

import os
import shlex
from functools import cache
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from lab import access, cluster, hosts, plan, programs
from lab.certificates import Authority
from lab.shell import LabError, run, say, wait_for

CATALOGUE: Final = plan.SOURCE / "catalogue"
_BROKEN: Final = plan.STATE / "broken"
"""One empty file for each fault that is made and not mended."""


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    host: str = ""
    run: str = ""
    expire: str = ""
    renew: str = ""
    kubectl: str = ""
    objects: str = ""

    @model_validator(mode="after")
    def _one(self) -> Step:
        on_host = (self.run, self.expire, self.renew)
        if sum(map(bool, (*on_host, self.kubectl, self.objects))) != 1 or any(on_host) != (self.host in plan.BY_NAME):
            raise ValueError("a step is {host, run}, {host, expire}, {host, renew}, {kubectl} or {objects}")
        return self

    def take(self) -> bool:
        """Do it; whether it succeeded."""
        if self.run:
            return hosts.execute(plan.BY_NAME[self.host], ["sh", "-euc", self.run], check=False).returncode == 0
        if self.expire or self.renew:
            file = plan.BY_NAME[self.host].root / (self.expire or self.renew).lstrip("/")
            Authority.at(access.PKI).renew(file, (-30, -1) if self.expire else (-1, 365))
            return True
        if self.objects:
            return cluster.kubectl("apply", "--filename", "-", input=self.objects, check=False).returncode == 0
        return cluster.kubectl(*shlex.split(self.kubectl), check=False, timeout_s=120).returncode == 0

    def undo(self) -> None:
        """Delete what it created."""
        if self.objects:
            words = ("delete", "--ignore-not-found", "--filename", "-", "--timeout=90s")
            cluster.kubectl(*words, input=self.objects, timeout_s=120)


class Expected(BaseModel):
    """kdiag's first finding: one of these ids, about this subject."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: list[str] = Field(min_length=1)
    subject: str


class Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    id: str
    what: str
    make: list[Step] = Field(alias="break", min_length=1)
    until: list[Step] = Field(default_factory=list, description="Succeeds once the fault shows.")
    within_s: int = 90
    heal: list[Step] = Field(default_factory=list)
    ask: list[str] = Field(
        default=["summary"], min_length=1, description="What kdiag is asked: summary, `pod NAME` ..."
    )
    context: str = "lab"
    expect: Expected
    repairs: bool = Field(default=False, description="kdiag's first command that changes something mends it.")
    lacking: str = Field(default="", description="What kdiag lacks, where it does not find this first yet.")


@cache
def catalogue() -> dict[str, Fault]:
    """All faults by id. LabError for one that is not well-formed or there twice."""
    found: dict[str, Fault] = {}
    for file in sorted(CATALOGUE.glob("*.yaml")):
        for entry in yaml.safe_load(file.read_text()):
            try:
                fault = Fault.model_validate(entry)
            except ValueError as error:
                raise LabError(f"{file.name}: {entry.get('id')}: {error}") from error
            if fault.id in found:
                raise LabError(f"{file.name}: {fault.id} is there twice")
            found[fault.id] = fault
    return found


def break_(fault: Fault) -> None:
    """Make the fault, and come back when it shows."""
    say(f"break {fault.id}: {fault.what}")
    _BROKEN.mkdir(exist_ok=True)
    (_BROKEN / fault.id).touch()
    for step in fault.make:
        # a namespace that was made just now takes Pods only once its service account is there
        wait_for(f"{fault.id}: this step succeeds: {step}", step.take, 15 if step.objects else 0)
    for step in fault.until:
        wait_for(f"{fault.id} shows ({step.run or step.kubectl})", step.take, fault.within_s, every_s=1)


def heal(fault: Fault) -> None:
    """Mend it, whether or not it is made, and come back when the cluster is well."""
    say(f"heal {fault.id}")
    failed = [step for step in fault.heal if not step.take()]
    for step in fault.make:
        step.undo()
    if failed:
        raise LabError(f"{fault.id}: these steps of healing failed: {failed}")
    cluster.wait_until_well()
    (_BROKEN / fault.id).unlink(missing_ok=True)


def repair(command: str, on: str = "") -> None:
    """Run a command that kdiag gave: from this machine, or on the host it is for. LabError when it fails."""
    paths = (plan.ACCESS / "bin", programs.directory(), os.environ["PATH"])
    env = {**os.environ, "PATH": ":".join(map(str, paths)), "KUBECONFIG": str(plan.ACCESS / "kubeconfig")}
    say(f"repair: {command}" + (f" (on {on})" if on else ""))
    if on:
        hosts.execute(plan.BY_NAME[on], ["bash", "-euc", command])
    else:
        run(["bash", "-euc", command], env=env)


def forget() -> None:
    """Remove the traces of faults that are over, so that one is not taken for the next: events, journals, restarts."""
    for host in plan.HOSTS:
        hosts.shell(host, "journalctl --quiet --rotate --vacuum-time=1s; systemctl reset-failed")
    cluster.kubectl("delete", "events", "--all", "--all-namespaces", timeout_s=120)


def broken() -> list[Fault]:
    """What is made and not mended."""
    return (
        [catalogue()[file.name] for file in _BROKEN.iterdir() if file.name in catalogue()] if _BROKEN.exists() else []
    )
