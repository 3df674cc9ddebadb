"""Takes secrets out of what an error carries along: error trackers record the local variables of every frame."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

from .errors import ToolgateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

__all__ = ["Hidden", "forget", "forgetting"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")

_HERE = os.path.dirname(__file__) + os.sep


class Hidden(Generic[_T]):
    """A value that no `repr`, log or serialiser shows."""

    __slots__ = ("_reveal",)

    def __init__(self, value: _T) -> None:
        """Hide a value."""

        # A function's closure is not looked into, unlike attributes.
        def reveal() -> _T:
            return value

        self._reveal = reveal

    def reveal(self) -> _T:
        """Return the value."""
        return self._reveal()

    def __repr__(self) -> str:
        return "[secret]"

    def __deepcopy__(self, memo: object) -> Hidden[_T]:
        return self

    def __reduce__(self) -> str:
        raise TypeError("a hidden value is not written out")


def forget(error: BaseException) -> None:
    """Clear the variables of this package's own frames in the error's traceback.

    An error of ours says all that may be said; what led to it quotes requests and answers, and is dropped. A cause is
    what the host's own `ask` raised.
    """
    if isinstance(error, ToolgateError):
        error.__context__ = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(_HERE):
            # One that still runs is the caller's to clear.
            with contextlib.suppress(RuntimeError):
                trace.tb_frame.clear()
        trace = trace.tb_next


def forgetting(method: Callable[_P, Awaitable[_R]]) -> Callable[_P, Coroutine[Any, Any, _R]]:
    """Make a coroutine function whose errors hold nothing of what it worked with."""

    @functools.wraps(method)
    async def forgetful(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return await method(*args, **kwargs)
        except BaseException as error:
            forget(error)
            # This very frame is in the traceback too.
            del args, kwargs
            raise

    return forgetful
