"""What toolgate costs in Python: attaching to many tools, and one call against the bare client.

Usage: guard.py RESULTS. The servers are in this process, so that no network blurs the figures. Every figure is the
median of its runs.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client
from mcp.server import Server
from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool

from toolgate import Guard, _native

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (1_000, 2_500, 5_000, 10_000)
ATTACH_RUNS = 7
CALLS = 300


def tool(number: int) -> dict[str, Any]:
    """Make a tool of ordinary size: six properties, one of them nested, and annotations."""
    return {
        "name": f"{('list', 'update', 'delete', 'send')[number % 4]}_thing_{number}",
        "title": f"Thing {number}",
        "description": f"Works on the things of kind {number}, as many as there are, and says what became of them.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "minLength": 1, "description": "Which thing"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100},
                "status": {"type": "string", "enum": ["open", "closed", "all"]},
                "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 20},
                "from": {"type": "string", "format": "date-time"},
                "owner": {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}},
            },
            "required": ["id"],
            "additionalProperties": False,
        },
        "annotations": {"readOnlyHint": number % 4 == 0, "destructiveHint": number % 4 == 2, "openWorldHint": False},
    }


def median(work: Callable[[], float], runs: int) -> float:
    """Return the median in milliseconds."""
    return statistics.median(work() for _ in range(runs)) * 1_000


def core_attach(page: str) -> Callable[[], float]:
    """Time the core alone: one page as text in, the catalogue and its effects made."""

    def run() -> float:
        core = _native.Core(json.dumps({"server": "bench", "trusted": True}))
        step = json.loads(core.start(json.dumps({"now": 0, "entropy": "0" * 32, "flow": {"type": "list"}})))
        event = json.dumps({"step": step["id"], "now": 0, "event": {"type": "tools"}})
        begin = time.perf_counter()
        outcome = json.loads(core.handle(event, page))["outcome"]
        spent = time.perf_counter() - begin
        assert outcome["type"] == "listed"
        return spent

    return run


def server_of(tools: list[dict[str, Any]]) -> Server[Any]:
    """Serve these tools; every call answers with a small text."""
    page = ListToolsResult(tools=[Tool.model_validate(tool) for tool in tools])
    result = CallToolResult(content=[TextContent(type="text", text="done")])

    async def list_tools(context: Any, params: Any) -> ListToolsResult:
        return page

    async def call_tool(context: Any, params: Any) -> CallToolResult:
        return result

    return Server("bench", on_list_tools=list_tools, on_call_tool=call_tool)


async def attach(tools: list[dict[str, Any]]) -> dict[str, float]:
    """Time attaching by its parts."""
    page = json.dumps({"tools": tools})
    figures = {"bytes": float(len(page)), "core": median(core_attach(page), ATTACH_RUNS)}
    figures["json.dumps"] = median(timed(lambda: json.dumps({"tools": tools})), ATTACH_RUNS)
    client_alone: list[float] = []
    attached: list[float] = []
    async with Client(server_of(tools)) as client:
        for _ in range(ATTACH_RUNS):
            begin = time.perf_counter()
            await client.list_tools(cache_mode="bypass")
            client_alone.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            guard = await Guard.attach(client, trusted=True)
            attached.append(time.perf_counter() - begin)
            assert len(guard.tools()) == len(tools)
    figures["the client's own list_tools"] = statistics.median(client_alone) * 1_000
    figures["attach, all in"] = statistics.median(attached) * 1_000
    return figures


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """Make a timer of some work."""

    def run() -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    return run


async def calls() -> dict[str, float]:
    """Time a read through the guard and without it, taking turns so that both see the same machine."""
    bare: list[float] = []
    guarded: list[float] = []
    async with Client(server_of([tool(n) for n in range(160)])) as client:
        guard = await Guard.attach(client, trusted=True)
        for number in range(CALLS):
            arguments = {"id": f"thing-{number}", "limit": 1 + number % 64, "tags": ["a", "b"]}
            for call, into in ((client.call_tool, bare), (guard.call_tool, guarded)):
                begin = time.perf_counter()
                await call("list_thing_0", arguments)
                into.append(time.perf_counter() - begin)
    figures = {"bare": statistics.median(bare) * 1_000, "guarded": statistics.median(guarded) * 1_000}
    figures["overhead"] = figures["guarded"] - figures["bare"]
    return figures


def table(rows: dict[int, dict[str, float]]) -> str:
    """Write the figures of attaching as a table, with what each thousand tools costs."""
    columns = [name for name in next(iter(rows.values())) if name != "bytes"]
    lines = ["| tools | MB | " + " | ".join(f"{name} (ms)" for name in columns) + " | core per 1,000 |"]
    lines.append("|" + "---:|" * (len(columns) + 3))
    for count, figures in rows.items():
        cells = " | ".join(f"{figures[name]:.1f}" for name in columns)
        lines.append(f"| {count} | {figures['bytes'] / 1e6:.1f} | {cells} | {figures['core'] / count * 1_000:.2f} |")
    return "\n".join(lines)


async def main() -> None:
    """Run everything and write it down."""
    rows = {count: await attach([tool(number) for number in range(count)]) for count in SIZES}
    reads = await calls()
    read = "\n".join(f"| {name} | {value:.3f} |" for name, value in reads.items())
    text = f"Attaching:\n\n{table(rows)}\n\nA read call:\n\n| | ms |\n|---|---:|\n{read}\n"
    await anyio.Path(sys.argv[1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    anyio.run(main)
