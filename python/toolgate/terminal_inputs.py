"""What a tool asks for in the middle of a call, on a terminal: an overview, a line a field, a yes to the whole."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .ask import Defer, Deny, Input, Inputs
from .terminal_rows import STRICT, Next, Row, Sheet, Show, Unclear, in_line, is_typed, quoted, width_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .ask import Answer
    from .types import InputField, InputRequest, InputsQuestion

__all__ = ["inputs_sheet"]

# Unlike an approval, a round of a tool is not kept for later.
_NOT_KEPT = "Nothing is sent, and it cannot be answered later."
# Columns that a name may take within a prompt, which the terminal breaks where it likes.
_MAX_NAMED = 16


@dataclass(frozen=True)
class _Typed:
    """A value that was typed; `None` leaves the field out."""

    value: Any


@dataclass(frozen=True)
class _Item:
    """One thing to be typed: a field of a form, or whether an address is agreed to."""

    key: str
    field: str | None
    rows: list[Row]
    prompt: str
    read: Callable[[str], _Typed | Unclear]


def inputs_sheet(question: InputsQuestion, head: list[Row]) -> Sheet | None:
    """Return the question's sheet, or nothing if something is asked for that cannot be typed."""
    wanted = [request for request in question["requests"] if "declined" not in request]
    if not wanted or any(request["type"] not in ("form", "url") for request in wanted):
        return None
    strict = any(call.get("effect", "billing") in STRICT for call in question["calls"])
    items = [item for request in wanted for item in _items(request)]
    rows = list(head)
    if (problem := question.get("problem")) is not None:
        rows.append(Row(f"Because: {in_line(problem['message'])}"))
    rows += [Row(f"Asked by: {quoted(call['tool'])}, {in_line(call.get('effect', ''))}") for call in question["calls"]]
    rows += [row for request in question["requests"] for row in _request_rows(request)]

    def after(values: tuple[Any, ...]) -> Sheet:
        if len(values) == len(items):
            return _last(items, values, strict=strict)
        item = items[len(values)]

        def read(typed: str) -> Next | Unclear:
            value = item.read(typed)
            return value if isinstance(value, Unclear) else Next(after((*values, value.value)))

        return Sheet(item.rows, [], item.prompt, [], read, Defer(), _NOT_KEPT)

    def read(typed: str) -> Answer | Next | Show | Unclear:
        if is_typed("y(es)?", typed):
            return Next(after(()))
        if is_typed("no?", typed):
            return Deny()
        if is_typed("l(ater)?", typed):
            return Defer()
        if is_typed("a(ll)?", typed):
            return Show("complete")
        if is_typed(r"\?|h(elp)?", typed):
            return Show("help")
        return Unclear("That is neither yes nor no.")

    explained = "y or yes: what it asks for is typed in, and shown before it is sent. n or no: all of it is declined."
    explained_too = ["later: nothing is sent, and the call does not wait for it."]
    explained_too.append("all: all that it asks for, page by page.")
    asks = "Answer the server? y, n, later, all, ?: "
    return Sheet(rows, rows, asks, [explained, *explained_too], read, Defer(), _NOT_KEPT)


def _last(items: list[_Item], values: tuple[Any, ...], *, strict: bool) -> Sheet:
    actions: dict[str, Any] = {}
    contents: dict[str, dict[str, Any]] = {}
    for item, value in zip(items, values, strict=True):
        if item.field is None:
            actions[item.key] = "accept" if value else "decline"
            continue
        actions[item.key] = "accept"
        content = contents.setdefault(item.key, {})
        if value is not None:
            content[item.field] = value
    rows = [Row("What is sent back:")]
    for key, action in actions.items():
        rows.append(Row(f"{in_line(key)}: {action}", quoted=True, spare=True))
        rows += [
            Row(f"  {in_line(name)}: {in_line(json.dumps(value, ensure_ascii=False))}", quoted=True, spare=True)
            for name, value in contents.get(key, {}).items()
        ]

    def read(typed: str) -> Answer | Show | Unclear:
        if is_typed("a(ll)?", typed):
            return Show("complete")
        if strict and is_typed("y", typed):
            return Unclear("Type yes in full to send this.", half_yes=True)
        if is_typed("y(es)?", typed):
            return Inputs({key: Input(action, contents.get(key)) for key, action in actions.items()})
        return Deny() if is_typed("no?", typed) else Unclear("That is neither yes nor no.")

    asks = f"Send this? {'yes (in full)' if strict else 'y'}, n, all: "
    return Sheet(rows, rows, asks, [], read, Deny(), _NOT_KEPT)


