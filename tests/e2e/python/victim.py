"""A process that has a call approved and made, and is killed at one point of that way.

Usage: victim.py URL LEDGER DIRECTORY BOOKING POINT [POLICY]. LEDGER is a PostgreSQL URL or a file; POLICY is JSON.
POINT is `before-N` or `after-N` for the Nth write to the ledger, `before-call`, or `on-the-way`, where it waits to be
killed. Before each step the guard's snapshot is written to DIRECTORY, as a host does that wants to go on after a crash.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import anyio

import toolgate

URL, LEDGER, DIRECTORY, BOOKING, POINT, *POLICY = sys.argv[1:]


def die_at(point: str) -> None:
    if point == POINT:
        os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """The ledger, and death around its writes."""

    def __init__(self, ledger: toolgate.Ledger) -> None:
        self.ledger = ledger
        self.writes = 0
        self.get = ledger.get
        self.entries = ledger.entries

    async def compare_and_set(self, key: str, expected: str | None, record: str) -> bool:
        self.writes += 1
        number = self.writes
        die_at(f"before-{number}")
        stored = await self.ledger.compare_and_set(key, expected, record)
        die_at(f"after-{number}")
        return stored


async def yes(question: toolgate.Question) -> toolgate.Answer:
    return toolgate.Approve()


async def main() -> None:
    held: list[toolgate.Guard] = []

    def watch(step: toolgate.Step) -> None:
        if not held:
            return
        path = Path(DIRECTORY, "snapshot.json")
        path.with_suffix(".new").write_text(held[0].snapshot())
        path.with_suffix(".new").rename(path)
        if step["type"] == "call_tool" and step.get("name") == "cancel_booking":
            die_at("before-call")

    ledger = toolgate.PostgresLedger(LEDGER) if LEDGER.startswith("postgresql:") else toolgate.SqliteLedger(LEDGER)
    options = {"ledger": Deadly(ledger), "subject": "agent", "ask": yes, "on_step": watch}
    if POLICY:
        options["policy"] = json.loads(POLICY[0])
    async with ledger, toolgate.connect(URL, profile="favcrm", **options) as guard:
        held.append(guard)
        await guard.call_tool("cancel_booking", {"id": BOOKING})


anyio.run(main)
