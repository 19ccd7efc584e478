"""Where a host keeps its certificates: in files that a listing or the daemons' flags name, or inside kubeconfigs.

Only certificates are read, which are public; the keys beside them never are.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from bot.read.certificates import certificate
from rules.kinds import Fact, Source, fact

MAX_FILES: Final = 60
_LISTED: Final = re.compile(r"^(/\S{1,400}\.(?:crt|pem|conf))$", re.MULTILINE)
_SETTING: Final = re.compile(r"(?<![\w-])-{0,2}([A-Za-z][\w-]{3,60})(?:=| |: {0,4})[\"']?(/[^\s,;\"']{1,400})")
"""A flag, a variable of an environment or a line of YAML that names a file."""
_OF_CERTIFICATE: Final = re.compile(r"(cert|ca|clientca)file$|clientcertificate$")
_EMBEDDED: Final = re.compile(r"client-certificate-data[\"']?: *[\"']?([A-Za-z0-9+/=]{1,100000})")
_NAMED: Final = re.compile(r"client-certificate[\"']?: *[\"']?(/[^\s\"']{1,400})")


def files_in(text: str) -> tuple[list[str], list[str]]:
    """(certificates, kubeconfigs) that a listing of paths, command lines, units or settings of daemons name."""
    paths = _LISTED.findall(text)
    certificates = [path for path in paths if not path.endswith(".conf")]
    kubeconfigs = [path for path in paths if path.endswith(".conf")]
    for written, path in _SETTING.findall(text):
        name = re.sub("[_-]", "", written).lower()
        if name.endswith("kubeconfig"):
            kubeconfigs.append(path)
        elif _OF_CERTIFICATE.search(name):
            certificates.append(path)
    return list(dict.fromkeys(certificates))[:MAX_FILES], list(dict.fromkeys(kubeconfigs))[:MAX_FILES]


def files_of_kubeconfig(text: str) -> list[str]:
    """The files of client certificates that lines of a kubeconfig name."""
    return list(dict.fromkeys(_NAMED.findall(text)))


def embedded(text: str, file: str, host: str, node: str | None, now: datetime) -> Iterator[Fact]:
    """The client certificates that lines of a kubeconfig hold themselves."""
    from cryptography import x509  # takes long to load: only where a kubeconfig is read

    for data in dict.fromkeys(_EMBEDDED.findall(text)):
        try:
            found = x509.load_pem_x509_certificate(base64.b64decode(data))
        except ValueError:
            continue
        subject, issuer = (", ".join(part.rfc4514_string() for part in of) for of in (found.subject, found.issuer))
        about = certificate(subject, issuer, found.not_valid_after_utc, now)
        yield fact(
            "certificate", Source(f"{host}: {file}", "client-certificate-data", f"{subject}, until {about['expires']}"),
            host=host, node=node, file=file, **about,
        )  # fmt: skip
