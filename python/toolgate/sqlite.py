"""A ledger in an SQLite file, for one machine."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from anyio import to_thread

from ._private import make_private, warn_if_lax_database
from .errors import ToolgateError, make

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SqliteLedger"]

_T = TypeVar("_T")

# "tgld": how a ledger's file is told from any other.
_APPLICATION = 0x74676C64
_VERSION = 1
# How long another process may hold the file.
_PATIENCE_SECONDS = 5.0

# Not STRICT, which SQLite before 3.37 takes for a damaged file; the checks say the same.
_CREATE = """
CREATE TABLE toolgate_ledger(
  key TEXT NOT NULL PRIMARY KEY CHECK (typeof(key) = 'text'),
  record TEXT NOT NULL CHECK (typeof(record) = 'text')
)
"""
_INSERT = "INSERT INTO toolgate_ledger(key, record) VALUES (?, ?) ON CONFLICT(key) DO NOTHING"
_UPDATE = "UPDATE toolgate_ledger SET record = ? WHERE key = ? AND record = ?"
_GET = "SELECT record FROM toolgate_ledger WHERE key = ?"
# The last character of Unicode, which no key holds, ends the range of the prefix.
_ENTRIES = """
SELECT key, record FROM toolgate_ledger
WHERE key >= :prefix AND key < :prefix || char(1114111) AND key > :after ORDER BY key LIMIT :limit
"""


class SqliteLedger:
    """Records in an SQLite file, which any number of processes on one machine share, those of Node too.

    A record is on the disk before the call that it allows is sent. The file is made and opened at the first use, or by
    `async with`; it must lie on a local disk. Every method raises `LedgerError` (`ledger_failed`) that names the
    trouble: a file that is locked, full, read-only, damaged, of a later version, or something else than a ledger.

    The file has mode 0600, as everything that SQLite keeps beside it: previews hold the data of customers. A file that
    others may read, and a folder where anyone may replace it, are warned of (`ToolgateWarning`).

    A process that was forked makes a ledger of its own.

    Example:
        ```python
        async with SqliteLedger("approvals.sqlite") as ledger, connect(profile="favcrm", ledger=ledger) as guard:
            ...
        ```
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Make a ledger over that file."""
        self._path = os.fsdecode(path)
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        # Threads take turns: a connection knows one transaction at a time.
        self._turn = threading.Lock()

    async def __aenter__(self) -> Self:
        await self._run(lambda _: None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the file; the ledger cannot be used any more."""
        await to_thread.run_sync(self._close)

    async def compare_and_set(self, key: str, expected: str | None, record: str) -> bool:
        """Store `record` if the key holds `expected`."""

        def work(connection: sqlite3.Connection) -> bool:
            if expected is None:
                return connection.execute(_INSERT, (key, record)).rowcount == 1
            return connection.execute(_UPDATE, (record, key, expected)).rowcount == 1

        return await self._run(work)

    async def get(self, key: str) -> str | None:
        """Return what the key holds."""

        def work(connection: sqlite3.Connection) -> str | None:
            row: tuple[str] | None = connection.execute(_GET, (key,)).fetchone()
            return None if row is None else row[0]

        return await self._run(work)

    async def entries(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, str]]:
        """Return the keys that begin with `prefix`, with their records, in the keys' order."""

        def work(connection: sqlite3.Connection) -> list[tuple[str, str]]:
            return connection.execute(_ENTRIES, {"prefix": prefix, "after": after, "limit": limit}).fetchall()

        return await self._run(work)

    async def _run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        # Not abandoned when the task is cancelled: a write either happened or did not, by the time of the next one.
        return await to_thread.run_sync(self._take_turn, work)

    def _take_turn(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._turn:
            if self._closed:
                raise make("ledger_failed", "The ledger is closed; make a new one.")
            try:
                if self._connection is None:
                    self._connection = _open(self._path)
                return work(self._connection)
            except sqlite3.Error as error:
                raise _trouble(error) from None

    def _close(self) -> None:
        with self._turn:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _open(path: str) -> sqlite3.Connection:
    # SQLite itself would make the file for everyone to read.
    name = path if path == ":memory:" else _made(path)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        connection = sqlite3.connect(
            name, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False, uri=name != path
        )
        try:
            _prepare(connection)
        except BaseException as error:
            connection.close()
            # SQLite itself does not wait for whoever switches the file to write-ahead logging at the same moment.
            if not isinstance(error, sqlite3.Error) or _kind(error) != "BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            if name != path:
                warn_if_lax_database("The ledger", path)
            return connection


def _made(path: str) -> str:
    """Make the file if need be; return its address, by which SQLite makes none."""
    try:
        make_private(path)
    except OSError as error:
        kind = "FULL" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "CANTOPEN"
        raise make("ledger_failed", _TROUBLES[kind]) from None
    return Path(path).absolute().as_uri() + "?mode=rw"


def _prepare(connection: sqlite3.Connection) -> None:
    if _version(connection) == 0:
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have been faster.
        if _version(connection) == 0:
            connection.execute(_CREATE)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")
    [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise make("ledger_failed", "The ledger's SQLite file cannot have a write-ahead log; put it on a local disk.")
    connection.execute("PRAGMA synchronous = FULL")
    # What it takes on macOS to reach the disk itself; nothing elsewhere.
    connection.execute("PRAGMA fullfsync = ON")


def _version(connection: sqlite3.Connection) -> int:
    """Return the version of the ledger in the file, 0 for a file that holds nothing yet."""
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (application, version, tables) == (0, 0, 0):
        return 0
    if application != _APPLICATION:
        raise make("ledger_failed", "The SQLite file holds something else than a ledger; give another path.")
    if version > _VERSION:
        told = f"The ledger's SQLite file is of version {version}, and this toolgate knows version {_VERSION}"
        raise make("ledger_failed", f"{told}; update toolgate.")
    return int(version)


_TROUBLES = {
    "BUSY": "The ledger's SQLite file is locked by another process; let that one finish.",
    "CANTOPEN": "The ledger's SQLite file cannot be opened; its folder must exist, and this process may write there.",
    "CORRUPT": "The ledger's SQLite file is damaged; move it away, begin a new one, and ask for open approvals anew.",
    "FULL": "The ledger's SQLite file cannot grow; make room on its disk.",
    "IOERR": "The disk of the ledger's SQLite file does not read or write; look whether it is full or broken.",
    "NOTADB": "The ledger's file is no SQLite database; give another path.",
    "READONLY": "The ledger's SQLite file is read-only; let this process write to it and to its folder.",
}


def _kind(error: sqlite3.Error) -> str:
    name: str = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
    return name.split("_")[1]


def _trouble(error: sqlite3.Error) -> ToolgateError:
    kind = _kind(error)
    return make("ledger_failed", _TROUBLES.get(kind, f"SQLite failed (SQLITE_{kind})."))
