"""One lock for a file that one process at a time may write, the same in Python and in Node (`npm/src/file-lock.ts`).

The lock is a file beside it that tells who holds it, with a token that no other lock ever has. It is put there by
`link`, which never replaces anything, whole and at once. A lock whose owner is dead is taken over in two moves:

1. `link` the own lock as `<lock>.<token of the dead>`. That name can be taken once, so that there is one heir. Should
   the heir die as well, its own heir is named by its token: who holds the lock is found by following the heirs.
2. Look whether the heirs, followed from the lock, still lead here: whoever looked at a lock that was taken over and
   tidied meanwhile finds that they do not, and gives up. Then replace the lock by `rename`.

Only the end of that line replaces or removes the lock, and while it lives nobody can be its heir: there are never two.
"""

from __future__ import annotations

import atexit
import errno
import json
import os
import secrets
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass

from ._private import set_private

__all__ = ["FileLock", "LockError"]

# A lock is far shorter.
_MOST_BYTES = 4096
# More heirs than die one after the other, and more attempts than it takes to be first among many.
_MOST_ATTEMPTS = 100

_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


class LockError(Exception):
    """The lock cannot be had; the words say why."""


@dataclass(frozen=True)
class _Owner:
    pid: int
    host: str
    # The boot, the process namespace and the time within that boot when the process began; empty: not known.
    started: str
    token: str


class FileLock:
    """A lock that is held, as long as `is_held` says so."""

    def __init__(self, path: str) -> None:
        """Take the lock, also from an owner that is dead.

        Raises:
            LockError: Someone else has it, or what has its name is no lock.
            OSError: It cannot be written.
        """
        self._path = path
        self._pid = os.getpid()
        token = secrets.token_hex(16)
        owner = {"pid": self._pid, "host": socket.gethostname(), "started": _start_of("self") or "", "token": token}
        self._text = json.dumps(owner) + "\n"
        own = f"{path}.{token}.new"
        _write(own, self._text)
        try:
            for _ in range(_MOST_ATTEMPTS):
                if _attempt(path, own, self._text, token):
                    _held.add(self)
                    return
        finally:
            with suppress(FileNotFoundError):
                os.unlink(own)
        raise LockError(f"too many others try to take its lock ({path})")

    def is_held(self) -> bool:
        """Tell whether the lock is still this one: a person may have removed it, and a fork holds nothing."""
        if os.getpid() != self._pid:
            return False
        try:
            return _read(self._path) == self._text
        except (OSError, LockError):
            return False

    def release(self) -> None:
        """Give the lock up, if it is held."""
        if self in _held:
            _held.discard(self)
            if self.is_held():
                with suppress(FileNotFoundError):
                    os.unlink(self._path)


_held: set[FileLock] = set()


@atexit.register
def _release_all() -> None:
    for lock in list(_held):
        with suppress(OSError):
            lock.release()


def _attempt(path: str, own: str, text: str, token: str) -> bool:
    """Attempt to take it; `False`: others were at it, look again."""
    if _linked(own, path, text):
        return True
    line = _follow(path)
    if not line:
        return False
    last = line[-1]
    if not _is_dead(last):
        raise LockError(f"another guard uses it, two must not share one (process {last.pid} on {last.host}; {path})")
    heir = f"{path}.{last.token}"
    if not _linked(own, heir, text):
        return False
    now = _follow(path)
    if not now or now[-1].token != token:
        os.unlink(heir)
        return False
    os.replace(own, path)
    for dead in line:
        with suppress(FileNotFoundError):
            os.unlink(f"{path}.{dead.token}")
    return True


def _follow(path: str) -> list[_Owner]:
    """Return the lock's owner and its heirs; nothing where there is no lock."""
    line: list[_Owner] = []
    name = path
    while len(line) < _MOST_ATTEMPTS:
        text = _read(name)
        if text is None:
            return line
        owner = _parse(text)
        if owner is None:
            raise LockError(f"its lock cannot be read; if no process uses it, remove {name}")
        line.append(owner)
        name = f"{path}.{owner.token}"
    raise LockError(f"its lock has too many heirs; if no process uses it, remove {path}")


def _linked(own: str, name: str, text: str) -> bool:
    """Give the whole text a name that nothing has yet. Where the file system knows no links, the file is made there."""
    try:
        os.link(own, name)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            _write(name, text)
        except FileExistsError:
            return False
    return True


def _write(path: str, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC, 0o600)
    try:
        set_private(file)
        os.write(file, text.encode())
    finally:
        os.close(file)


def _read(path: str) -> str | None:
    """Return a lock's text, `None` if there is none. What is no plain file is neither followed nor waited for."""
    try:
        file = os.open(path, os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise LockError(f"its lock is a symbolic link; remove {path}") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise LockError(f"its lock is no file; remove {path}")
        return os.read(file, _MOST_BYTES).decode(errors="replace")
    finally:
        os.close(file)


def _parse(text: str) -> _Owner | None:
    try:
        match json.loads(text):
            case {"pid": int(pid), "host": str(host), "started": str(started), "token": str(token)}:
                digits = len(token) == 32 and all(digit in "0123456789abcdef" for digit in token)
                return _Owner(pid, host, started, token) if digits and pid > 0 else None
            case _:
                return None
    except (ValueError, RecursionError):
        return None


def _is_dead(owner: _Owner) -> bool:
    """Tell whether the owner is dead for certain, as far as this host can tell.

    A process of the same boot but of another process namespace is one of a container that was started anew: containers
    that run side by side have different host names.
    """
    if owner.host != socket.gethostname():
        return False
    own = _start_of("self")
    if owner.started and own and owner.started.split(" ")[:2] != own.split(" ")[:2]:
        return True
    if os.name != "posix":
        # There a signal 0 is one that ends processes.
        return False
    try:
        os.kill(owner.pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        # It is there, and another user's.
        pass
    if not owner.started or not own:
        return False
    # The number may be another process's by now. Of a process that only waits to be reaped nothing more comes.
    found = _start_of(str(owner.pid))
    return found is not None and found != owner.started


def _start_of(process: str) -> str | None:
    """Return when a process began, by what Linux tells; nothing elsewhere, or of a process that is hidden."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        namespace = os.readlink("/proc/self/ns/pid")
        with open(f"/proc/{process}/stat", "rb") as file:
            status = file.read()
    except OSError:
        return None
    # The name, in brackets, may hold anything.
    fields = status[status.rindex(b")") + 2 :].split(b" ")
    is_gone = fields[0] in (b"Z", b"X")
    return f"{boot} {namespace} {'gone' if is_gone else fields[19].decode()}"
