"""Asking a person, and what they may answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, overload

from .errors import make

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .types import Question

__all__ = [
    "Answer",
    "Approve",
    "Ask",
    "By",
    "Cancel",
    "Code",
    "Defer",
    "Deny",
    "Input",
    "Inputs",
    "NotRan",
    "Ran",
    "Remember",
    "Resend",
    "Withdraw",
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
class By:
    """Who answered, as the host knows the person that it asked.

    Attributes:
        who: The person, such as a user's id; 1 to 200 bytes, none of a control or an invisible character.
        means: How they were asked and recognised, such as `"terminal"` or `"slack"`.
    """

    who: str
    means: str | None = None

    def to_json(self) -> dict[str, str]:
        """Write it as the core reads it."""
        return {"who": self.who} if self.means is None else {"who": self.who, "means": self.means}


Person: TypeAlias = By | Mapping[str, str] | str
"""Who answers: a text is the person, and a mapping has the members of `By`."""


@dataclass
class Settled:
    """Whether the guard took a question back because another answer settles it."""

    elsewhere: bool = False


# Of the question that is being asked.
SETTLED: ContextVar[Settled | None] = ContextVar("toolgate_settled", default=None)


@dataclass(frozen=True)
class Remember:
    """Which further calls of the same tool a yes holds for; never for `billing`.

    Attributes:
        arguments: JSON Pointers to the argument values that are fixed, of those that the question names; all others
            are free.
        until: When it ends, in milliseconds since 1970.
        calls: For how many further calls it is good.
        scope: `"ledger"`: every process that shares it goes by the answer, which then needs `until` or `calls`.
    """

    arguments: Sequence[str]
    until: int | None = None
    calls: int | None = None
    scope: Literal["session", "ledger"] = "session"


@dataclass(frozen=True)
class Approve:
    """Yes, this exact call, and with `remember` others like it."""

    by: Person | None = None
    remember: Remember | None = None


@dataclass(frozen=True)
class Deny:
    """No; the reason is for the agent. It holds for the same call for a while.

    Attributes:
        reason: Why.
        by: Who said so; a text is the person.
        silence: Ask nothing more about this tool, or nothing more at all; see `Guard.silences`.
        until: When that ends, in milliseconds since 1970; by default with the session.
    """

    reason: str | None = None
    by: Person | None = None
    silence: Literal["tool", "agent"] | None = None
    until: int | None = None


@dataclass(frozen=True)
class Withdraw:
    """What was asked or agreed is taken back; see `Guard.withdraw`. It answers no question."""

    reason: str | None = None
    by: Person | None = None


@dataclass(frozen=True)
class Ran:
    """The call whose answer was lost took effect."""

    by: Person | None = None


@dataclass(frozen=True)
class NotRan:
    """The call whose answer was lost did not take effect."""

    by: Person | None = None


@dataclass(frozen=True)
class Input:
    """The answer to one thing that a tool asks for.

    Attributes:
        action: What became of a form or an address: `accept`, `decline` or `cancel`.
        content: The accepted form's values, by the fields' names.
        result: A handler's `CreateMessageResult` or `ListRootsResult`, as data.
        by: Set by the guard: `host` for what a handler gave.
    """

    action: Literal["accept", "decline", "cancel"] | None = None
    content: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    by: Literal["person", "host"] = "person"


@dataclass(frozen=True)
class Inputs:
    """What a tool asked for in the middle of a call, by the requests' keys."""

    responses: Mapping[str, Input] = field(repr=False)


@dataclass(frozen=True)
class Defer:
    """Nobody can answer now; an approval stays open for `Guard.approve` and `Guard.deny`.

    Attributes:
        unasked: Nobody was even asked, so that it is none of the questions in a row, which are bounded.
    """

    unasked: bool = False


@dataclass(frozen=True)
class Cancel:
    """The person calls the flow off."""


Answer: TypeAlias = Code | Resend | Approve | Deny | Ran | NotRan | Inputs | Defer | Cancel
"""What a person can say."""


class Ask(Protocol):
    """Shows a question to a person and returns what they said.

    An `Ask` that raises counts as `Defer`, for nobody said yes; what it raises is the `__cause__` of the error that the
    caller gets, and the guard's `on_error` is told. Anything that is not one of the question's own answers is the
    error `wrong_answer` at once. The task is cancelled when the question needs no answer any more: the caller called
    the work off, a person's no to another question holds for it too, or the time of the approval is over.
    """

    async def __call__(self, question: Question, /) -> Answer:
        """Ask."""
        ...


async def defer(question: Question, /) -> Answer:  # noqa: ARG001 - it answers every question alike
    """Ask nobody: calls that need a person are refused, and their approvals stay open."""
    return Defer(unasked=True)


@overload
async def ask_in_terminal(question: Question, /, *, by: Person | None = None) -> Answer: ...


@overload
def ask_in_terminal(*, by: Person | None = None) -> Ask: ...


