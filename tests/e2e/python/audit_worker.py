"""A process that kills itself around the line of its first call: `after` the line, or `within` it.

Usage: audit_worker.py DIRECTORY MCP_URL OUTBOX WHEN.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path

import anyio

import toolgate

DIRECTORY, URL, OUTBOX, WHEN = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4]


class Deadly(toolgate.FileAudit):
    async def append(self, line: str) -> None:
        fatal = '"event":"dispatch"' in line and json.loads(line)["tool"] == "list_services"
        if fatal and WHEN == "within":
            with (DIRECTORY / "audit.jsonl").open("ab") as file:
                file.write(line[: len(line) // 2].encode())
        else:
            await super().append(line)
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)


async def person(question):
    found = re.search(r"Your code is (\d{6})", max(OUTBOX.glob("*.eml")).read_text())
    return toolgate.Code(found[1])


async def main() -> None:
    sink = Deadly(DIRECTORY / "audit.jsonl")
    async with toolgate.connect(URL, profile="favcrm", ask=person, audit=sink) as guard:
        await guard.signup(email="ana@example.com", organisation_name="Ana's Studio")
        await guard.call_tool("list_services")


anyio.run(main)
