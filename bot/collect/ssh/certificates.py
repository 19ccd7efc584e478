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
_LISTED: Final = re.compile(r"^(/\S{1,400})$", re.MULTILINE)
_FLAG: Final = re.compile(r"\s--?([a-z][a-z-]{1,60})[= ](/[^\s,;\"']{1,400})")
_CERTIFICATE_FLAG: Final = re.compile(r"cert|ca-?file$")
_NO_CERTIFICATE: Final = re.compile(r"key|-dir$")
_EMBEDDED: Final = re.compile(r"client-certificate-data: *([A-Za-z0-9+/=]{1,100000})")
_NAMED: Final = re.compile(r"client-certificate: *[\"']?(/[^\s\"']{1,400})")


def files_in(text: str) -> tuple[list[str], list[str]]:
    """(certificates, kubeconfigs) that a listing of paths, or command lines of daemons, name."""
    paths = _LISTED.findall(text)
    certificates = [path for path in paths if not path.endswith(".conf")]
    kubeconfigs = [path for path in paths if path.endswith(".conf")]
    for flag, path in _FLAG.findall(text):
        if "kubeconfig" in flag:
            kubeconfigs.append(path)
        elif _CERTIFICATE_FLAG.search(flag) and not _NO_CERTIFICATE.search(flag):
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
