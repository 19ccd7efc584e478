"""A database of each kind: SQLite, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.store import Store


def _binaries() -> Path | None:
    """Where `initdb` and `postgres` are; Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server that lives as long as the tests. PostgreSQL refuses to run as root, so root lends it a user."""
    binaries = _binaries()
    if binaries is None:
        message = "PostgreSQL is not installed: run scripts/bootstrap postgresql"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="kdiag-postgresql-"))  # pytest's own are closed to other users
    user = getpass.getuser()
    demote: dict[str, int] = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        demote = {"user": nobody.pw_uid, "group": nobody.pw_gid}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        user = "nobody"
    data = folder / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", user, "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"],
        check=True,
        capture_output=True,
        cwd="/",
        **demote,
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-c", "fsync=off"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        **demote,
    )
    try:
        for _ in range(200):
            if (
                subprocess.run(
                    [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], capture_output=True
                ).returncode
                == 0
            ):
                break
            assert server.poll() is None, "postgres ended"
            time.sleep(0.1)
        yield f"postgresql://{user}@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deep' / 'kdiag.db'}"
    url: str = request.getfixturevalue("postgresql")
    name = f"t{abs(hash(request.node.nodeid)) % 10**12}"
    binaries = _binaries()
    assert binaries is not None
    subprocess.run([binaries / "psql", url, "-qc", f"CREATE DATABASE {name}"], check=True)
    return url.removesuffix("/postgres") + f"/{name}"


@pytest.fixture
async def store(storage: str, clock: Clock) -> AsyncIterator[Store]:
    one = Store(storage, clock)
    await one.start()
    yield one
    await one.close()


@pytest.fixture
async def replica(store: Store, storage: str, clock: Clock) -> AsyncIterator[Store]:
    """A second process on the same database."""
    one = Store(storage, clock)
    await one.start()
    yield one
    await one.close()