def ask_in_terminal(question: Question | None = None, /, *, by: Person | None = None) -> Awaitable[Answer] | Ask:
    """Ask whoever sits at the terminal, one question at a time however many guards share it, each shown whole.

    A call is answered by yes or no; one that destroys, sends or pays by `yes` in full. Anything but a clear yes is a
    no. What was typed before a question was shown is thrown away. Without a terminal, or at its end, nobody is asked:
    the answer is `Defer`, and a line says so. Ctrl-C calls off the call that is asked about, a second one ends the
    process. Cancelling the task withdraws the question.

    Where the policy names `approvers`, nobody is asked but one of them, so that `by` is needed. A yes for further calls
    is given by `remember`, where the question offers it and nothing is paid. While a question is on the screen nothing
    else should read the terminal, such as `input()` in another thread: two readers share what is typed. Enter alone
    shows the question again, should output of others stand below it.

    Args:
        question: What is asked.
        by: Who sits at the terminal; each answer then says so. A text is the person.

    Returns:
        The answer; without a question an `Ask` for the guard.

    Raises:
        OptionsError: `by` is neither a text nor a `By`, nor a mapping with its members.

    Example:
        ```python
        guard = await Guard.attach(session, ask=ask_in_terminal(by="ana@studio.example"))
        ```
    """
    who = By(by, "terminal") if isinstance(by, str) else person_of(by)
    if question is not None:
        return _ask_in_terminal(question, who)

    async def ask(question: Question, /) -> Answer:
        return await _ask_in_terminal(question, who)

    return ask


async def _ask_in_terminal(question: Question, by: By | None) -> Answer:
    # Only for those who use it.
    try:
        from . import terminal
    except ImportError:
        # Not every system has such terminals: Windows has others.
        from .terminal_text import nobody

        return nobody(question, "terminals of this system are not supported")
    return await terminal.ask(question, by)


def answer_to_json(answer: Answer | Withdraw) -> dict[str, Any]:
    """Write an answer as the core reads it.

    Raises:
        ProtocolError: It is none of the answers, or a member of it is of another type than it must be (`wrong_answer`).
    """
    match answer:
        case Code(code):
            return {"type": "code", "code": str(code)}
        case Resend():
            return {"type": "resend"}
        case Approve(by, None):
            return {"type": "approve", **_by(by)}
        case Approve(by, remember):
            return {"type": "approve", "remember": _remember(remember), **_by(by)}
        case Deny(reason, by, silence, until):
            _check("reason", reason, str)
            return {"type": "deny", "reason": reason, "silence": silence, "until": until, **_by(by)}
        case Withdraw(reason, by):
            _check("reason", reason, str)
            return {"type": "withdraw", "reason": reason, **_by(by)}
        case Ran(by):
            return {"type": "ran", **_by(by)}
        case NotRan(by):
            return {"type": "not_ran", **_by(by)}
        case Inputs(responses):
            _check("responses", responses, Mapping)
            return {"type": "inputs", "responses": {key: _input(answer) for key, answer in responses.items()}}
        case Defer(unasked):
            return {"type": "defer", **({"unasked": True} if unasked else {})}
        case Cancel():
            return {"type": "cancel"}
        case _:
            kind = type(answer).__name__
            raise make(
                "wrong_answer",
                f"An Ask returns Code, Resend, Approve, Deny, Ran, NotRan, Inputs, Defer or Cancel, not {kind}.",
            )


def person_of(by: Person | None) -> By | None:
    """Return who answers as a host said it to a function of ours; a text is the person.

    Raises:
        OptionsError: It is neither a text nor a `By` nor `{"who", "means"}` with names as texts (`invalid_options`).
    """
    person = _person(by)
    if person is None and by is not None:
        raise make("invalid_options", "`by` is the person's name, or By(who, means) with names as texts.")
    return person


def _person(by: object) -> By | None:
    given: Any = by
    if isinstance(by, str):
        return By(by)
    who, means = (given.who, given.means) if isinstance(by, By) else (None, None)
    if isinstance(by, Mapping):
        who, means = given.get("who"), given.get("means")
    return By(who, means) if isinstance(who, str) and isinstance(means, str | None) else None


def _by(by: Person | None) -> dict[str, Any]:
    if by is None:
        return {}
    if (person := _person(by)) is None:
        raise _wrong("by", by, "a text, or By(who, means) with names as texts")
    return {"by": person.to_json()}


def _remember(remember: Any) -> dict[str, Any]:
    _check("remember", remember, Remember)
    arguments: Any = remember.arguments
    _check("remember.arguments", arguments, Sequence)
    if isinstance(arguments, str):
        raise _wrong("remember.arguments", arguments, "a Sequence of them")
    return {
        "arguments": list(arguments),
        "until": remember.until,
        "calls": remember.calls,
        "scope": remember.scope,
    }


def _input(answer: Any) -> dict[str, Any]:
    _check("responses", answer, Input)
    given = {"action": answer.action, "content": answer.content, "result": answer.result, "by": answer.by}
    return {name: value for name, value in given.items() if value is not None}


def _check(name: str, value: object, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise _wrong(name, value, kind.__name__)


def _wrong(name: str, value: object, kind: str) -> Exception:
    return make("wrong_answer", f"`{name}` is {type(value).__name__}; it must be {kind}.")
