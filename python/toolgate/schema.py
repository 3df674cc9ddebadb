"""JSON Schema on its own: compile once, validate text or objects, explain what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from ._native import Refused, Validator
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
        options["resources"] = dict(resources)
    try:
        return Validator(schema if isinstance(schema, str) else _text(schema), _text(options))
    except Refused as refusal:
        raise_refusal(refusal)


def _text(value: object) -> str:
    try:
        return json.dumps(dict(value) if isinstance(value, Mapping) else value, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise make("invalid_schema", f"The schema cannot be written as JSON: {error}.") from error
