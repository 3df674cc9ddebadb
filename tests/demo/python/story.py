"""Tells the story on the terminal, and checks that each step comes out as told."""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from toolgate import ToolgateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from toolgate import Decision

_TINTS = {"bold": "\x1b[1m", "dim": "\x1b[2m", "green": "\x1b[32m", "red": "\x1b[31m", "off": "\x1b[0m"}
_COLOUR = _TINTS if sys.stdout.isatty() else dict.fromkeys(_TINTS, "")
_CHAPTERS = itertools.count(1)
_tells_decisions = True


class NotAsToldError(Exception):
    """A step came out in another way than the story says."""


def heading(title: str) -> None:
    """Begin the next chapter."""
    print(f"\n{_COLOUR['bold']}{next(_CHAPTERS)}. {title}{_COLOUR['off']}")


def say(text: str) -> None:
    """Tell one line."""
    print(f"   {text}")


def quiet() -> None:
    """Stop telling of each decision."""
    global _tells_decisions
    _tells_decisions = False


async def timed(*works: Callable[[], Awaitable[Any]], rounds: int = 60) -> tuple[float, ...]:
    """Return the median of each work in milliseconds; they take turns, so that noise hits all alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, own in zip(works, times, strict=True):
            start = time.perf_counter()
            await work()
            own.append(1000 * (time.perf_counter() - start))
    return tuple(statistics.median(own) for own in times)


def decided(decision: Decision) -> None:
    """Tell what the gates decided and why; those that say the same share a line."""
    if not _tells_decisions:
        return
    effect = f", effect {decision['effect']}" if "effect" in decision else ""
    say(f"{_COLOUR['dim']}{decision['tool']}{effect}{_COLOUR['off']}")
    spoken = itertools.groupby(decision["gates"], lambda passage: (passage["verdict"], passage.get("note", "")))
    for (verdict, note), passages in spoken:
        tint = _COLOUR[{"deny": "red", "pass": "green"}.get(verdict, "bold")]
        gates = ", ".join(passage["gate"] for passage in passages)
        say(f"  {tint}{verdict}{_COLOUR['off']} {gates}{': ' if note else ''}{note}")


def check(told: str, *, holds: bool) -> None:
    """Go on only if it came out as told."""
    if not holds:
        message = f"This did not come out as told: {told}"
        raise NotAsToldError(message)
    say(f"{_COLOUR['green']}✓{_COLOUR['off']} {told}")


async def refused(code: str, call: Awaitable[Any]) -> ToolgateError:
    """Return the refusal that the call must end with."""
    try:
        await call
    except ToolgateError as error:
        say(f"refused: {error.code}")
        say(f"   next: {error.next}")
        check(f"the guard refuses with `{code}`", holds=error.code == code)
        return error
    message = f"This did not come out as told: the call was to be refused with {code}"
    raise NotAsToldError(message)
