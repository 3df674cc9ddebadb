"""A span a tool call, by OpenTelemetry's conventions for generative AI and MCP. No arguments, no results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from .errors import ToolgateError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import AbstractContextManager

    from .driver import Ended

__all__ = ["Tracer"]

_OPERATION = "execute_tool"


class Tracer(Protocol):
    """What is needed of an `opentelemetry.trace.Tracer`."""

    def start_as_current_span(
        self, name: str, *, record_exception: bool, set_status_on_exception: bool
    ) -> AbstractContextManager[Any]:
        """Begin a span and make it the current one."""
        ...


async def traced(tracer: Tracer | None, call: Coroutine[Any, Any, Ended]) -> Ended:
    """Run a call in a span that tells how it ended."""
    if tracer is None:
        return await call
    # What an exception says may quote arguments: its code is told instead.
    with tracer.start_as_current_span(_OPERATION, record_exception=False, set_status_on_exception=False) as span:
        span.set_attributes(
            {"gen_ai.operation.name": _OPERATION, "gen_ai.tool.type": "function", "mcp.method.name": "tools/call"}
        )
        try:
            ended = await call
        except ToolgateError as error:
            _fail(span, error.code)
            raise
        _tell(span, ended)
        return ended


def _tell(span: Any, ended: Ended) -> None:
    outcome = ended.outcome
    span.set_attribute("gen_ai.tool.call.id", ended.flow)
    if decision := outcome.get("decision"):
        # Only now: the name that the model gave may hold anything, and the core masks what it must not.
        span.update_name(f"{_OPERATION} {decision['tool']}")
        span.set_attribute("gen_ai.tool.name", decision["tool"])
        for name, value in (
            ("toolgate.effect", decision.get("effect")),
            ("toolgate.gate", decision["gates"][-1]["gate"] if decision["gates"] else None),
            ("toolgate.approval", decision.get("approval")),
        ):
            if value is not None:
                span.set_attribute(name, value)
    if outcome["type"] == "failed":
        _fail(span, outcome["error"]["code"])
    elif cast("dict[str, Any]", outcome["result"]).get("isError") is True:
        _fail(span, "tool_error")


def _fail(span: Any, kind: str) -> None:
    # Where there is a tracer there is its package.
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
