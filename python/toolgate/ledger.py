"""Where the records of approvals live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from .errors import ToolgateError, make

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

__all__ = ["Ledger", "MemoryLedger"]


@runtime_checkable
class Ledger(Protocol):
    """Stores records by key, each write only where the key still holds what the writer saw.

    That one operation is what makes an approval usable once, whatever crashes and however many processes
    share the ledger, so it must be atomic and durable: an SQL `UPDATE` with a condition, a `SET` within a
    transaction. Records are opaque text, compared byte for byte.

    What a method raises means that nothing is known, and nothing is then sent. Of a `LedgerError` the message is
    passed on, so it must hold no secret; of any other exception only the name of its class.
    """

    async def compare_and_set(self, key: str, expected: str | None, record: str) -> bool:
        """Store `record` if the key holds `expected` (`None`: nothing yet).

        Returns:
            `True` if it was stored, `False` if not. Anything else, such as a count of rows, is taken for neither: the
            call ends with `ledger_failed` and nothing is sent.
        """
        ...

    async def get(self, key: str) -> str | None:
        """Return what the key holds now, as every process that shares the ledger sees it; `None`: nothing."""
        ...

    async def entries(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, str]]:
        """Return the keys that begin with `prefix`, with their records, in the keys' order.

        Args:
            prefix: Such as `"approval/"`.
            after: Only keys behind this one: the last one of a list that was cut at its limit.
            limit: At most so many.
        """
        ...


async def swapped(ledger: Ledger, key: str, expected: str | None, record: str) -> bool:
    """Store a record by a ledger whose answer need not be what it should be."""
    stored = cast("object", await ledger.compare_and_set(key, expected, record))
    if not isinstance(stored, bool):
        raise _wrong("compare_and_set", "True or False", stored)
    return stored


async def got(ledger: Ledger, key: str) -> str | None:
    """Read a record by a ledger whose answer need not be what it should be."""
    record = cast("object", await ledger.get(key))
    if record is not None and not isinstance(record, str):
        raise _wrong("get", "a string or None", record)
    return record


async def listed(ledger: Ledger, prefix: str) -> AsyncGenerator[tuple[str, str]]:
    """Give all entries of a ledger whose answer need not be what it should be."""
    after = ""
    while True:
        page = cast("object", await ledger.entries(prefix, after=after, limit=_PAGE))
        if not isinstance(page, (list, tuple)):
            raise _wrong("entries", _ENTRIES, page)
        if not page:
            # A shorter page is no end: a ledger may give fewer than were wanted.
            return
        for entry in cast("Sequence[object]", page):
            match entry:
                case (str(key), str(record)) if key.startswith(prefix) and key > after:
                    after = key
                    yield key, record
                case _:
                    raise _wrong("entries", _ENTRIES, entry)


# How the keys of remembered answers begin.
REMEMBERED = "remembered/"

_PAGE = 200
_ENTRIES = "pairs of strings, of keys that begin with the prefix and lie behind `after`, in their order"


def _wrong(method: str, wanted: str, answer: object) -> ToolgateError:
    told = f"The ledger's `{method}` must return {wanted}; it returned something of the type {type(answer).__name__}."
    return make("ledger_failed", told)


class MemoryLedger:
    """Records in memory; `dump` and the constructor carry them to another process."""

    def __init__(self, records: Mapping[str, str] | None = None) -> None:
        """Make a ledger that holds these records."""
        self._records = dict(records or {})

    async def compare_and_set(self, key: str, expected: str | None, record: str) -> bool:
        """Store `record` if the key holds `expected`."""
        if self._records.get(key) != expected:
            return False
        self._records[key] = record
        return True

    async def get(self, key: str) -> str | None:
        """Return what the key holds."""
        return self._records.get(key)

    async def entries(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, str]]:
        """Return the keys that begin with `prefix`, with their records, in the keys' order."""
        found = sorted(entry for entry in self._records.items() if entry[0].startswith(prefix) and entry[0] > after)
        return found[:limit]

    def dump(self) -> dict[str, str]:
        """Return a copy of all records; they hold no secret."""
        return dict(self._records)
