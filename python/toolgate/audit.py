"""The audit: every decision and outcome as a line of JSON, chained by hashes.

A line is durable before the step that it tells of is performed. When it cannot be stored, nothing is sent, and
nothing more goes out until another guard is attached.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import stat
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

import anyio
from anyio import to_thread

from . import _native
from ._lock import FileLock, LockError
from ._private import make_private, set_private, warn_if_lax, warn_if_lax_database
from .errors import make, raise_refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from .types import AuditReport

__all__ = ["Audit", "AuditSink", "FileAudit", "Recorder", "SqliteAudit", "verify_audit"]

# How long a sink may take for what is waiting; after that it counts as failed.
_SINK_SECONDS = 60.0
_BLOCK = 64 * 1024


@runtime_checkable
class AuditSink(Protocol):
    """Where the audit's lines are kept, in the order in which they come. One guard at a time writes to a sink."""

    async def last(self) -> str | None:
        """Return the last line that is stored, as it stands there; `None` if there is none."""
        ...

    async def append(self, line: str) -> None:
        """Store one line, which has no line end, durably; raise if that cannot be done."""
        ...


@dataclass(frozen=True)
class Audit:
    """How a guard keeps its audit.

    Attributes:
        sink: Where the lines go. A function that takes a line may stand here; its chain begins anew each time.
        redact: JSON Pointers to what no line may show, in arguments and in results, at whatever depth; `*` is any
            one part.
    """

    sink: AuditSink | Callable[[str], Awaitable[None]]
    redact: Sequence[str] = ()


class FileAudit:
    """Lines at the end of a file that only its owner may read, each on the disk before the guard goes on.

    While it is open, a file beside it with the ending `.lock` keeps a second sink out, in this process and in others of
    either language. Before each line it makes sure that the lock is still its own, that the file of that name is still
    the one that it opened, and that the file ends as it left it. Whatever else it finds stops the guard with
    `audit_failed`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the file, or create it with mode 0600.

        Warns (`ToolgateWarning`) of a file that others may read, and of a folder where anyone may replace it.

        Args:
            path: A file, no symbolic link: who may make links in its folder must not choose where the audit goes.

        Raises:
            AuditError: It cannot be opened for writing, or another sink has it open.
        """
        self._path = os.path.abspath(os.fsdecode(path))
        self._is_taken = False
        try:
            self._lock = FileLock(f"{self._path}.lock")
        except (OSError, LockError) as error:
            raise _failed(f"The audit's file cannot be locked: {_words(error)}.") from None
        try:
            self._file = _open(self._path)
            self._size = os.fstat(self._file).st_size
            # The last line with its end, or what there is of it.
            self._tail = self._read_tail()
        except (OSError, _BrokenError) as error:
            self._lock.release()
            raise _failed(f"The audit's file cannot be opened ({_words(error)}).") from None
        warn_if_lax("The audit", self._path)

    async def last(self) -> str | None:
        """Return the last line, even if it was cut off."""
        return await to_thread.run_sync(self._last)

    async def append(self, line: str) -> None:
        """Write the line and wait until it is on the disk."""
        await to_thread.run_sync(self._append, line)

    def close(self) -> None:
        """Close the file, so that another sink may open it."""
        self._lock.release()
        os.close(self._file)

    def _last(self) -> str | None:
        # Whoever reads it now would go on from there, and the guard that wrote could not.
        if self._is_taken:
            raise _BrokenError(_IN_USE)
        self._check()
        return self._tail.rstrip(b"\n").decode(errors="replace") or None

    def _append(self, line: str) -> None:
        self._is_taken = True
        self._check()
        _follows(line, _hash_of(self._tail))
        cut = b"\n" if self._tail and not self._tail.endswith(b"\n") else b""
        text = (line + "\n").encode()
        written = 0
        try:
            rest = memoryview(cut + text)
            while rest:
                count = os.write(self._file, rest)
                written += count
                rest = rest[count:]
            os.fsync(self._file)
        except OSError:
            self._shorten(written)
            raise
        self._size += written
        self._tail = text
        # Whoever wrote at the same moment, though the lock was this one's, must not go unnoticed.
        if os.fstat(self._file).st_size != self._size:
            raise _BrokenError(_FORKED)

    def _check(self) -> None:
        if not self._lock.is_held():
            raise _BrokenError("the audit's lock was taken or removed while it was in use")
        opened = os.fstat(self._file)
        try:
            named = os.lstat(self._path)
        except FileNotFoundError:
            named = None
        if named is None or (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino):
            raise _BrokenError("the audit's file was renamed, removed or replaced")
        if opened.st_size < self._size:
            raise _BrokenError("the audit's file was cut short")
        if opened.st_size > self._size:
            raise _BrokenError(_FORKED)
        if os.pread(self._file, len(self._tail), self._size - len(self._tail)) != self._tail:
            raise _BrokenError("the audit's last line was changed")

    def _read_tail(self) -> bytes:
        start = self._size
        tail = b""
        while start > 0 and b"\n" not in tail[:-1]:
            length = min(_BLOCK, start)
            start -= length
            tail = os.pread(self._file, length, start) + tail
        return tail[tail.rfind(b"\n", 0, -1) + 1 :]

    def _shorten(self, written: int) -> None:
        """Remove half a line, which would keep the next guard from going on; another's line is not ours to remove."""
        # Why the line could not be written is what counts.
        with suppress(OSError):
            if os.fstat(self._file).st_size == self._size + written:
                os.ftruncate(self._file, self._size)


