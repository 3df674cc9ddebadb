"""Asking a person, and what they may answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import anyio.to_thread

from .errors import make

if TYPE_CHECKING:
    from .types import ApprovalQuestion, CodeQuestion, DefinitionQuestion, OutcomeQuestion, Preview, Question

__all__ = [
    "Answer",
    "Approve",
    "Ask",
    "Cancel",
    "Code",
    "Defer",
    "Deny",
    "NotRan",
    "Ran",
    "Resend",
    "ask_in_terminal",
    "defer",
]


@dataclass(frozen=True)
class Code:
    """The emailed code, as the person typed it."""

    code: str = field(repr=False)


@dataclass(frozen=True)
class Resend:
    """No email came: request a fresh code."""


@dataclass(frozen=True)
class Approve:
    """Yes, this exact call."""


@dataclass(frozen=True)
class Deny:
    """No; the reason is for the agent."""

    reason: str | None = None


@dataclass(frozen=True)
class Ran:
    """The call whose answer was lost took effect."""


@dataclass(frozen=True)
class NotRan:
    """The call whose answer was lost did not take effect."""


@dataclass(frozen=True)
class Defer:
    """Nobody can answer now; an approval stays open for `Guard.approve` and `Guard.deny`."""


@dataclass(frozen=True)
class Cancel:
    """The person calls the flow off."""


Answer: TypeAlias = Code | Resend | Approve | Deny | Ran | NotRan | Defer | Cancel
"""What a person can say."""


class Ask(Protocol):
    """Shows a question to a person and returns what they said.

    An `Ask` that raises counts as `Defer`: nobody said yes. Cancelling the task that waits for the answer
    calls the flow off.
    """

    async def __call__(self, question: Question, /) -> Answer:
        """Ask."""
        ...


async def defer(question: Question, /) -> Answer:  # noqa: ARG001 - it answers every question alike
    """Ask nobody: calls that need a person are refused, and their approvals stay open."""
    return Defer()


async def ask_in_terminal(question: Question, /) -> Answer:
    """Ask whoever sits at the terminal."""
    return await anyio.to_thread.run_sync(_ask_in_terminal, question, abandon_on_cancel=True)


def _ask_in_terminal(question: Question) -> Answer:
    if question["type"] == "code":
        return _ask_code(question)
    if question["type"] == "outcome":
        return _ask_outcome(question)
    if question["type"] == "definition":
        return _ask_definition(question)
    return _ask_approval(question)


def _say(*lines: str) -> None:
    print("\n".join(lines), flush=True)  # noqa: T201 - the terminal is what this is for


def _ask_code(question: CodeQuestion) -> Answer:
    problem = question.get("problem")
    _say("", *([problem["message"]] if problem else []), question["message"])
    left = max(0, question["expires_at"] // 1000 - int(time.time())) // 60
    _say(f"The code has {question['digits']} digits and lasts about {left} more minutes.")
    match input("Code, or r for a fresh one, or c to cancel: ").strip():
        case "":
            return Defer()
        case "r":
            return Resend()
        case "c":
            return Cancel()
        case code:
            return Code(code)


def _show(preview: Preview) -> None:
    _say(f"  {preview['tool']}, effect: {preview['effect']}")
    for line in (*preview.get("record", ()), *preview["lines"]):
        _say(f"  {line['label']}: {line['value']}")
    for reason in preview["reasons"]:
        _say(f"  because {reason}")


def _ask_outcome(question: OutcomeQuestion) -> Answer:
    _say("", question["message"])
    _show(question["preview"])
    match input("Did it take effect? yes, no, or Enter if you do not know: ").strip().lower():
        case "y" | "yes":
            return Ran()
        case "n" | "no":
            return NotRan()
        case _:
            return Defer()


def _ask_definition(question: DefinitionQuestion) -> Answer:
    _say("", question["message"])
    for difference in question["differences"]:
        _say(f"  {difference['change']} {difference['path']}: {difference['note']}")
        if "before" in difference:
            _say(f"    - {difference['before']}")
        if "after" in difference:
            _say(f"    + {difference['after']}")
    match input("Go on with the new definition? yes, no, or Enter to decide later: ").strip().lower():
        case "y" | "yes":
            return Approve()
        case "n" | "no":
            return Deny()
        case _:
            return Defer()


def _ask_approval(question: ApprovalQuestion) -> Answer:
    _say("", question["message"])
    _show(question["preview"])
    match input("Approve? yes, no, or Enter to decide later: ").strip().lower():
        case "y" | "yes":
            return Approve()
        case "n" | "no":
            return Deny(input("Why? ").strip() or None)
        case _:
            return Defer()


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """Write an answer as the core reads it.

    Raises:
        ProtocolError: It is none of the answers.
    """
    match answer:
        case Code(code):
            return {"type": "code", "code": str(code)}
        case Resend():
            return {"type": "resend"}
        case Approve():
            return {"type": "approve"}
        case Deny(reason):
            return {"type": "deny", "reason": reason}
        case Ran():
            return {"type": "ran"}
        case NotRan():
            return {"type": "not_ran"}
        case Defer():
            return {"type": "defer"}
        case Cancel():
            return {"type": "cancel"}
        case _:
            kind = type(answer).__name__
            raise make(
                "wrong_answer", f"An Ask returns Code, Resend, Approve, Deny, Ran, NotRan, Defer or Cancel, not {kind}."
            )
