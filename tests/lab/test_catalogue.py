"""What can be known of the lab without starting it: its catalogue, its pins, its certificates."""

from __future__ import annotations

import itertools
import tarfile
from pathlib import Path

import pytest
from cryptography import x509
from pydantic import ValidationError

from bot.config import load_settings
from lab import containers, faults, plan, programs
from lab.certificates import Authority
from lab.faults import Step
from rules.knowledge import load

FAULTS = list(faults.catalogue().values())


def test_each_fault_expects_findings_that_exist() -> None:
    known = {entry.id for entry in load().entries}
    assert {name for fault in FAULTS for name in fault.expect.id} <= known


def test_each_fault_can_be_mended() -> None:
    assert [fault.id for fault in FAULTS if not fault.heal and not any(step.objects for step in fault.make)] == []


@pytest.mark.parametrize(
    "step", [{}, {"run": "true"}, {"host": "nobody", "run": "true"}, {"kubectl": "a", "objects": "b"}]
)
def test_a_step_does_one_thing_in_a_host_that_there_is(step: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate(step)


@pytest.mark.parametrize(
    ("module", "package", "version"),
    [
        ("kubernetes", "k8s.io/kubernetes", plan.KUBERNETES),
        ("crictl", "sigs.k8s.io/cri-tools", programs.CRICTL),
        ("coredns", "github.com/coredns/coredns", programs.COREDNS),
        ("kuberouter", "github.com/cloudnativelabs/kube-router/v2", programs.KUBE_ROUTER),
        ("flannel", "github.com/flannel-io/flannel", programs.FLANNEL),
    ],
)
def test_programs_are_of_the_pinned_versions(module: str, package: str, version: str) -> None:
    lines = (plan.SOURCE / module / "go.mod").read_text().splitlines()
    words = [line.split() for line in lines if not line.startswith("//")]
    pinned = {after for line in words for name, after in itertools.pairwise(line) if name == package}
    assert pinned == {version}


def test_kdiag_yaml_of_the_lab_is_valid_and_names_its_hosts() -> None:
    config = load_settings(plan.SOURCE / "kdiag.yaml")
    for cluster in config.clusters.values():
        assert {name: host.address for name, host in cluster.hosts.items()} == {
            host.name: host.address for host in plan.HOSTS
        }


def test_a_certificate_is_signed_by_the_authority_and_names_its_server(tmp_path: Path) -> None:
    authority = Authority.at(tmp_path)
    pair = authority.issue(tmp_path / "server", "etcd", names=("master", "10.77.0.10"))
    certificate = x509.load_pem_x509_certificate(pair.cert.read_bytes())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pair.cert.read_bytes()))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["master"]
    assert pair.key.stat().st_mode & 0o077 == 0


def test_an_authority_is_made_once(tmp_path: Path) -> None:
    first = Authority.at(tmp_path).pair.cert.read_bytes()
    assert Authority.at(tmp_path).pair.cert.read_bytes() == first


def test_no_layer_of_an_image_has_a_path_twice(tmp_path: Path) -> None:
    program = tmp_path / "coredns"
    program.write_bytes(b"a program")
    archive = containers.archive(program, program, tmp_path / "images.tar")
    with tarfile.open(archive) as images:
        for name in ("tools.tar", "dns.tar"):
            with tarfile.open(fileobj=images.extractfile(name)) as layer:
                paths = layer.getnames()
            assert len(paths) == len(set(paths))