class SqliteAudit:
    """Lines in the table `toolgate_audit` of an SQLite database, each committed before the guard goes on.

    A second guard that writes to the same table is found out by the first line that both write.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the database, or create it with mode 0600.

        Warns (`ToolgateWarning`) of a database that others may read, and of a folder where anyone may replace it.

        Raises:
            AuditError: It cannot be opened for writing.
        """
        path = os.fsdecode(path)
        try:
            make_private(path)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS toolgate_audit (seq INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT"
            )
        except (OSError, sqlite3.Error) as error:
            raise _failed(f"The audit's database cannot be opened ({_words(error)}).") from None
        warn_if_lax_database("The audit", path)
        self._turn = threading.Lock()

    async def last(self) -> str | None:
        """Return the last line."""
        rows = await to_thread.run_sync(self._run, "SELECT line FROM toolgate_audit ORDER BY seq DESC LIMIT 1", ())
        return rows[0][0] if rows else None

    async def append(self, line: str) -> None:
        """Insert the line; one with its number must not be there."""
        row = (json.loads(line)["seq"], line)
        await to_thread.run_sync(self._run, "INSERT INTO toolgate_audit (seq, line) VALUES (?, ?)", row)

    async def text(self) -> str:
        """Return all lines as `verify_audit` takes them."""
        rows = await to_thread.run_sync(self._run, "SELECT line FROM toolgate_audit ORDER BY seq", ())
        return "".join(f"{line}\n" for (line,) in rows)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _run(self, statement: str, values: tuple[object, ...]) -> list[tuple[str]]:
        with self._turn:
            return self._database.execute(statement, values).fetchall()


class _Calls:
    """A function as a sink."""

    def __init__(self, function: Callable[[str], Awaitable[None]]) -> None:
        self._function = function

    async def last(self) -> str | None:
        return None

    async def append(self, line: str) -> None:
        await self._function(line)


