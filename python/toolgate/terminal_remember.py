"""A yes for further calls of the same tool, on a terminal: which values must stay the same, and for how long."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .ask import Approve, Deny, Remember
from .terminal_rows import Next, Row, Sheet, Show, Unclear, in_line, is_typed, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .ask import Answer

    _Read = Callable[[str], Answer | Next | Show | Unclear]

__all__ = ["remember_sheet"]

_MINUTE_MS = 60_000
# Longer or more often nobody should say yes at once.
_MOST_MINUTES = 1_440
_MOST_CALLS = 100


@dataclass(frozen=True)
class _Wanted:
    tool: str
    strict: bool
    in_ledger: bool


def remember_sheet(tool: str, pointers: Sequence[str], *, strict: bool, in_ledger: bool) -> Sheet:
    """Return the question's sheet; `pointers` lead to the argument values that may be fixed.

    With `in_ledger`, the answer may hold beyond the session.
    """
    wanted = _Wanted(tool, strict, in_ledger)
    rows = [Row(f"Which values must be the same in further calls of {quoted(tool)}?")]
    rows += [Row(f"{number}: {in_line(pointer)}", quoted=True) for number, pointer in enumerate(pointers, 1)]

    def read(typed: str) -> Next | Unclear:
        if is_typed("all", typed):
            return Next(_extent_sheet(wanted, list(pointers)))
        numbers = [part.strip() for part in typed.split(",")]
        if not all(re.fullmatch("[1-9][0-9]{0,3}", part) and int(part) <= len(pointers) for part in numbers):
            return Unclear("Type all, or the numbers of some of them.")
        fixed = list(dict.fromkeys(pointers[int(part) - 1] for part in numbers))
        return Next(_extent_sheet(wanted, fixed))

    explained = "all: only calls with the same values. Values whose numbers you leave out may be anything."
    return _step(rows, "all, or their numbers with commas, n: ", [explained], read)


def _extent_sheet(wanted: _Wanted, fixed: list[str]) -> Sheet:
    def read(typed: str) -> Next | Unclear:
        given = is_typed(r"([0-9]{1,4})\s*(calls?|m|min|minutes?)", typed)
        count = int(given[1]) if given else 0
        is_calls = given is not None and given[2].lower().startswith("c")
        if not 1 <= count <= (_MOST_CALLS if is_calls else _MOST_MINUTES):
            return Unclear(f"Type a number of calls up to {_MOST_CALLS}, or of minutes up to {_MOST_MINUTES}.")
        if is_calls:
            remember = Remember(fixed, calls=count)
        else:
            remember = Remember(fixed, until=time.time_ns() // 1_000_000 + count * _MINUTE_MS)
        others = f"{count} {'more' if is_calls else 'minutes of others'} of {quoted(wanted.tool)}"
        words = f"This call, and {others} with the same {', '.join(map(quoted, fixed))}"
        return Next((_scope_sheet if wanted.in_ledger else _last_sheet)(wanted, remember, words))

    within = "" if wanted.in_ledger else ", and not beyond this session"
    explained = f"At most {_MOST_CALLS} calls or {_MOST_MINUTES} minutes{within}."
    rows = [Row("For how many further calls, or for how long?")]
    return _step(rows, "Such as 5 calls, or 30 minutes, n: ", [explained], read)


def _scope_sheet(wanted: _Wanted, remember: Remember, words: str) -> Sheet:
    def read(typed: str) -> Next | Unclear:
        match typed.lower():
            case "session":
                return Next(_last_sheet(wanted, remember, f"{words}, in this session"))
            case "ledger":
                where = "by every program that shares the ledger"
                return Next(_last_sheet(wanted, replace(remember, scope="ledger"), f"{words}, {where}"))
            case _:
                return Unclear("Type session or ledger in full.")

    rows = [Row("For this session alone, or for every program that shares the ledger?")]
    explained = (
        "session: it ends with this program. ledger: it holds until it ends or is withdrawn, also after a restart."
    )
    return _step(rows, "session, or ledger, n: ", [explained], read)


def _last_sheet(wanted: _Wanted, remember: Remember, words: str) -> Sheet:
    def read(typed: str) -> Answer | Unclear:
        if wanted.strict and is_typed("y", typed):
            return Unclear("Type yes in full to allow them.", half_yes=True)
        is_yes = is_typed("y(es)?", typed)
        return Approve(remember=remember) if is_yes else Unclear("That is neither yes nor no.")

    return _step([Row(f"{words}.")], f"Allow all of these? {'yes (in full)' if wanted.strict else 'y'}, n: ", [], read)


def _step(rows: list[Row], prompt: str, explained: list[str], read: _Read) -> Sheet:
    def or_no(typed: str) -> Answer | Next | Show | Unclear:
        if is_typed("no?", typed):
            return Deny()
        return Show("help") if is_typed(r"\?|h(elp)?", typed) else read(typed)

    return Sheet(rows, [], prompt, explained, or_no, Deny("The person gave no clear answer."))
