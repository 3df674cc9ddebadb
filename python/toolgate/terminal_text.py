"""How a question is written on a terminal, and what is typed is read.

Whatever is not in our words is in quotes or behind `|`.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from . import _native
from .ask import Approve, Cancel, Code, Defer, Deny, NotRan, Ran, Resend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .ask import Answer
    from .types import (
        ApprovalQuestion,
        CodeQuestion,
        CredentialQuestion,
        DefinitionQuestion,
        Difference,
        Line,
        OutcomeQuestion,
        Preview,
        Question,
    )

__all__ = [
    "STRICT",
    "Next",
    "Row",
    "Sheet",
    "Show",
    "Unclear",
    "in_line",
    "nobody",
    "quoted",
    "sheet_of",
    "unasked",
    "written",
]

# These reach beyond what can be undone, so that a slip of the finger must not do.
STRICT = frozenset({"destructive", "send", "billing"})

# What is not Latin, Greek, Cyrillic and the like may take two columns.
_WIDE = 0x1100


class Row(NamedTuple):
    """A line; `quoted` is not in our words."""

    text: str
    quoted: bool = False


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
        complete: Everything that the question is about, in pages.
        prompt: What stands before the answer.
        help: What may be typed.
        read: What was typed means.
        otherwise: What it means that nothing clear was typed.
    """

    lines: list[Row]
    complete: list[Row]
    prompt: str
    help: list[str]
    read: Callable[[str], Answer | Next | Show | Unclear]
    otherwise: Answer


def sheet_of(question: Question) -> Sheet | None:
    """Return the sheet of a question, or nothing for a kind that this version does not know."""
    match question["type"]:
        case "approval":
            return _approval_sheet(question)
        case "definition":
            return _definition_sheet(question)
        case "credential":
            return _credential_sheet(question)
        case "outcome":
            return _outcome_sheet(question)
        case "code":
            return _code_sheet(question)
        case "inputs":
            from .terminal_inputs import inputs_sheet

            return inputs_sheet(question, _head(question))
        case _:  # pyright: ignore[reportUnnecessaryComparison] - a later core has more
            return None


def unasked(question: Question, why: str) -> str:
    """Return one line that says why nobody was asked, and what can be done instead."""
    given = cast("Mapping[str, Any]", question)
    kind = str(given["type"])
    about = "for the emailed code" if kind == "code" else f"({in_line(kind)})"
    rest = "Run it at a terminal, or give the guard another way to ask."
    if "approval" in given:
        approval = in_line(given["approval"])
        rest = (
            f'The approval {approval} stays open: allow it with approve("{approval}"), then make the same call again, '
            "quoting it."
        )
    return f"toolgate: nobody was asked {about}: {why}. {rest}\n"


