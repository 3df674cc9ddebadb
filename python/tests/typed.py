"""What a type checker must know of a program that uses toolgate; mypy and pyright read it, nobody runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from mcp_types import CallToolResult, ListToolsResult
from toolgate import (
    Answer,
    Approve,
    Defer,
    Guard,
    MemoryLedger,
    MemoryVault,
    PostgresLedger,
    Question,
    Report,
    SignedUp,
    SqliteLedger,
    Validator,
    Violation,
    compile,  # noqa: A004
    connect,
)

if TYPE_CHECKING:
    from mcp import Client, ClientSession


async def ask(question: Question) -> Answer:
    if question["type"] == "approval" and question["preview"]["effect"] == "external":
        return Approve()
    return Defer()


async def program(client: Client, session: ClientSession) -> None:
    guard = await Guard.attach(client, ask=ask, vault=MemoryVault(), ledger=MemoryLedger())
    assert_type(await guard.call_tool("tool", {"id": 1}), CallToolResult)
    assert_type(await guard.call_tool("tool", '{"id": 1}', 5.0, meta={"toolgate/approval": "apr_1"}), CallToolResult)
    assert_type(await guard.list_tools(), ListToolsResult)
    assert_type(await (await Guard.attach(session)).call_tool("tool"), CallToolResult)
    assert_type(await guard.signup(email="ana@example.com", organisation_name="Ana's"), SignedUp)
    async with SqliteLedger("ledger.sqlite") as file, PostgresLedger("postgresql://") as table:
        await Guard.attach(client, ledger=file)
        await Guard.attach(client, ledger=table)
        assert_type(await table.entries("approval/", limit=10), list[tuple[str, str]])
    async with connect(profile="favcrm", ask=ask) as connected:
        assert_type(await connected.doctor(), Report)


def schema() -> None:
    validator = compile({"type": "object"}, formats="annotate", resources={"urn:a": True})
    assert_type(validator, Validator)
    assert_type(validator.is_valid('{"a": 1}'), bool)
    assert_type(validator.validate({"a": 1}), list[Violation])
    assert_type(validator.validate(b"{}")[0]["repair"], str)
