"""From what a caller passes as arguments to the JSON text that the core judges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .errors import make

__all__ = ["to_text"]


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
        # A lone surrogate cannot cross as UTF-8; its JSON escape can, and means the same.
        return arguments.encode("utf-8", "backslashreplace").decode("utf-8")
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