def nobody(question: Question, why: str) -> Defer:
    """Say in one line why nobody is asked."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(unasked(question, why))
        sys.stderr.flush()
    return Defer(unasked=True)


def written(rows: Iterable[Row], columns: int) -> str:
    """Return rows as lines that the terminal need not break: a broken line could begin with words like ours."""
    return "".join(_broken(text, "    | " if quoted else "  ", columns) for text, quoted in rows)


def in_line(text: object) -> str:
    """Return a text from outside as part of one line, as the core writes it out."""
    whole = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
    # A lone surrogate, which only Python's own strings can hold, is no character.
    return _native.visible(whole.encode("utf-8", "backslashreplace").decode())


def quoted(text: str) -> str:
    """Return a text from outside in quotes that nothing in it ends."""
    visible = in_line(text.replace("\\", "\\\\")).replace('"', '\\"')
    return f'"{visible}"'


def _broken(text: str, margin: str, columns: int) -> str:
    # One column stays free: some terminals break a line that fills them all.
    room = max(20, columns - len(margin) - 1)
    lines: list[str] = []
    line, used = "", 0
    for character in text:
        wide = 1 if ord(character) < _WIDE else 2
        if used + wide > room:
            # Between words, where there are any.
            cut = line.rfind(" ", len(line) // 2) + 1 or len(line)
            lines.append(line[:cut])
            line = f"  {line[cut:]}"
            used = sum(1 if ord(each) < _WIDE else 2 for each in line)
        line += character
        used += wide
    lines.append(line)
    return "".join(f"{margin}{line}\n" for line in lines)


def _approval_sheet(question: ApprovalQuestion) -> Sheet:
    preview = question["preview"]
    strict = preview["effect"] in STRICT
    rows = [*_head(question), *_call(preview)]
    if "same_call" in question:
        rows.append(Row("Note: the agent asks for the same call twice; each yes sends it once."))
    rows.append(Row(f"A yes would be good until {_time(question['expires_at'])}."))

    def read(typed: str) -> Answer | Show | Unclear:
        if strict and re.fullmatch("y", typed, re.IGNORECASE):
            return Unclear("Type yes in full to allow this call.", half_yes=True)
        return _common(typed) or _yes_or_no(typed) or Unclear("That is neither yes nor no.")

    return Sheet(
        rows,
        _complete(preview),
        f"Allow this call? {'yes (in full)' if strict else 'y'}, n, later, all, ?: ",
        [
            f"{'yes' if strict else 'y or yes'}: the call is made once, exactly as shown.",
            "n or no: it is refused. What you type after it is told to the agent as the reason.",
            "later: it is refused for now; the approval stays open until its end.",
            "all: everything that is sent, page by page.",
            "Ctrl-C: the agent's call is called off. A second Ctrl-C ends the program.",
        ],
        read,
        Deny("The person gave no clear answer."),
    )


def _credential_sheet(question: CredentialQuestion) -> Sheet:
    held, new = (
        "not known" if name is None else quoted(name)
        for name in (question.get("held_organisation"), question.get("organisation"))
    )

    def read(typed: str) -> Answer | Show | Unclear:
        if re.fullmatch("y", typed, re.IGNORECASE):
            return Unclear("Type yes in full to replace the credential.", half_yes=True)
        return _common(typed) or _yes_or_no(typed) or Unclear("That is neither yes nor no.")

    return Sheet(
        [
            *_head(question),
            Row(f"Credential in the vault: {quoted(question['name'])}, of the organisation {held}."),
            Row(f"It would be replaced by that of the organisation {new}."),
        ],
        [],
        "Replace the credential? yes (in full), n, later, ?: ",
        [
            "yes: the sign-up goes on, and its credential takes the place of the one in the vault.",
            "n or no: nothing is sent, and the credential stays.",
            "later: the same for now.",
        ],
        read,
        Deny("The person gave no clear answer."),
    )


def _definition_sheet(question: DefinitionQuestion) -> Sheet:
    change = in_line(question["change"])
    is_new = change != "unconfirmed"
    says = (
        f"What the server says of it now is {change}:"
        if is_new
        else "Nothing but the server's own word says how little it does:"
    )
    asks = "Go on with the new definition" if is_new else "Believe the server's word on this tool"
    return Sheet(
        [
            *_head(question),
            Row(f"Tool: {quoted(question['tool'])}. {says}"),
            *(row for difference in question["differences"] for row in _difference(difference)),
            *_tool(question),
        ],
        _complete(question["preview"]) if "preview" in question else [],
        f"{asks}? y, n, later, all, ?: ",
        [
            "y or yes: the definition is accepted and pinned; the call goes on, past the gates that are left.",
            "all: everything that is sent with it, page by page.",
            "n or no: the tool is not called.",
            "later: the same, and the question comes again with the next call.",
            "Ctrl-C: the agent's call is called off. A second Ctrl-C ends the program.",
        ],
        lambda typed: _common(typed) or _yes_or_no(typed) or Unclear("That is neither yes nor no."),
        Deny(),
    )


def _tool(question: DefinitionQuestion) -> list[Row]:
    """Return what a yes to a definition is about: the server's words on the tool, and the call that follows."""
    rows: list[Row] = []
    if (description := question.get("description")) is not None:
        rows += [Row("The server describes it as:"), Row(quoted(description), quoted=True)]
    rows.append(Row(f"Its parameters: {', '.join(map(quoted, question.get('parameters', []))) or 'none'}"))
    if "preview" in question:
        rows += [Row("A yes goes on with this call:"), *_call(question["preview"])]
    return rows


def _outcome_sheet(question: OutcomeQuestion) -> Sheet:
    def read(typed: str) -> Answer | Show | Unclear:
        if re.fullmatch("y(es)?", typed, re.IGNORECASE):
            return Ran()
        if re.fullmatch("no?", typed, re.IGNORECASE):
            return NotRan()
        return _common(typed) or Unclear("That is neither yes nor no.")

    return Sheet(
        [*_head(question), *_call(question["preview"])],
        _complete(question["preview"]),
        "Did it take effect? y, n, or later if you do not know; all, ?: ",
        [
            "y or yes: it took effect. n or no: it did not. Nothing is sent again by either.",
            "later: it stays open.",
            "all: everything that was sent, page by page.",
        ],
        read,
        Defer(),
    )


