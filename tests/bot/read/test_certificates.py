"""What openssl prints of a certificate, in the spellings of its versions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.read import read
from rules.kinds import Fact

NOW = datetime(2025, 6, 10, 12, tzinfo=UTC)


def certificates(text: str, now: datetime | None = NOW) -> list[Fact]:
    return [one for one in read(text, now=now).facts if one.kind == "certificate"]


@pytest.mark.parametrize(
    "subject",
    ["O = system:nodes, CN = system:node:n7", "O=system:nodes, CN=system:node:n7", "/O=system:nodes/CN=system:node:n7"],
)
def test_an_expired_certificate_with_its_file(subject: str) -> None:
    found = certificates(
        "[root@n7 ~]# openssl x509 -noout -subject -issuer -enddate -in /var/lib/kubelet/pki/kubelet-client-current.pem\n"
        f"subject={subject}\n"
        "issuer=CN = kubernetes\n"
        "notAfter=Jun  9 12:00:00 2025 GMT\n"
    )
    assert [dict(one.attributes) for one in found] == [
        {
            "host": "n7",
            "file": "/var/lib/kubelet/pki/kubelet-client-current.pem",
            "subject": "O=system:nodes, CN=system:node:n7",
            "issuer": "CN=kubernetes",
            "expires": "2025-06-09 12:00 UTC",
            "expires_in_s": -86400,
            "expired": True,
        }
    ]


def test_one_that_is_valid() -> None:
    found = certificates("$ openssl x509 -noout -enddate -in a.crt\nnotAfter=Jun 11 12:00:00 2025 GMT\n")
    assert [(one["file"], one["expires_in_s"], one["expired"]) for one in found] == [("a.crt", 86400, False)]


def test_without_a_clock_nothing_is_judged() -> None:
    found = certificates("notBefore=Jun 11 12:00:00 2024 GMT\nnotAfter=Jun 11 12:00:00 2025 GMT\n", now=None)
    assert [one.get("expired") for one in found] == [None]
    assert found[0]["expires"] == "2025-06-11 12:00 UTC"


@pytest.mark.parametrize(
    "text", ["notAfter=soon", "subject=CN = a\nissuer=CN = b", "notAfter=Jun 31 12:00:00 2025 GMT"]
)
def test_what_has_no_date_is_no_certificate(text: str) -> None:
    assert certificates(text) == []
