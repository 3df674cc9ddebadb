"""Lines on a terminal. Whatever is not ours is in quotes or behind `|`; a line that goes on begins with `...`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from . import _native

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .ask import Answer

__all__ = [
    "LEAST_COLUMNS",
    "STRICT",
    "Next",
    "Row",
    "Sheet",
    "Show",
    "Unclear",
    "fitted",
    "in_line",
    "is_typed",
    "quoted",
    "width_of",
    "written",
]

# These reach beyond what can be undone, so that a slip of the finger must not do.
STRICT = frozenset({"destructive", "send", "billing"})

# A prompt is broken by the terminal itself: on fewer columns what it holds might look like a line of ours.
LEAST_COLUMNS = 30
# What is not Latin, Greek, Cyrillic and the like may take two columns.
_WIDE = 0x1100
# Characters of a line that a count takes the place of.
_COUNT = 20
_ALL = 1_000_000


class Row(NamedTuple):
    """A line; `quoted` is not in our words, `spare` is shortened or left out where the screen is too low for all."""

    text: str
    quoted: bool = False
    spare: bool = False


@dataclass(frozen=True)
class Show:
    """Whoever typed wants to see something first."""

    what: Literal["complete", "help"]


@dataclass(frozen=True)
class Next:
    """The question goes on with another sheet."""

    sheet: Sheet


@dataclass(frozen=True)
class Unclear:
    """What was typed is no answer; `half_yes` is a `y` where it must be `yes`."""

    why: str
    half_yes: bool = False


@dataclass(frozen=True)
class Sheet:
    """One question as a terminal shows it.

    Attributes:
        lines: Its lines, the first of them our own sentence.
        complete: Everything that the question is about, in pages; empty where there is no more than the lines.
        prompt: What stands before the answer.
        help: What may be typed.
        read: What was typed means.
        otherwise: What it means that nothing clear was typed.
        end: What that is said to be, and what the end of the input is, where it is not left open.
    """

    lines: list[Row]
    complete: list[Row]
    prompt: str
    help: list[str]
    read: Callable[[str], Answer | Next | Show | Unclear]
    otherwise: Answer
    end: str | None = None


def written(rows: Sequence[Row], columns: int, most: int = _ALL) -> str:
    """Return rows as lines that the terminal need not break: a broken line could begin with words like ours."""
    return "".join(_broken(row, columns, most if row.spare else _ALL) for row in rows)


def fitted(rows: Sequence[Row], columns: int, height: int) -> str:
    """Return rows on at most so many lines, if what is spare allows it, with a count of what is left out."""
    for most in (_ALL, 8, 3, 1):
        text = written(rows, columns, most)
        if text.count("\n") <= height:
            return text
    excess = written(rows, columns, 1).count("\n") + 1 - height
    spare = [at for at, row in enumerate(rows) if row.spare]
    dropped = spare[max(0, len(spare) - excess) :]
    kept = [row for at, row in enumerate(rows) if at not in set(dropped)]
    count = f"{len(dropped)} more {'line' if len(dropped) == 1 else 'lines'}"
    kept.insert(dropped[0] if dropped else len(kept), Row(f"{count} for this screen: type all to see everything."))
    return written(kept, columns, 1)


def in_line(text: object) -> str:
    """Return a text from outside as part of one line, as the core writes it out."""
    whole = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
    # A lone surrogate, which only Python's own strings can hold, is no character.
    return _native.visible(whole.encode("utf-8", "backslashreplace").decode())


def quoted(text: str) -> str:
    """Return a text from outside in quotes that nothing in it ends."""
    visible = in_line(text.replace("\\", "\\\\")).replace('"', '\\"')
    return f'"{visible}"'


def is_typed(pattern: str, typed: str) -> re.Match[str] | None:
    """Hold what was typed against a pattern; upper case is as good as lower, but of no other letters than a to z."""
    return re.fullmatch(pattern, typed, re.IGNORECASE | re.ASCII)


def width_of(text: str) -> int:
    """Return at least the columns that it takes."""
    return sum(1 if ord(character) < _WIDE else 2 for character in text)


def _broken(row: Row, columns: int, most: int) -> str:
    # No row begins as one goes on, so that none can be drawn by what stands in another.
    margin, further = ("    | ", "    ... ") if row.quoted else ("  ", "  ... ")
    # One column stays free: some terminals break a line that fills them all.
    room = max(4, columns - len(margin) - 1)
    lines: list[str] = []
    line, used, taken = "", 0, 0
    for character in row.text:
        wide = width_of(character)
        if used + wide > room:
            if len(lines) + 1 >= most:
                break
            # Between words, where there are any.
            cut = line.rfind(" ", len(line) // 2) + 1 or len(line)
            lines.append(line[:cut])
            line = line[cut:]
            used = width_of(line)
            room = max(4, columns - len(further) - 1)
        line += character
        used += wide
        taken += 1
    if (left := len(row.text) - taken) > 0:
        line = f"{line[:-_COUNT]} … {left + _COUNT} more"
    lines.append(line)
    return "".join(f"{further if at else margin}{line}\n" for at, line in enumerate(lines))