def _code_sheet(question: CodeQuestion) -> Sheet:
    rows = _head(question)
    if (problem := question.get("problem")) is not None:
        rows.append(Row(f"Because: {in_line(problem['message'])}"))
    rows.append(Row(f"Sent to: {quoted(question['masked_email'])}"))
    until, left = _time(question["expires_at"]), question["attempts_left"]
    rows.append(Row(f"{question['digits']} digits, good until {until}; {left} more tries."))

    def read(typed: str) -> Answer | Show | Unclear:
        code = re.sub(r"[\s-]", "", typed)
        if re.fullmatch("[0-9]+", code):
            return Code(code)
        if re.fullmatch("r(esend)?", typed, re.IGNORECASE):
            return Resend()
        if re.fullmatch("q(uit)?", typed, re.IGNORECASE):
            return Cancel()
        return _common(typed) or Unclear("That is no code.")

    return Sheet(
        rows,
        [],
        "Code, or r for a fresh one, q to call it off, later, ?: ",
        [
            "The digits of the email, with or without blanks.",
            "r: request a fresh code. q: call the sign-up off. later: nobody can read the email now.",
        ],
        read,
        Defer(),
    )


def _common(typed: str) -> Answer | Show | None:
    """Read what every question understands."""
    if re.fullmatch("l(ater)?", typed, re.IGNORECASE):
        return Defer()
    if re.fullmatch("a(ll)?", typed, re.IGNORECASE):
        return Show("complete")
    if re.fullmatch(r"\?|h(elp)?", typed, re.IGNORECASE):
        return Show("help")
    return None


def _yes_or_no(typed: str) -> Answer | None:
    if re.fullmatch("y(es)?", typed, re.IGNORECASE):
        return Approve()
    if (no := re.fullmatch(r"no?(?:[\s,:;.]+(.*))?", typed, re.IGNORECASE)) is not None:
        return Deny(no[1] or None)
    return None


def _head(question: Question) -> list[Row]:
    given = cast("Mapping[str, Any]", question)
    rows = [Row(in_line(given["message"]))]
    if "server" in given:
        rows.append(Row(f"Server: {quoted(given['server'])}"))
    if "subject" in given:
        rows.append(Row(f"Subject: {quoted(given['subject'])}"))
    return rows


def _call(preview: Preview) -> list[Row]:
    given = cast("Mapping[str, Any]", preview)
    title = f", called {quoted(given['title'])} by its server" if given.get("title") is not None else ""
    reasons = f", because {in_line('; '.join(preview['reasons']))}" if preview["reasons"] else ""
    rows = [Row(f"Tool: {quoted(preview['tool'])}{title}"), Row(f"Effect: {in_line(preview['effect'])}{reasons}")]
    if record := given.get("record"):
        rows += [Row("It is about, as the server says:"), *map(_line, record)]
    rows.append(Row("What is sent:" if preview["lines"] else "Nothing is sent with it."))
    rows += map(_line, preview["lines"])
    if omitted := given.get("omitted"):
        rows.append(Row(f"{omitted} more not shown here: type all to see them."))
    if defaults := given.get("defaults"):
        rows += [Row("What the server fills in:"), *map(_line, defaults)]
    rows += [Row(f"Note: {in_line(note)}") for note in given.get("notes", ())]
    return rows


def _complete(preview: Preview) -> list[Row]:
    given = cast("Mapping[str, Any]", preview)
    rows = [Row("What is sent:")]
    rows += _json(given["arguments"]) if "arguments" in given else map(_line, preview["lines"])
    if defaults := given.get("defaults"):
        rows += [Row("What the server fills in:"), *map(_line, defaults)]
    if "meta" in given:
        rows += [Row("Beside the arguments (_meta):"), *_json(given["meta"])]
    return rows


def _json(value: object) -> list[Row]:
    # JSON writes line breaks within strings as `\n`, so that each line of it is one of the structure.
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return [Row(in_line(line), quoted=True) for line in text.split("\n")]


def _line(line: Line) -> Row:
    return Row(f"{in_line(line['label'])}: {in_line(line['value'])}", quoted=True)


def _difference(difference: Difference) -> list[Row]:
    path, note = quoted(difference["path"]), in_line(difference["note"])
    rows = [Row(f"{in_line(difference['change'])} at {path}: {note}", quoted=True)]
    if "before" in difference:
        rows.append(Row(f"  before: {quoted(difference['before'])}", quoted=True))
    if "after" in difference:
        rows.append(Row(f"  now: {quoted(difference['after'])}", quoted=True))
    return rows


def _time(millis: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(millis / 1000))
