"""Keeps secrets out of other libraries' logs.

The SDK writes whole messages to its loggers at level DEBUG, and quotes an answer that it cannot parse at level
ERROR: a sign-up's code and key among them. Nothing here changes what is logged otherwise, or at which level.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .types import Profile

__all__ = ["hide", "watch"]

_LOGGERS = (
    "client",
    "httpx",
    "httpx2",
    "mcp.client.session",
    "mcp.client.sse",
    "mcp.client.stdio",
    "mcp.client.streamable_http",
    "mcp.shared.jsonrpc_dispatcher",
    "mcp.shared.session",
    "root",
)
# Codes die within minutes, and keys are also known by their prefix: a few are enough.
_MOST = 64


class _Mask(logging.Filter):
    """Masks what was hidden, and whatever begins like a known kind of key."""

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: set[str] = set()
        self.secrets: deque[str] = deque(maxlen=_MOST)

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if (masked := self.mask(text)) != text:
            record.msg, record.args = masked, None
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            if (masked := self.mask(trace)) != trace:
                record.exc_info, record.exc_text = None, masked
        return True

    def mask(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "[secret]")
        for prefix in self.prefixes:
            text = re.sub(re.escape(prefix) + r"[\w-]+", f"{prefix}[secret]", text)
        return text


_mask = _Mask()


def watch(profile: Profile | None) -> None:
    """Mask the profile's keys, and everything given to `hide`, in the logs of the SDK and its HTTP library."""
    if profile and (credential := profile["credential"]) and (prefix := credential.get("prefix")):
        _mask.prefixes.add(prefix)
    for name in _LOGGERS:
        # Adding it twice does nothing. A name of "root" is the root logger: the SDK's 1.x writes there too.
        logging.getLogger(None if name == "root" else name).addFilter(_mask)


def hide(secret: str) -> None:
    """Mask this text from now on."""
    # Shorter texts stand everywhere.
    if len(secret) >= 4 and secret not in _mask.secrets:
        _mask.secrets.append(secret)
