"""The connection to the database, and the migrations it is brought up to date with."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from rules.errors import KdiagError

MIGRATIONS: Final = Path(__file__).parent / "migrations"
DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
MIGRATION_LOCK: Final = 0x6B64696167
"""PostgreSQL's advisory lock while a replica migrates, so that the others wait."""
BUSY_S: Final = 10
POOL: Final = 6
"""Connections, all kept: each of SQLite is a thread, and threads that come and go cost memory."""

Clock = Callable[[], float]


def default_url() -> str:
    """SQLite in the user's data directory."""
    folder = os.environ.get("XDG_DATA_HOME") or (Path.home() / ".local/share")
    return f"sqlite:///{Path(folder) / 'kdiag' / 'kdiag.db'}"


def async_url(storage: str) -> URL:
    """The URL of `storage:` with the asynchronous driver. KdiagError if it is of no supported database."""
    try:
        url = make_url(storage or default_url())
    except ArgumentError:
        raise KdiagError("storage: this is no URL like sqlite:////var/lib/kdiag/kdiag.db or postgresql://…") from None
    name = url.drivername.partition("+")[0]
    if name not in DRIVERS:
        raise KdiagError(f"storage: {name} is not supported: sqlite:///PATH or postgresql://USER@HOST/NAME")
    return url.set(drivername=DRIVERS[name])


class Database:
    """One engine for all tables. `clock` gives seconds since 1970."""

    def __init__(self, storage: str = "", clock: Clock = time.time) -> None:
        self.url = async_url(storage)
        self.clock = clock
        self.engine: AsyncEngine = create_async_engine(
            self.url, pool_pre_ping=True, hide_parameters=True, pool_size=POOL, max_overflow=0
        )
        if self.url.drivername == "sqlite+aiosqlite":
            event.listen(self.engine.sync_engine, "connect", _set_up_sqlite)

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    async def start(self) -> None:
        """Create what is missing and migrate. KdiagError when the database cannot be used."""
        if self.url.drivername == "sqlite+aiosqlite" and self.url.database:
            try:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise KdiagError(f"storage: cannot create {self.url.database}: {error.strerror}") from error
        try:
            async with self.engine.begin() as connection:
                await connection.run_sync(migrate)
        except (SQLAlchemyError, OSError) as error:
            raise KdiagError(f"storage: {self.shown} cannot be used: {_reason(error)}") from error

    async def close(self) -> None:
        await self.engine.dispose()

    async def ping(self) -> None:
        """Raises what the driver raises when the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def insert_new(self, connection: AsyncConnection, table: Table, **values: Any) -> bool:
        """Insert unless a row with the key exists. True if it was inserted: whoever gets True has the claim."""
        make = sqlite.insert if self.url.drivername == "sqlite+aiosqlite" else postgresql.insert
        done = await connection.execute(make(table).values(**values).on_conflict_do_nothing())
        return done.rowcount == 1

    async def upsert(self, connection: AsyncConnection, table: Table, keys: tuple[str, ...], **values: Any) -> None:
        """Insert, or overwrite the row with the same `keys`."""
        make = sqlite.insert if self.url.drivername == "sqlite+aiosqlite" else postgresql.insert
        changed = {name: value for name, value in values.items() if name not in keys}
        await connection.execute(
            make(table).values(**values).on_conflict_do_update(index_elements=list(keys), set_=changed)
        )


def migrate(connection: Connection) -> None:
    """Bring the database to the newest revision, within the caller's transaction. Other processes wait meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver would begin only with the first row written
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for setting in (f"busy_timeout={BUSY_S * 1000}", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {setting}")
    # Kept in the file by the first that comes; whoever comes at the same moment is refused, and finds it set.
    with contextlib.suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _reason(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
