"""How a question is written on a terminal, and what is typed is read."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any, cast

from .ask import Approve, Cancel, Code, Defer, Deny, NotRan, Ran, Resend
from .terminal_inputs import inputs_sheet
from .terminal_remember import remember_sheet
from .terminal_rows import STRICT, Next, Row, Sheet, Show, Unclear, in_line, is_typed, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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

__all__ = ["nobody", "sheet_of", "time_of", "unasked"]

# Notes that stand above the call however low the screen is.
_KEPT_NOTES = 2


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
        by = ", by=..." if "approvers" in given else ""
        rest = (
            f'The approval {approval} stays open: allow it with approve("{approval}"{by}), then make the same '
            "call again, quoting it."
        )
    return f"toolgate: nobody was asked {about}: {why}. {rest}\n"


def nobody(question: Question, why: str) -> Defer:
    """Say in one line why nobody is asked."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(unasked(question, why))
        sys.stderr.flush()
    return Defer(unasked=True)


def _approval_sheet(question: ApprovalQuestion) -> Sheet:
    preview = question["preview"]
    strict = preview["effect"] in STRICT
    rows = [*_head(question), *_call(_once_told(preview, question["message"]))]
    if (approvers := question.get("approvers")) is not None:
        agreed = ", ".join(map(quoted, question.get("agreed", ()))) or "nobody yet"
        people = ", ".join(map(quoted, approvers["from"]))
        rows.append(Row(f"{approvers.get('count', 1)} of {people} must agree; agreed: {agreed}."))
    rows.append(Row(f"A yes would be good until {time_of(question['expires_at'])}."))
    # Never for what pays.
    remember = [] if preview["effect"] == "billing" else question.get("remember", [])
    if remember:
        rows.append(Row("To allow others like it too, type remember.", spare=True))

    def read(typed: str) -> Answer | Next | Show | Unclear:
        if strict and is_typed("y", typed):
            return Unclear("Type yes in full to allow this call.", half_yes=True)
        if remember and is_typed("remember", typed):
            in_ledger = question.get("remember_in_ledger", False)
            return Next(remember_sheet(preview["tool"], remember, strict=strict, in_ledger=in_ledger))
        return _common(typed) or _yes_or_no(typed) or Unclear("That is neither yes nor no.")

    return Sheet(
        rows,
        _complete(preview),
        f"Allow this call? {'yes (in full)' if strict else 'y'}, n, later, all, ?: ",
        [
            f"{'yes' if strict else 'y or yes'}: the call is made once, exactly as shown.",
            "n or no: it is refused. What you type after it is told to the agent as the reason.",
            *(["remember: allow it, and for a while others like it; you are asked which."] if remember else []),
            "later: it is refused for now; the approval stays open until its end.",
            "all: everything that is sent, page by page.",
            "Ctrl-C: the agent's call is called off. A second Ctrl-C ends the program.",
        ],
        read,
        Deny("The person gave no clear answer."),
    )


def _once_told(preview: Preview, message: str) -> Preview:
    """Return the preview without the notes on earlier calls that the message holds already."""
    earlier = [one["approval"] for one in preview.get("earlier", ())]
    told = [note for note in preview.get("notes", ()) if note in message and any(one in note for one in earlier)]
    return {**preview, "notes": [note for note in preview.get("notes", ()) if note not in told]}


