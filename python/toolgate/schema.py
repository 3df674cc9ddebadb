"""JSON Schema on its own: compile once, validate text or objects, explain what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from ._native import Refused, Validator
from .arguments import well_formed
from .errors import make, raise_refusal

__all__ = ["Validator", "Violation", "compile"]


class Violation(TypedDict):
    """One thing that is wrong with a document, and how to mend it."""

    path: str
    """JSON Pointer into the document."""
    schema_path: str
    """JSON Pointer into the schema; behind its URI where a reference led to another document."""
    keyword: str
    """The schema's keyword, or what keeps the document from being read: `syntax`, `duplicate_key`, `too_deep`."""
    expected: str
    """What would be right."""
    got: str
    """What came, shortened; hidden where it may be a secret."""
    repair: str
    """What to do about it, in one line."""


def compile(  # noqa: A001
    schema: Mapping[str, Any] | bool | str,
    *,
    formats: Literal["assert", "annotate"] = "assert",
    dialect: str | None = None,
    resources: Mapping[str, Any] | None = None,
) -> Validator:
    """Compile a schema: a mapping, a boolean, or JSON text. Drafts 2020-12, 2019-09, 7 and 6.

    Args:
        schema: The schema; its `$schema` names the draft.
        formats: Whether `format` is an assertion or only an annotation.
        dialect: The meta-schema's URI for schemas without `$schema`. Default: that of draft 2020-12.
        resources: Schemas by the absolute URIs that `$ref` may lead to. Nothing is ever fetched.

    Raises:
        SchemaError: The schema cannot be used; its details name the problem, the keyword and the path.
    """
    options: dict[str, Any] = {"formats": formats}
    if dialect is not None:
        options["dialect"] = dialect
    if resources is not None:
        options["resources"] = resources
    text = well_formed(schema) if isinstance(schema, str) else _text(schema, "schema")
    try:
        return Validator(text, _text(options, "options"))
    except Refused as refusal:
        raise_refusal(refusal)


def _text(value: object, what: str) -> str:
    try:
        return json.dumps(value, default=_plain, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        details = {"problem": "unreadable", "keyword": "", "path": ""}
        raise make("invalid_schema", f"The {what} cannot be written as JSON: {error}.", **details) from error


def _plain(value: object) -> object:
    """Let any mapping be an object, at any depth."""
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    raise TypeError(f"a value of the type {type(value).__name__} has no form in JSON")
