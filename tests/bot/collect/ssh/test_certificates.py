"""Where a host's certificates are: which files are named, and that none of them is a key."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.collect.derive import relate
from bot.collect.ssh.certificates import embedded, files_in, files_of_kubeconfig
from bot.collect.ssh.commands import WrongArgument, host_commands
from rules.kinds import Fact, Source
from rules.observations import Observations
from tests.integration.certificates import Authority

FLAGS = (
    "kube-apiserver --tls-cert-file=/srv/k8s/api.pem --tls-private-key-file=/srv/k8s/api-key.pem --cert-dir=/var/run/k8s"
    " --client-ca-file=/srv/k8s/ca.pem --service-account-key-file=/srv/k8s/sa.pub --etcd-certfile /srv/k8s/etcd.pem\n"
    "kubelet --kubeconfig=/etc/kubernetes/kubelet.conf --bootstrap-kubeconfig=/etc/kubernetes/bootstrap.conf\n"
)


def test_flags_name_certificates_and_kubeconfigs_and_no_key_is_among_them() -> None:
    assert files_in(FLAGS) == (
        ["/srv/k8s/api.pem", "/srv/k8s/ca.pem", "/srv/k8s/etcd.pem"],
        ["/etc/kubernetes/kubelet.conf", "/etc/kubernetes/bootstrap.conf"],
    )


def test_units_and_files_of_settings_name_them_too() -> None:
    text = (
        'ExecStart=/usr/bin/kubelet --kubeconfig "/etc/kubernetes/kubelet.kubeconfig" --config=/etc/kubernetes/kubelet.yaml\n'
        "ETCD_CERT_FILE=/etc/etcd/pki/server.crt\nETCD_KEY_FILE=/etc/etcd/pki/server.key\n"
        'ETCD_TRUSTED_CA_FILE="/etc/etcd/pki/ca.crt"\n'
        "    clientCAFile: /etc/kubernetes/pki/ca.crt\ntlsPrivateKeyFile: /srv/a.pem\ntlsCertFile: /srv/kubelet.pem\n"
    )
    assert files_in(text) == (
        ["/etc/etcd/pki/server.crt", "/etc/etcd/pki/ca.crt", "/etc/kubernetes/pki/ca.crt", "/srv/kubelet.pem"],
        ["/etc/kubernetes/kubelet.kubeconfig"],
    )


def test_a_listing_names_both() -> None:
    listing = "/usr/bin/etcd\n/etc/kubernetes/pki/apiserver.crt\n/etc/kubernetes/admin.conf\n"
    assert files_in(listing) == (["/etc/kubernetes/pki/apiserver.crt"], ["/etc/kubernetes/admin.conf"])


def test_the_list_of_well_known_files_holds_no_key() -> None:
    certificates, kubeconfigs = files_in("\n".join(host_commands()["ls-certificates"].run))
    assert len(certificates) > 10 and len(kubeconfigs) > 3
    assert all(path.endswith((".crt", ".pem")) for path in certificates)


@pytest.mark.parametrize(
    "path", ["/etc/kubernetes/pki/../../shadow", "/root/.ssh/id", "/a/ca.key", "a.crt", "/a b", "/a;reboot", "-in", ""]
)
def test_a_path_that_is_none_of_a_certificate_is_refused(path: str) -> None:
    with pytest.raises(WrongArgument):
        host_commands()["openssl-x509"].words({"certificate": path})


def test_a_kubeconfig_names_a_file_or_holds_the_certificate(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("kubelet", "/O=system:nodes/CN=system:node:n1", days=-1)
    data = base64.b64encode(pair.cert.read_bytes()).decode()
    lines = f"    client-certificate: /var/lib/kubelet/pki/a.pem\n    client-certificate-data: {data}\n"
    assert files_of_kubeconfig(lines) == ["/var/lib/kubelet/pki/a.pem"]
    as_json = f'"client-certificate": "/srv/b.crt",\n"client-certificate-data": "{data}",\n'
    assert files_of_kubeconfig(as_json) == ["/srv/b.crt"]
    assert len(list(embedded(as_json, "/a.conf", "n1", None, datetime.now(UTC)))) == 1
    found = list(embedded(lines, "/etc/kubernetes/kubelet.conf", "n1", "n1", datetime.now(UTC)))
    assert [(one["file"], one["expired"], one["expires"]) for one in found] == [
        ("/etc/kubernetes/kubelet.conf", True, "2021-01-01 00:00 UTC")
    ]
    assert "system:node:n1" in str(found[0]["subject"])


def test_data_that_is_no_certificate_says_nothing() -> None:
    assert list(embedded("client-certificate-data: AAAA\n", "/a.conf", "n1", None, datetime.now(UTC))) == []


def test_an_expired_certificate_stands_above_its_daemon_and_node() -> None:
    def of(file: str, subject: str, host: str) -> Fact:
        return Fact("certificate", {"host": host, "file": file, "subject": subject, "expired": True}, Source(host))

    facts = [
        Fact("host", {"host": "m1", "role": "master", "reachable": True}, Source("m1")),
        Fact("node", {"node": "n1", "ready": "Unknown"}, Source("n1")),
        of("/var/lib/kubelet/pki/kubelet-client-current.pem", "O=system:nodes, CN=system:node:n1", "n1"),
        of("/etc/kubernetes/pki/apiserver-kubelet-client.crt", "CN=kube-apiserver-kubelet-client", "m1"),
    ]
    found = {(one.upper, one.lower) for one in relate(Observations(facts=facts))}
    kubelet = "certificate n1:/var/lib/kubelet/pki/kubelet-client-current.pem"
    assert {(kubelet, "node n1"), (kubelet, "unit kubelet on n1")} <= found
    control_plane = "certificate m1:/etc/kubernetes/pki/apiserver-kubelet-client.crt"
    assert {(control_plane, "apiserver"), (control_plane, "unit kube-apiserver on m1")} <= found
    assert (kubelet, "apiserver") not in found
