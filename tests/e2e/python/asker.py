"""One process whose agent makes calls that a person at the terminal is asked about.

Usage: asker.py LOG PLAN. The plan is JSON: `calls`, each with `tool`, `arguments`, `meta`, `after` and `abort`
(milliseconds) and the number of its `guard`; `tools` beside the two that there always are; `guards`, their
`policy`, `by` (who sits there), and `ttl`, the approvals' life in milliseconds. With `chain` a call begins when
the one before is over. The log gets a line for everything that is sent and for every end: `sent NAME`, `NAME
CODE`. With `question` only that is asked, and the answer logged. `ledger` is a SQLite file. After `silenced`
milliseconds somebody elsewhere says no to the last approval and wants no more questions about its tool.
`logs` milliseconds after a call was sent the program writes a line of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import mcp.types

import toolgate
from toolgate.ask import answer_to_json

LOG, PLAN = Path(sys.argv[1]), json.loads(sys.argv[2])
TOOLS = [
    {"name": "delete_file", "inputSchema": {"type": "object"}, "annotations": {"destructiveHint": True}},
    {
        "name": "share_file",
        "inputSchema": {"type": "object"},
        "annotations": {"destructiveHint": False, "openWorldHint": True},
    },
]


def write(line: str) -> None:
    with LOG.open("a") as log:
        log.write(f"{line}\n")


class Client:
    """As little of a client as a guard needs."""

    async def list_tools(self) -> Any:
        return mcp.types.ListToolsResult.model_validate({"tools": [*TOOLS, *PLAN.get("tools", [])]})

    async def call_tool(self, name: str, arguments: Any = None, *, meta: Any = None) -> Any:
        write(f"sent {arguments.get('name', name)}")
        if "logs" in PLAN:
            await asyncio.sleep(PLAN["logs"] / 1000)
            print(f"the log tells of {arguments.get('name')}", flush=True)
        return mcp.types.CallToolResult.model_validate({"content": [{"type": "text", "text": "done"}]})


async def make(guard: Any, call: dict[str, Any]) -> None:
    name = call["arguments"].get("name", call["tool"])
    await asyncio.sleep(call.get("after", 0) / 1000)
    try:
        async with asyncio.timeout(call["abort"] / 1000 if "abort" in call else None):
            await guard.call_tool(call["tool"], call["arguments"], meta=call.get("meta"))
    except toolgate.ToolgateError as error:
        write(f"{name} {error.code}")
    except TimeoutError:
        write(f"{name} aborted")
    else:
        write(f"{name} done")


async def silence(guard: Any) -> None:
    await asyncio.sleep(PLAN["silenced"] / 1000)
    await guard.deny(guard.approvals()[-1]["id"], silence="tool")


async def main() -> None:
    if "question" in PLAN:
        answer = await toolgate.ask_in_terminal(PLAN["question"])
        write(json.dumps(answer_to_json(answer)))
        return
    ask = toolgate.ask_in_terminal(by=PLAN["by"]) if "by" in PLAN else toolgate.ask_in_terminal
    options = {
        "ask": ask,
        "policy": PLAN.get("policy"),
        "server": "https://files.example/mcp",
        "subject": "agent:tests",
    }
    if "ledger" in PLAN:
        options["ledger"] = toolgate.SqliteLedger(PLAN["ledger"])
    guards = [
        await toolgate.Guard.attach(Client(), **options, approval_ttl=PLAN.get("ttl"))
        for _ in range(PLAN.get("guards", 1))
    ]
    if "silenced" in PLAN:
        PLAN["task"] = asyncio.create_task(silence(guards[0]))
    if PLAN.get("chain"):
        for call in PLAN["calls"]:
            await make(guards[0], call)
    else:
        await asyncio.gather(*(make(guards[call.get("guard", 0)], call) for call in PLAN["calls"]))
    write("end")
    print("the program goes on")


if PLAN.get("begin"):
    print("the program begins", flush=True)
    time.sleep(PLAN["begin"] / 1000)
asyncio.run(main())
