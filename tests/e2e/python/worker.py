"""One process of a test that needs two: it begins something and dies, or takes up what another began.

Usage: worker.py SCENARIO DIRECTORY MCP_URL OUTBOX. The directory carries the snapshot, the ledger and the vault
from one process to the next, as files. The last line of standard output is the scenario's result as JSON.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import anyio

import toolgate

DIRECTORY, URL, OUTBOX = Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])


class FileVault:
    async def get(self, name: str) -> str | None:
        path = DIRECTORY / f"{name}.secret"
        return path.read_text() if path.exists() else None

    async def put(self, name: str, secret: str) -> None:
        (DIRECTORY / f"{name}.secret").write_text(secret)


class FileLedger(toolgate.MemoryLedger):
    PATH = DIRECTORY / "ledger.json"

    def __init__(self) -> None:
        super().__init__(json.loads(self.PATH.read_text()) if self.PATH.exists() else {})

    async def compare_and_set(self, key: str, expected: str | None, record: str) -> bool:
        stored = await super().compare_and_set(key, expected, record)
        self.PATH.write_text(json.dumps(self.dump()))
        return stored


def saved() -> str:
    return (DIRECTORY / "snapshot.json").read_text()


def die_with(guard: toolgate.Guard) -> None:
    (DIRECTORY / "snapshot.json").write_text(guard.snapshot())
    sys.stdout.flush()
    os._exit(9)


def code() -> str:
    found = re.search(r"Your code is (\d{6})", max(OUTBOX.glob("*.eml")).read_text())
    assert found
    return found[1]


def connect(**options):
    return toolgate.connect(URL, profile="favcrm", vault=FileVault(), ledger=FileLedger(), subject="agent", **options)


FORM: toolgate.Form = {"email": "ana@example.com", "organisation_name": "Ana's Studio"}


async def booking(guard) -> str:
    result = (await guard.call_tool("list_bookings")).model_dump(by_alias=True)
    return result["structuredContent"]["data"]["items"][0]["id"]


def told(resumed: toolgate.Resumed) -> dict:
    if resumed.error is not None:
        return {"error": resumed.error.to_json()}
    dump = getattr(resumed.value, "model_dump", None)
    return {"value": dump(by_alias=True, mode="json") if dump else resumed.value}


async def ready():
    async def person(question):
        return toolgate.Code(code())

    async with connect(ask=person) as guard:
        return await guard.signup(FORM)


async def die_at(question_type: str, begin) -> None:
    held: list[toolgate.Guard] = []

    async def person(question):
        assert question["type"] == question_type
        die_with(held[0])

    async with connect(ask=person) as guard:
        held.append(guard)
        await begin(guard)


async def begin_signup():
    await die_at("code", lambda guard: guard.signup(FORM))


async def begin_cancellation():
    async def cancel(guard):
        await guard.call_tool("cancel_booking", {"id": await booking(guard)})

    await die_at("approval", cancel)


async def die_on_the_way():
    held: list[toolgate.Guard] = []

    async def person(question):
        return toolgate.Approve()

    def watch(step):
        if step["type"] == "call_tool" and step["name"] == "cancel_booking":
            die_with(held[0])

    async with connect(ask=person, on_step=watch) as guard:
        held.append(guard)
        await guard.call_tool("cancel_booking", {"id": await booking(guard)})


async def resume():
    async def person(question):
        return toolgate.Code(code()) if question["type"] == "code" else toolgate.Approve()

    async with connect(ask=person, snapshot=saved()) as guard:
        resumed = [told(one) for one in await guard.resume()]
        states = [approval["state"] for approval in guard.approvals()]
        return {"resumed": resumed, "states": states, "healthy": (await guard.doctor())["healthy"]}


async def leave_open():
    async with connect() as guard:
        arguments = {"id": await booking(guard)}
        try:
            await guard.call_tool("cancel_booking", arguments)
        except toolgate.ApprovalError as error:
            (DIRECTORY / "snapshot.json").write_text(guard.snapshot())
            return {"approval": error.details["approval"], "arguments": arguments}


async def approve_and_call():
    async with connect(snapshot=saved()) as guard:
        [approval] = guard.approvals()
        await guard.approve(approval["id"])
        quoted = {toolgate.APPROVAL_META: approval["id"]}
        result = await guard.call_tool("cancel_booking", {"id": await booking(guard)}, meta=quoted)
        return result.model_dump(by_alias=True, mode="json")


async def call_again():
    """Use the same snapshot once more: its approval is still open there, but the ledger knows better."""
    async with connect(snapshot=saved()) as guard:
        [approval] = guard.approvals()
        try:
            await guard.approve(approval["id"])
        except toolgate.ToolgateError as error:
            return error.to_json()


if __name__ == "__main__":
    print(json.dumps(anyio.run(globals()[sys.argv[1]])))
