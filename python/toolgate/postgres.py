"""A ledger in PostgreSQL, for many machines."""

from __future__ import annotations

import importlib
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import anyio

from .errors import ToolgateError, make

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

__all__ = ["PostgresLedger", "PostgresPool"]

_T = TypeVar("_T")

# How long PostgreSQL may take for one operation, connecting included.
_PATIENCE_SECONDS = 10.0
# A connection that was idle for longer may be gone; one that fails in a write leaves open what became of it.
_FRESH_SECONDS = 1.0
# Under stricter isolation than READ COMMITTED whoever is second gets an error in place of no row.
_ATTEMPTS = 5

_IDENTITY = "toolgate ledger, version "
_VERSION = 1
_FIND = "SELECT to_regclass('toolgate_ledger') IS NOT NULL, obj_description(to_regclass('toolgate_ledger'), 'pg_class')"
_CREATE = f"""
DO $$ BEGIN
  PERFORM pg_advisory_xact_lock({0x74676C64});
  IF to_regclass('toolgate_ledger') IS NULL THEN
    CREATE TABLE toolgate_ledger (key text COLLATE "C" PRIMARY KEY, record text COLLATE "C" NOT NULL);
    COMMENT ON TABLE toolgate_ledger IS '{_IDENTITY}{_VERSION}';
  END IF;
END $$
"""
# Set for this transaction alone: the record is on the disk when the commit returns, whatever the connection's default.
_DURABLE = """
WITH durable AS (SELECT set_config('synchronous_commit',
  CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true))
"""
_INSERT = f"""{_DURABLE}
INSERT INTO toolgate_ledger (key, record) SELECT %s::text, %s::text FROM durable ON CONFLICT (key) DO NOTHING
"""  # noqa: S608
_UPDATE = f"{_DURABLE} UPDATE toolgate_ledger SET record = %s FROM durable WHERE key = %s AND record = %s"  # noqa: S608
_GET = "SELECT record FROM toolgate_ledger WHERE key = %s"
_ENTRIES = """
SELECT key, record FROM toolgate_ledger WHERE starts_with(key, %s) AND key > %s ORDER BY key LIMIT %s
"""


class PostgresPool(Protocol):
    """What is needed of a pool of connections, such as `psycopg_pool.AsyncConnectionPool`."""

    def connection(self) -> AbstractAsyncContextManager[Any]:
        """Lend a psycopg `AsyncConnection`; commit when it is given back."""
        ...


