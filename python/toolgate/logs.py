"""Keeps secrets out of other libraries' logs.

The SDK writes whole messages to its loggers at level DEBUG, and quotes an answer that it cannot parse at level
ERROR: a sign-up's code and key among them. Nothing here changes what is logged otherwise, or at which level.
"""

from __future__ import annotations

import logging
import re
import weakref
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import _native
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
# Codes die within minutes: a few are enough. What lives longer is known to the cores of the guards.
_MOST = 64


class _Mask(logging.Filter):
    """Masks what was hidden, and whatever begins like a known kind of key."""

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: set[str] = set()
        self.codes: deque[str] = deque(maxlen=_MOST)
        # A core knows the secrets of its guard in all their forms, for as long as the guard lives.
        self.cores: weakref.WeakSet[_native.Core] = weakref.WeakSet()

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if (masked := self.mask(text)) != text:
            record.msg, record.args = masked, None
        if record.exc_info:
            # The frames themselves hold requests and answers, which error trackers would record.
            trace = logging.Formatter().formatException(record.exc_info)
            record.exc_info, record.exc_text = None, self.mask(trace)
        return True

    def mask(self, text: str) -> str:
        for core in tuple(self.cores):
            try:
                text = core.masked(text)
            except RuntimeError:
                # A core that failed inside knows nothing any more.
                continue
        for code in tuple(self.codes):
            text = text.replace(code, "[secret]")
        for prefix in self.prefixes:
            text = re.sub(re.escape(prefix) + r"[\w-]+", f"{prefix}[secret]", text)
        return text


_mask = _Mask()


def watch(profile: Profile | None, core: _native.Core | None = None) -> None:
    """Mask the profile's keys, and what `hide` or the core knows, in the logs of the SDK and its HTTP library."""
    if core is not None:
        _mask.cores.add(core)
    if profile and (credential := profile["credential"]) and (prefix := credential.get("prefix")):
        _mask.prefixes.add(prefix)
    for name in _LOGGERS:
        # Adding it twice does nothing. A name of "root" is the root logger: the SDK's 1.x writes there too.
        logging.getLogger(None if name == "root" else name).addFilter(_mask)


def hide(code: str) -> None:
    """Mask an emailed code from now on, until many others have come."""
    # Shorter texts stand everywhere.
    if len(code) >= 4 and code not in _mask.codes:
        _mask.codes.append(code)
