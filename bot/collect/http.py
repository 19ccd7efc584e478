"""What the API server's and etcd's clients share: why no answer came, and client certificates held in memory."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import Final

import httpx

from rules.errors import KdiagError


class HttpProblem(Exception):
    """A request that brought nothing. `status` is HTTP's (0: no answer came), `error` as in the fact `reach`.

    `said` is what the server or the TLS library said, raw; str() is the reason in words.
    """

    def __init__(self, why: str, status: int = 0, error: str = "", said: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.error = error
        self.said = said
        self.retry_after_s: float | None = None
        self.continue_token = ""
        """To go on listing with, from a 410."""


def load_pair(context: ssl.SSLContext, pair: tuple[bytes, bytes], whose: str) -> None:
    """Gives a TLS context a client certificate and key held in memory, for which ssl knows only files."""
    descriptor, name = tempfile.mkstemp(prefix="kdiag-")  # readable by the owner alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pair[0] + b"\n" + pair[1])
        context.load_cert_chain(name, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        raise KdiagError(f"{whose}: its client certificate and key do not fit or are broken: {error}") from error
    finally:
        Path(name).unlink()


CONNECTION_ERRORS: Final = (httpx.HTTPError, ssl.SSLError, OSError)
"""What a request raises. TLS 1.3 refuses a client's certificate after the handshake, and that comes through raw."""


def connection_problem(server: str, error: Exception) -> HttpProblem:
    """Why no answer came, in words and as the fact `reach` calls it."""
    root: BaseException = error
    while (cause := root.__cause__ or root.__context__) is not None:
        root = cause
    said = str(root) or str(error) or type(error).__name__
    if isinstance(root, ssl.SSLError):
        return HttpProblem(f"no TLS connection to {server}: {said}", error="tls", said=said)
    if isinstance(root, ConnectionRefusedError):
        return HttpProblem(f"{server} refuses the connection", error="refused", said=said)
    if isinstance(error, httpx.ConnectTimeout):
        return HttpProblem(f"{server} cannot be reached (no answer to the connection)", error="timeout", said=said)
    if isinstance(root, OSError) and root.errno in (101, 113):  # ENETUNREACH, EHOSTUNREACH
        return HttpProblem(f"there is no route to {server}", error="no-route", said=said)
    if isinstance(root, OSError) and isinstance(error, httpx.ConnectError):
        name = type(root).__name__
        return HttpProblem(
            f"no connection to {server}: {said}", error="unknown-host" if name == "gaierror" else "", said=said
        )
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return HttpProblem(f"{server} broke the connection off: {said}", error="reset", said=said)
    return HttpProblem(f"no answer from {server}: {said}", said=said)
