"""From what a caller passes as arguments to the JSON text that the core judges."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .errors import make

__all__ = ["to_text", "well_formed"]

_LONE = re.compile("[\ud800-\udfff]")


def to_text(arguments: Mapping[str, Any] | str | None) -> str:
    """Write arguments as JSON text; text passes as it is, so that the core sees what was really written.

    NaN, infinities, lone surrogates and keys that collide once they are text are written out all the same:
    the core refuses them with the words that it uses in every language.

    Raises:
        ArgumentsError: The arguments cannot be written as JSON at all.
    """
    if arguments is None:
        return "{}"
    if isinstance(arguments, str):
        return well_formed(arguments)
    value: Any = arguments
    if isinstance(value, Mapping) and not isinstance(value, dict):
        value = dict(arguments)
    try:
        return json.dumps(value, allow_nan=True, separators=(",", ":"))
    except RecursionError:
        problem = "they are nested too deeply"
    except (TypeError, ValueError) as error:
        problem = str(error)
    raise make("invalid_arguments", f"The arguments cannot be written as JSON: {problem}.", violations=[])


def well_formed(text: str) -> str:
    """Write lone surrogates as escapes, which mean the same: UTF-8 has none, and the core shall see them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _LONE.sub(_escape, text)
    return text


def _escape(match: re.Match[str]) -> str:
    text, first = match.string, match.start()
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    # Behind an open escape, the new one would read as a backslash and letters; an x is as wrong as what stood there.
    opens = (match.start() - first) % 2 == 1
    return "x" if opens else f"\\u{ord(match[0]):x}"