def _request_rows(request: InputRequest) -> list[Row]:
    rows = [Row(f"Wanted: {request['type']}, {quoted(request['key'])}")]
    if "message" in request:
        rows.append(Row(quoted(request["message"]), quoted=True, spare=True))
    if "url" in request:
        rows += [Row("The whole address:"), Row(in_line(request["url"]), quoted=True)]
    if "declined" in request:
        rows.append(Row(f"Declined already: {in_line(request['declined'])}"))
    rows += [Row(f"Note: {in_line(note)}") for note in request.get("notes", ())]
    return rows


def _items(request: InputRequest) -> list[_Item]:
    key = request["key"]
    if request["type"] == "url":
        rows = [Row(f"Open the address of {quoted(key)} yourself, if you know whose it is. Nothing opens it for you.")]
        return [_Item(key, None, rows, "Agree to it? y, n: ", _agreed)]
    return [
        _Item(
            key,
            field["name"],
            _field_rows(field),
            f"Value{_named(field['name'])}{'' if field['required'] else ', or nothing'}: ",
            partial(_value, field),
        )
        for field in request.get("fields", ())
    ]


def _named(name: str) -> str:
    """Return the name for a prompt; it stands in the row above too."""
    shown = quoted(name)
    return f" for {shown}" if width_of(shown) <= _MAX_NAMED else ""


def _agreed(typed: str) -> _Typed | Unclear:
    if is_typed("y(es)?", typed):
        return _Typed(value=True)
    return _Typed(value=False) if is_typed("no?", typed) else Unclear("That is neither yes nor no.")


def _field_rows(field: InputField) -> list[Row]:
    rows = [Row(f"Field: {quoted(field['name'])}, {in_line(field.get('format', field['type']))}")]
    rows += [
        Row(quoted(words), quoted=True) for words in (field.get("title"), field.get("description")) if words is not None
    ]
    for number, option in enumerate(field.get("options", ()), 1):
        words = f" {quoted(option['title'])}" if "title" in option else ""
        rows.append(Row(f"{number}: {quoted(option['value'])}{words}", quoted=True))
    if "minimum" in field:
        rows.append(Row(f"At least {in_line(field['minimum'])}."))
    if "maximum" in field:
        rows.append(Row(f"At most {in_line(field['maximum'])}."))
    if "default" in field:
        rows += [Row("Without a value of yours:"), Row(in_line([field["default"]]), quoted=True)]
    return rows


def _value(field: InputField, typed: str) -> _Typed | Unclear:
    if not typed:
        if "default" in field:
            return _Typed(field["default"])
        return Unclear("It must be given.") if field["required"] else _Typed(None)
    options = [option["value"] for option in field.get("options", ())]
    match field["type"]:
        case "boolean":
            if is_typed("y(es)?|true", typed):
                return _Typed(value=True)
            return _Typed(value=False) if is_typed("no?|false", typed) else Unclear("Type y or n.")
        case "number" | "integer":
            return _number(field, typed)
        case "choice":
            chosen = _chosen(options, typed)
            return Unclear("Type the number of one of them.") if chosen is None else _Typed(chosen)
        case "choices":
            several = [_chosen(options, one.strip()) for one in typed.split(",")]
            return Unclear("Type their numbers, with commas.") if None in several else _Typed(several)
        case _:
            return _Typed(typed)


def _number(field: InputField, typed: str) -> _Typed | Unclear:
    unclear = Unclear("That is no such number.")
    if re.fullmatch(r"-?[0-9]{1,15}" if field["type"] == "integer" else r"-?[0-9]+(\.[0-9]+)?", typed) is None:
        return unclear
    value = float(typed) if "." in typed else int(typed[:64])
    if not field.get("minimum", value) <= value <= field.get("maximum", value):
        return unclear
    return _Typed(value)


def _chosen(options: list[str], typed: str) -> str | None:
    if re.fullmatch("[1-9][0-9]{0,5}", typed) and int(typed) <= len(options):
        return options[int(typed) - 1]
    return typed if typed in options else None