class PostgresLedger:
    """Records in PostgreSQL (12 or later), which any number of processes and machines share, those of Node too.

    A record is on the server's disk before the call that it allows is sent. `create` makes the table once; in daily use
    the user needs no more than SELECT, INSERT and UPDATE on it. It runs on asyncio, as psycopg does. Every method
    raises `LedgerError` (`ledger_failed`) that names the trouble and holds nothing of the connection string.

    Example:
        ```python
        async with PostgresLedger(os.environ["DATABASE_URL"]) as ledger:
            await ledger.create()
        ```
    """

    def __init__(self, where: str | PostgresPool) -> None:
        """Make a ledger.

        Args:
            where: A connection string, or an open pool of yours. By a connection string the ledger has one connection,
                opened at the first use; whoever approves much gives a pool.

        Raises:
            OptionsError: It is neither, or psycopg is not installed.
        """
        if not isinstance(where, str) and not hasattr(where, "connection"):
            raise make("invalid_options", "A connection string or a pool is needed.")
        try:
            self._psycopg = importlib.import_module("psycopg")
        except ImportError as missing:
            raise make(
                "invalid_options", "PostgresLedger needs psycopg: run `pip install 'toolgate[postgres]'`."
            ) from missing
        self._where = where
        self._connection: Any = None
        self._used = 0.0
        self._turn = anyio.Lock()
        self._found = False
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the ledger's own connection; a pool stays as it is."""
        self._closed = True
        async with self._turn:
            await self._drop()

    async def create(self) -> None:
        """Make the table `toolgate_ledger`, if there is none."""

        async def work(connection: Any) -> None:
            await connection.execute(_CREATE, prepare=False)

        await self._run(work)

    async def compare_and_set(self, key: str, expected: str | None, record: str) -> bool:
        """Store `record` if the key holds `expected`."""

        async def work(connection: Any) -> bool:
            if expected is None:
                return await self._count(connection, _INSERT, (key, record))
            return await self._count(connection, _UPDATE, (record, key, expected))

        return await self._run(work)

    async def get(self, key: str) -> str | None:
        """Return what the key holds."""

        async def work(connection: Any) -> str | None:
            rows = await self._rows(connection, _GET, (key,))
            return rows[0][0] if rows else None

        return await self._run(work)

    async def entries(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, str]]:
        """Return the keys that begin with `prefix`, with their records, in the keys' order."""

        async def work(connection: Any) -> list[tuple[str, str]]:
            return [(key, record) for key, record in await self._rows(connection, _ENTRIES, (prefix, after, limit))]

        return await self._run(work)

    async def _count(self, connection: Any, statement: str, values: tuple[object, ...]) -> bool:
        await self._find(connection)
        cursor = await connection.execute(statement, values, prepare=False)
        return bool(cursor.rowcount == 1)

    async def _rows(self, connection: Any, statement: str, values: tuple[object, ...]) -> list[Any]:
        await self._find(connection)
        cursor = await connection.execute(statement, values, prepare=False)
        rows: list[Any] = await cursor.fetchall()
        return rows

    async def _find(self, connection: Any) -> None:
        if self._found:
            return
        there, comment = await (await connection.execute(_FIND, prepare=False)).fetchone()
        if not there:
            raise make("ledger_failed", _MISSING)
        version = (comment or "").removeprefix(_IDENTITY)
        if not version.isdigit() or version == comment:
            raise make(
                "ledger_failed", "The table toolgate_ledger is something else than a ledger; use another schema."
            )
        if int(version) > _VERSION:
            told = f"The table toolgate_ledger is of version {version}, and this toolgate knows version {_VERSION}"
            raise make("ledger_failed", f"{told}; update toolgate.")
        self._found = True

    async def _run(self, work: Callable[[Any], Awaitable[_T]]) -> _T:
        if self._closed:
            raise make("ledger_failed", "The ledger is closed; make a new one.")
        trouble = make("ledger_failed", _LATE)
        for _ in range(_ATTEMPTS):
            try:
                with anyio.fail_after(_PATIENCE_SECONDS):
                    async with self._lent() as connection:
                        done = await work(connection)
            except self._psycopg.Error as error:
                trouble = _trouble(error.sqlstate)
                if error.sqlstate != "40001":
                    break
            except TimeoutError:
                break
            else:
                return done
        # Outside of the handlers: psycopg's own error may quote the connection string, and would come along as context.
        raise trouble

    @asynccontextmanager
    async def _lent(self) -> AsyncGenerator[Any]:
        if not isinstance(self._where, str):
            async with self._where.connection() as connection:
                yield connection
            return
        async with self._turn:
            await self._refresh(self._where)
            try:
                yield self._connection
                self._used = time.monotonic()
            except ToolgateError:
                raise
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await self._drop()
                raise

    async def _refresh(self, conninfo: str) -> None:
        if self._connection is not None and time.monotonic() - self._used > _FRESH_SECONDS:
            try:
                await self._connection.execute("", prepare=False)
            except self._psycopg.Error:
                await self._drop()
        if self._connection is None:
            self._connection = await self._psycopg.AsyncConnection.connect(conninfo, autocommit=True)

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


_MISSING = "The table toolgate_ledger is missing; call `create()` once."
_LATE = "PostgreSQL did not answer in time; look what it waits for, and whether the network lets it answer."
_UNREACHED = (
    "PostgreSQL was not reached, or refused the connection; look whether it runs, and check the address, the database, "
    "the user and the password."
)
_TROUBLES = {
    "25006": "PostgreSQL is read-only here; connect to the primary, as a user who may write.",
    "42501": "PostgreSQL does not let this user do that; grant SELECT, INSERT and UPDATE on toolgate_ledger.",
    "42P01": _MISSING,
    "53100": "PostgreSQL's disk is full; make room there.",
    "55P03": _LATE,
    "57014": _LATE,
}
# Connections that break, credentials, databases that are not there, too many connections, shutting down, starting.
_CONNECTION = ("08", "28", "3D", "53300", "57P")


def _trouble(sqlstate: str | None) -> ToolgateError:
    if sqlstate is None or sqlstate.startswith(_CONNECTION):
        return make("ledger_failed", _UNREACHED)
    return make("ledger_failed", _TROUBLES.get(sqlstate, f"PostgreSQL refused the statement (SQLSTATE {sqlstate})."))
