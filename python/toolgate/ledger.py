"""Where the records of approvals live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Ledger", "MemoryLedger"]


@runtime_checkable
class Ledger(Protocol):
    """Stores records by key, each write only where the key still holds what the writer saw.

    That one operation is what makes an approval usable once, whatever crashes and however many processes
    share the ledger, so it must be atomic and durable: an SQL `UPDATE` with a condition, a `SET` within a
    transaction. Records are opaque text, compared byte for byte.
    """

    async def compare_and_set(self, key: str, expected: str | None, record: str) -> bool:
        """Store `record` if the key holds `expected` (`None`: nothing yet); tell whether it was stored."""
        ...

    async def get(self, key: str) -> str | None:
        """Return what the key holds now, as every process that shares the ledger sees it; `None`: nothing."""
        ...


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

    def dump(self) -> dict[str, str]:
        """Return a copy of all records; they hold no secret."""
        return dict(self._records)