def _credential_sheet(question: CredentialQuestion) -> Sheet:
    held, new = (
        "not known" if name is None else quoted(name)
        for name in (question.get("held_organisation"), question.get("organisation"))
    )

    def read(typed: str) -> Answer | Show | Unclear:
        if is_typed("y", typed):
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
    rows = [
        *_head(question),
        Row(f"Tool: {quoted(question['tool'])}. {says}"),
        *(row for difference in question["differences"] for row in _difference(difference)),
        *_tool(question),
    ]
    return Sheet(
        rows,
        [*rows, *(_complete(question["preview"]) if "preview" in question else [])],
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
        rows += [Row("The server describes it as:"), Row(quoted(description), quoted=True, spare=True)]
    rows.append(Row(f"Its parameters: {', '.join(map(quoted, question.get('parameters', []))) or 'none'}"))
    if "preview" in question:
        rows += [Row("A yes goes on with this call:"), *_call(question["preview"])]
    return rows


def _outcome_sheet(question: OutcomeQuestion) -> Sheet:
    def read(typed: str) -> Answer | Show | Unclear:
        if is_typed("y(es)?", typed):
            return Ran()
        if is_typed("no?", typed):
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
    until, left = time_of(question["expires_at"]), question["attempts_left"]
    rows.append(Row(f"{question['digits']} digits, good until {until}; {left} more tries."))

    def read(typed: str) -> Answer | Show | Unclear:
        code = re.sub(r"[\s-]", "", typed)
        if re.fullmatch("[0-9]+", code):
            return Code(code)
        if is_typed("r(esend)?", typed):
            return Resend()
        if is_typed("q(uit)?", typed):
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
    if is_typed("l(ater)?", typed):
        return Defer()
    if is_typed("a(ll)?", typed):
        return Show("complete")
    if is_typed(r"\?|h(elp)?", typed):
        return Show("help")
    return None


def _yes_or_no(typed: str) -> Answer | None:
    if is_typed("y(es)?", typed):
        return Approve()
    if (no := is_typed(r"no?(?:[\s,:;.]+(.*))?", typed)) is not None:
        return Deny(no[1] or None)
    return None


def _head(question: Question) -> list[Row]:
    given = cast("Mapping[str, Any]", question)
    rows = [Row(in_line(given["message"]))]
    if "server" in given:
        note = f", {in_line(given['server_note'])}" if "server_note" in given else ""
        rows.append(Row(f"Server: {quoted(given['server'])}{note}"))
    if "subject" in given:
        rows.append(Row(f"Subject: {quoted(given['subject'])}"))
    return rows


def _call(preview: Preview) -> list[Row]:
    name = preview.get("title")
    title = "" if name is None else f", called {quoted(name)} by its server"
    reasons = f", because {in_line('; '.join(preview['reasons']))}" if preview["reasons"] else ""
    rows = [Row(f"Tool: {quoted(preview['tool'])}{title}"), Row(f"Effect: {in_line(preview['effect'])}{reasons}")]
    notes = _notes(preview)
    rows += notes[:_KEPT_NOTES]
    if record := preview.get("record"):
        rows += [Row("It is about, as the server says:"), *map(_line, record)]
    sent = [line for line in preview["lines"] if not _is_meta(line)]
    beside = [line for line in preview["lines"] if _is_meta(line)]
    rows += [Row("What is sent:" if sent else "Nothing is sent with it."), *map(_line, sent)]
    if beside:
        rows += [Row("Beside the arguments (_meta):"), *map(_line, beside)]
    rows += _inputs(preview)
    if omitted := preview.get("omitted"):
        rows.append(Row(f"{omitted} more not shown here: type all to see them."))
    return rows + _defaults(preview) + [row._replace(spare=True) for row in notes[_KEPT_NOTES:]]


def _complete(preview: Preview) -> list[Row]:
    rows: list[Row] = []
    if record := preview.get("record"):
        rows += [Row("It is about, as the server says:"), *map(_line, record)]
    given = cast("Mapping[str, Any]", preview)
    rows.append(Row("What is sent:"))
    rows += _json(given["arguments"], preview.get("hidden", ())) if "arguments" in given else map(_line, given["lines"])
    rows += _inputs(preview) + _defaults(preview)
    if "meta" in given:
        rows += [Row("Beside the arguments (_meta):"), *_json(given["meta"])]
    return rows + _notes(preview)


def _is_meta(line: Line) -> bool:
    """Tell whether it stands beside the arguments; one of that name is in quotes."""
    return re.match(r"_meta(?:\Z|[.\[])", line["label"]) is not None


def _inputs(preview: Preview) -> list[Row]:
    inputs = preview.get("inputs")
    return [Row("What the tool asked for, and is given:"), *map(_line, inputs)] if inputs else []


def _notes(preview: Preview) -> list[Row]:
    rows = [Row(f"Note: {in_line(note)}") for note in preview.get("notes", ())]
    if omitted := preview.get("notes_omitted"):
        rows.append(Row(f"Note: {omitted} more such notes are not shown."))
    return rows


def _defaults(preview: Preview) -> list[Row]:
    if not (defaults := preview.get("defaults")):
        return []
    rows = [Row("What the server fills in:"), *map(_line, defaults)]
    if omitted := preview.get("defaults_omitted"):
        rows.append(Row(f"It may fill in {omitted} more that are not shown."))
    return rows


def _json(value: object, hidden: Sequence[str] = ()) -> list[Row]:
    # No string can be one that nobody knew.
    mark = f"hidden {uuid.uuid4()}"
    pointers = [pointer.split("/") for pointer in hidden]
    shown = _marked(value, [""], pointers, mark) if pointers else value
    # JSON writes line breaks within strings as `\n`, so that each line of it is one of the structure.
    text = json.dumps(shown, indent=2, ensure_ascii=False).replace(f'"{mark}"', "(hidden)")
    return [Row(in_line(line), quoted=True) for line in text.split("\n")]


def _marked(value: Any, path: list[str], pointers: list[list[str]], mark: str) -> Any:
    """Return the value with a mark for each value that a pointer leads to; `*` stands for any name or place."""
    if any(
        len(pointer) == len(path) and all(part in ("*", given) for part, given in zip(pointer, path, strict=True))
        for pointer in pointers
    ):
        return mark
    given: Any = value
    if isinstance(value, list):
        return [_marked(item, [*path, str(at)], pointers, mark) for at, item in enumerate(given)]
    if isinstance(value, dict):
        tokens = {name: name.replace("~", "~0").replace("/", "~1") for name in given}
        return {name: _marked(member, [*path, tokens[name]], pointers, mark) for name, member in given.items()}
    return value


def _line(line: Line) -> Row:
    return Row(f"{in_line(line['label'])}: {in_line(line['value'])}", quoted=True, spare=True)


def _difference(difference: Difference) -> list[Row]:
    path, note = quoted(difference["path"]), in_line(difference["note"])
    rows = [f"{in_line(difference['change'])} at {path}: {note}"]
    if "before" in difference:
        rows.append(f"  before: {quoted(difference['before'])}")
    if "after" in difference:
        rows.append(f"  now: {quoted(difference['after'])}")
    return [Row(row, quoted=True, spare=True) for row in rows]


def time_of(millis: int) -> str:
    """Return the time of the day."""
    return time.strftime("%H:%M:%S", time.localtime(millis / 1000))
