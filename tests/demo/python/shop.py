"""A shop whose refund asks for the amount in the middle of the call, as MCP 2026-07-28 has it, over real HTTP."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
import uvicorn
from mcp.server.lowlevel import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AMOUNT = {
    "type": "object",
    "properties": {"amount": {"type": "integer", "title": "Amount in cents", "minimum": 1}},
    "required": ["amount"],
}


class Shop:
    """The shop, and what each request for a refund brought along: nothing, then the amount."""

    def __init__(self) -> None:
        """Begin without any refund."""
        self.url = ""
        self.refunds: list[Any] = []

    async def list_tools(self, _context: Any, _params: Any) -> types.ListToolsResult:
        """List the one tool."""
        hints = types.ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True
        )
        refund = types.Tool(
            name="refund_purchase",
            description="Gives money back.",
            input_schema={"type": "object"},
            annotations=hints,
        )
        return types.ListToolsResult(tools=[refund])

    async def call_tool(self, _context: Any, params: Any) -> types.CallToolResult | types.InputRequiredResult:
        """Ask for the amount first."""
        given = (params.input_responses or {}).get("amount")
        amount = given.content["amount"] if given else None
        self.refunds.append(amount)
        if amount is None:
            form = types.ElicitRequestFormParams(message="Which amount?", requested_schema=AMOUNT)
            asked = {"amount": types.ElicitRequest(params=form)}
            return types.InputRequiredResult(input_requests=asked, request_state="known to the shop alone")
        return types.CallToolResult(content=[types.TextContent(type="text", text=f"refunded {amount}")])


@asynccontextmanager
async def shop() -> AsyncIterator[Shop]:
    """Serve a shop on a free port."""
    opened = Shop()
    server = Server("shop", on_list_tools=opened.list_tools, on_call_tool=opened.call_tool)
    runner = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), port=0, log_level="error"))
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    while not runner.started:
        await anyio.sleep(0.01)
    opened.url = f"http://127.0.0.1:{runner.servers[0].sockets[0].getsockname()[1]}/mcp"
    try:
        yield opened
    finally:
        runner.should_exit = True
        await anyio.to_thread.run_sync(thread.join)
