"""One process of a race: many guards over one ledger, for the approval of a snapshot or under a policy.

Usage: racer.py URL SNAPSHOT LEDGER BOOKING GUARDS [POLICY]. LEDGER is a PostgreSQL URL or a file; POLICY is JSON. It
says `ready`, waits for a line on standard input, and lets every guard make the call at once; the last line is a JSON
list of what each came to.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anyio

import toolgate

URL, SNAPSHOT, LEDGER, BOOKING, GUARDS, *POLICY = sys.argv[1:]


class Listed:
    """The connected client, whose tool list is read once for all the guards."""

    def __init__(self, client, tools) -> None:
        self.call_tool = client.call_tool
        self.tools = tools

    async def list_tools(self, *, cursor: str | None = None):
        return self.tools


async def main() -> None:
    ended: list[str] = []
    snapshot = Path(SNAPSHOT).read_text()
    approvals = [approval["id"] for approval in json.loads(snapshot)["approvals"]]
    quoted = {toolgate.APPROVAL_META: approvals[0]} if approvals else None
    postgres = LEDGER.startswith("postgresql:")
    async with (
        toolgate.PostgresLedger(LEDGER) if postgres else toolgate.SqliteLedger(LEDGER) as ledger,
        toolgate.connect(URL, profile="favcrm") as first,
    ):
        options = {"server": URL, "subject": "agent", "profile": "favcrm", "snapshot": snapshot, "ledger": ledger}
        if POLICY:
            options["policy"] = json.loads(POLICY[0])
        client = Listed(first.client, await first.client.list_tools())
        guards = [await toolgate.Guard.attach(client, **options) for _ in range(int(GUARDS))]

        async def run(guard):
            try:
                await guard.call_tool("cancel_booking", {"id": BOOKING}, meta=quoted)
                ended.append("ran")
            except toolgate.ToolgateError as error:
                ended.append(error.code)

        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)
        async with anyio.create_task_group() as group:
            for guard in guards:
                group.start_soon(run, guard)
    print(json.dumps(ended))


anyio.run(main)
