"""What a person needs who answers for approvals, with nothing but the ledger: no client, no server, no tools."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from . import _native
from .ask import Approve, Deny, Withdraw, answer_to_json, person_of
from .errors import LedgerError, ToolgateError, make, raise_refusal
from .ledger import REMEMBERED, got, listed, swapped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .ask import Answer, Person
    from .ledger import Ledger
    from .types import Approval, Remembered

__all__ = ["approve", "deny", "forget", "open_approvals", "remembered_answers", "withdraw"]

_T = TypeVar("_T")


class _Kind(NamedTuple):
    """A kind of record that people answer for."""

    prefix: str
    # Nothing else is looked for: it may be anything, a secret too.
    id: re.Pattern[str]
    word: str
    # What to do where there is none; by default what the core says of approvals.
    instead: str | None = None


_APPROVAL = _Kind("approval/", re.compile(r"apr_[0-9a-f]{24}"), "approval")
_ANSWER = _Kind(
    REMEMBERED,
    re.compile(r"rem_[0-9a-f]{24}"),
    "remembered answer",
    "List the remembered answers and take back one of them.",
)
# More often than this others are not quicker one after the other.
_MOST_LOOKS = 8


async def open_approvals(
    ledger: Ledger,
    *,
    seal_key: str | None = None,
    everything: bool = False,
    on_unreadable: Callable[[ToolgateError, str], None] | None = None,
    now: Callable[[], int] | None = None,
) -> list[Approval]:
    """Return the approvals that wait for a person's answer, oldest first, of every guard that shares the ledger.

    Each says in its `preview` what will happen: server, subject, tool, effect and the complete arguments.

    Args:
        ledger: Where they are recorded.
        seal_key: That of the agent's guard, if it has one: without it a record can neither be trusted nor be written.
        everything: Also those that were answered, used or have expired.
        on_unreadable: Told of each record that cannot be read, and its key: damaged, forged, sealed with another key,
            or of a later version; it is then left out. By default the first one is raised.
        now: The clock, in milliseconds since 1970.

    Raises:
        LedgerError: The ledger cannot be read, or a record of it.

    Example:
        ```python
        async with SqliteLedger("approvals.sqlite") as ledger:
            for approval in await open_approvals(ledger):
                if await a_person_agrees(approval["preview"]):
                    await approve(ledger, approval["id"], by="ana@studio.example")
        ```
    """
    desks = await _records(ledger, _APPROVAL, seal_key, everything, on_unreadable, now)
    found = [cast("Approval", desk["approval"]) for desk in desks]
    return sorted(found, key=lambda approval: approval["proposed_at"])


async def remembered_answers(
    ledger: Ledger,
    *,
    seal_key: str | None = None,
    everything: bool = False,
    on_unreadable: Callable[[ToolgateError, str], None] | None = None,
    now: Callable[[], int] | None = None,
) -> list[Remembered]:
    """Return the answers that let further calls out (`Remember`), oldest first, of every guard that shares the ledger.

    Those that end with a session are among them.

    Args:
        ledger: Where they are recorded.
        seal_key: That of the agent's guard, if it has one.
        everything: Also those that were used up, withdrawn or are over.
        on_unreadable: Told of each record that cannot be read, and its key; it is then left out. By default the first
            one is raised.
        now: The clock, in milliseconds since 1970.

    Raises:
        LedgerError: The ledger cannot be read, or a record of it.
    """
    desks = await _records(ledger, _ANSWER, seal_key, everything, on_unreadable, now)
    found = [cast("Remembered", desk["remembered"]) for desk in desks]
    return sorted(found, key=lambda remembered: remembered["remembered_at"])


async def approve(
    ledger: Ledger,
    approval: str,
    *,
    by: Person | None = None,
    seal_key: str | None = None,
    now: Callable[[], int] | None = None,
) -> Approval:
    """Record a person's yes to an approval that waits for it, and return the approval as the ledger has it now.

    The agent's call is then made by calling the tool again with `meta={"toolgate/approval": id}`. A second yes is no
    error.

    Args:
        ledger: Where the approval is recorded.
        approval: Its id.
        by: The person, and by what means they were asked; a text is the person.
        seal_key: That of the agent's guard, if it has one.
        now: The clock, in milliseconds since 1970.

    Raises:
        ApprovalError: There is no such approval, or it is denied, used or too old.
        LedgerError: The ledger or the record cannot be read, or the ledger did not take it.
    """
    return await _decide(ledger, approval, Approve(person_of(by)), seal_key, now)


async def deny(
    ledger: Ledger,
    approval: str,
    *,
    reason: str | None = None,
    by: Person | None = None,
    seal_key: str | None = None,
    now: Callable[[], int] | None = None,
) -> Approval:
    """Record a person's no, and return the approval as the ledger has it now; a second no is no error.

    Args:
        ledger: Where the approval is recorded.
        approval: Its id.
        reason: For the agent.
        by: The person, and by what means they were asked; a text is the person.
        seal_key: That of the agent's guard, if it has one.
        now: The clock, in milliseconds since 1970.

    Raises:
        ApprovalError: There is no such approval, or it is approved, used or too old.
        LedgerError: The ledger or the record cannot be read, or the ledger did not take it.
    """
    return await _decide(ledger, approval, Deny(reason, person_of(by)), seal_key, now)


async def withdraw(
    ledger: Ledger,
    approval: str,
    *,
    reason: str | None = None,
    by: Person | None = None,
    seal_key: str | None = None,
    now: Callable[[], int] | None = None,
) -> Approval:
    """Take a yes back, or the question itself, as long as the call was not sent; return the approval as it is now.

    Of a withdrawal and a dispatch at the same time exactly one happens.

    Args:
        ledger: Where the approval is recorded.
        approval: Its id.
        reason: For the agent.
        by: The person, and by what means they were asked; a text is the person.
        seal_key: That of the agent's guard, if it has one.
        now: The clock, in milliseconds since 1970.

    Raises:
        ApprovalError: There is no such approval, or its call was sent.
        LedgerError: The ledger or the record cannot be read, or the ledger did not take it.
    """
    return await _decide(ledger, approval, Withdraw(reason, person_of(by)), seal_key, now)


async def forget(
    ledger: Ledger, remembered: str, *, seal_key: str | None = None, now: Callable[[], int] | None = None
) -> Remembered:
    """Take a remembered answer back: no call goes out by it any more, in any process. A second time is no error.

    Args:
        ledger: Where the answer is recorded.
        remembered: Its id.
        seal_key: That of the agent's guard, if it has one.
        now: The clock, in milliseconds since 1970.

    Returns:
        The answer as the ledger has it now.

    Raises:
        ApprovalError: There is no such answer.
        LedgerError: The ledger or the record cannot be read, or the ledger did not take it.
    """
    desk = await _answer(ledger, _ANSWER, remembered, Withdraw(), seal_key, now)
    return cast("Remembered", desk["remembered"])


async def _decide(
    ledger: Ledger, approval: str, answer: Answer | Withdraw, seal_key: str | None, now: Callable[[], int] | None
) -> Approval:
    return cast("Approval", (await _answer(ledger, _APPROVAL, approval, answer, seal_key, now))["approval"])


async def _answer(
    ledger: Ledger,
    kind: _Kind,
    identifier: str,
    answer: Answer | Withdraw,
    seal_key: str | None,
    now: Callable[[], int] | None,
) -> dict[str, Any]:
    key = f"{kind.prefix}{identifier}"
    said = answer_to_json(answer)
    for _ in range(_MOST_LOOKS):
        found = await _tried(got(ledger, key)) if kind.id.fullmatch(str(identifier)) else None
        if found is None:
            raise make("unknown_approval", f"No {kind.word} of that id is known here.", instead=kind.instead)
        desk = _desk(key, found, seal_key, now, said)
        record = desk.get("record")
        if record is None or await _tried(swapped(ledger, key, found, record)):
            return desk
        # Somebody was quicker: the answer is held against what they made of it.
    raise make("ledger_conflict", "The ledger held another record for this approval each time; nothing was changed.")


async def _records(
    ledger: Ledger,
    kind: _Kind,
    seal_key: str | None,
    everything: bool,
    on_unreadable: Callable[[ToolgateError, str], None] | None,
    now: Callable[[], int] | None,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        async for key, record in listed(ledger, kind.prefix):
            try:
                desk = _desk(key, record, seal_key, now)
            except ToolgateError as error:
                if on_unreadable is None or error.code not in ("invalid_record", "unsupported_record"):
                    raise
                on_unreadable(error, key)
            else:
                if everything or desk["is_open"]:
                    found.append(desk)
    except ToolgateError:
        raise
    except Exception as error:  # noqa: BLE001
        raise _failed(error) from None
    return found


def _desk(
    key: str,
    record: str,
    seal_key: str | None,
    now: Callable[[], int] | None,
    answer: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the core makes of a record: `{approval | remembered, is_open, record?}`."""
    work: dict[str, Any] = {"key": key, "record": record, "now": _clock() if now is None else now()}
    if seal_key is not None:
        work["seal_key"] = seal_key
    if answer is not None:
        work["answer"] = answer
    try:
        return cast("dict[str, Any]", json.loads(_native.deskwork(json.dumps(work))))
    except _native.Refused as refusal:
        raise_refusal(refusal)


async def _tried(work: Awaitable[_T]) -> _T:
    try:
        return await work
    except ToolgateError:
        raise
    except Exception as error:  # noqa: BLE001
        raise _failed(error) from None


def _failed(error: Exception) -> ToolgateError:
    # The words of anything but our own error may quote a connection string.
    told = error.message if isinstance(error, LedgerError) else f"The ledger failed ({type(error).__name__})."
    return make("ledger_failed", told)


def _clock() -> int:
    return time.time_ns() // 1_000_000
