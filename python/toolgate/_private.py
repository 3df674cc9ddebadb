"""Files that only their owner may read: how they are made, and what is said of those that others may read."""

from __future__ import annotations

import os
import warnings

__all__ = ["ToolgateWarning", "make_private", "warn_if_lax", "warn_if_lax_database"]

# What SQLite keeps beside a database, with the database's own mode.
_BESIDE = ("-wal", "-shm", "-journal")


class ToolgateWarning(UserWarning):
    """Something works, but not as safely as it should: a file that others may read."""


def make_private(path: str) -> bool:
    """Make an empty file with mode 0600, whatever the umask, before anything else can make it with another.

    Returns:
        Whether it was made; `False` if something has that name already.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    try:
        made = os.open(path, flags, 0o600)
    except FileExistsError:
        return False
    try:
        set_private(made)
    finally:
        os.close(made)
    return True


def set_private(file: int) -> None:
    """Give an open file mode 0600, which the umask may have narrowed."""
    if hasattr(os, "fchmod"):
        os.fchmod(file, 0o600)


def warn_if_lax_database(what: str, path: str) -> None:
    """Warn of a database, and of what SQLite keeps beside it."""
    warn_if_lax(what, path)
    for ending in _BESIDE:
        warn_if_lax(what, path + ending, with_folder=False)


def warn_if_lax(what: str, path: str, *, with_folder: bool = True) -> None:
    """Warn of a file that others than its owner may use, and of a folder in which anyone may replace it.

    It does not change them: whoever made them so may have had a reason.
    """
    if os.name != "posix":
        return
    found = _mode(path)
    if found is not None and found & 0o077:
        _warn(
            f"{what} {path} has mode {_octal(found)}, so that others than its owner may use it; run `chmod 600` on it."
        )
    folder = _mode(os.path.dirname(path) or ".") if with_folder else None
    if folder is not None and folder & 0o002 and not folder & 0o1000:
        _warn(f"{what} {path} lies in a folder with mode {_octal(folder)}, where anyone may replace it.")


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode & 0o7777
    except OSError:
        return None


def _octal(mode: int) -> str:
    return f"0{mode & 0o777:o}"


def _warn(message: str) -> None:
    warnings.warn(message, ToolgateWarning, stacklevel=4)