class Recorder:
    """Gives the lines of all flows to one sink, one after the other, in the order of the core."""

    def __init__(self, sink: AuditSink) -> None:
        self._sink = sink
        self._waiting: deque[str] = deque()
        self._turn = anyio.Lock()
        self.failure: str | None = None

    def add(self, lines: Iterable[str]) -> None:
        """Take lines that must be stored; call it before anything else is asked of the core."""
        self._waiting.extend(lines)

    async def stored(self) -> bool:
        """Wait until everything that was added is stored; tell whether it is."""
        if self._waiting and self.failure is None:
            # Whoever is called off now: the line is of what happened.
            with anyio.move_on_after(_SINK_SECONDS, shield=True) as scope:
                async with self._turn:
                    await self._store()
            if scope.cancelled_caught:
                self.failure = "the sink took too long"
        return self.failure is None

    async def _store(self) -> None:
        while self._waiting and self.failure is None:
            try:
                await self._sink.append(self._waiting[0])
            except Exception as error:  # noqa: BLE001
                self.failure = _words(error)
            else:
                self._waiting.popleft()


async def opened(audit: Audit | AuditSink | Callable[[str], Awaitable[None]]) -> tuple[Recorder, dict[str, object]]:
    """Return the recorder of an audit and the core's options for it.

    Raises:
        AuditError: The sink cannot be read.
    """
    audit = audit if isinstance(audit, Audit) else Audit(audit)
    sink = audit.sink if isinstance(audit.sink, AuditSink) else _Calls(audit.sink)
    try:
        last = await sink.last()
    except Exception as error:  # noqa: BLE001
        raise _failed(f"The audit's last line cannot be read ({_words(error)}).") from None
    return Recorder(sink), {"last": last, "redact": list(audit.redact)}


def verify_audit(lines: str | bytes, *, key: str | None = None, head: str | None = None) -> AuditReport:
    """Follow the chain of an audit's lines and name the first that was removed, edited, moved or put there later.

    Args:
        lines: The whole audit, a line end after each line.
        key: The `seal_key` that the lines were sealed with.
        head: The hash that the last line must have; without it, lines missing at the end are not noticed.

    Returns:
        `{"ok", "lines", "head"}`, and `first_bad` with the line's number, `why` and a message.

    Raises:
        OptionsError: The key cannot be one.
    """
    data = lines.encode("utf-8", "surrogatepass") if isinstance(lines, str) else lines
    options = {name: value for name, value in (("key", key), ("head", head)) if value is not None}
    try:
        return cast("AuditReport", json.loads(_native.verify_audit(data, json.dumps(options))))
    except _native.Refused as refusal:
        raise_refusal(refusal)


def _failed(message: str) -> Exception:
    return make("audit_failed", message)


def _words(error: Exception) -> str:
    """Say what may be told: a system's own words, not those of someone's sink."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) if isinstance(error, (sqlite3.Error, _BrokenError, LockError)) else type(error).__name__


class _BrokenError(Exception):
    """What a sink of ours found wrong with its own file: the words may be told."""


_IN_USE = "a guard writes to it already; close it, and open another for the next guard"
_FORKED = "another guard wrote to the same audit"


def _hash_of(line: bytes) -> str | None:
    try:
        return json.loads(line)["hash"] if line else None
    except (ValueError, TypeError, KeyError):
        return None


def _follows(line: str, head: str | None) -> None:
    if json.loads(line)["prev"] != (head or "0" * 64):
        raise _BrokenError(_FORKED)


def _open(path: str) -> int:
    """Open the file, or make it; the folder is synced with a new one, for a name too must outlive a crash."""
    flags = os.O_RDWR | os.O_APPEND
    for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, name, 0)
    is_new = True
    try:
        file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        is_new = False
        try:
            file = os.open(path, flags)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK):
                raise _BrokenError("it is a symbolic link; give the file's own name") from None
            raise
    try:
        if is_new:
            set_private(file)
            _sync_folder(path)
        opened = os.fstat(file)
        if not stat.S_ISREG(opened.st_mode):
            raise _BrokenError("it is no file")
        # Under its other name it would have another lock.
        if opened.st_nlink > 1:
            raise _BrokenError("it has more than one name; give it one")
    except BaseException:
        os.close(file)
        raise
    return file


def _sync_folder(path: str) -> None:
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
