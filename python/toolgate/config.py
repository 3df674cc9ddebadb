"""The configurations of MCP clients: their placeholders, and the keys that stand in them in plain sight."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, cast

from . import _native
from .errors import raise_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .types import ConfigReference

__all__ = ["config_references", "resolve_config"]


def config_references(config: str) -> list[ConfigReference]:
    """Return the placeholders: `${env:NAME}`, `${NAME}`, `${NAME:-default}` and `${input:id}`.

    Raises:
        OptionsError: The text is no JSON.
    """
    try:
        return cast("list[ConfigReference]", json.loads(_native.config_references(config)))
    except _native.Refused as refusal:
        raise_refusal(refusal)


def resolve_config(
    config: str, *, env: Mapping[str, str] | None = None, inputs: Mapping[str, str] | None = None
) -> str:
    """Return the configuration with the values in, which are not looked at for further placeholders.

    Args:
        config: The JSON text of a client's configuration.
        env: The variables; `os.environ` if not given.
        inputs: What a person answered, by the inputs' ids.

    Raises:
        OptionsError: Something is missing, or a key stands there in plain sight; `details["problems"]` names
            each with its line, and quotes no key.
    """
    env = os.environ if env is None else env
    # Nothing crosses that is not asked for.
    wanted = {reference["name"] for reference in config_references(config)}
    values = {"env": {name: env[name] for name in wanted if name in env}, "inputs": dict(inputs or {})}
    try:
        return _native.resolve_config(config, json.dumps(values))
    except _native.Refused as refusal:
        raise_refusal(refusal)
