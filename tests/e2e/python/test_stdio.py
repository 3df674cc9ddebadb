"""Servers nobody wrote for toolgate, over stdio and without a profile."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import mcp
import pytest
from mcp.client.stdio import stdio_client

import toolgate

MODULES = Path(os.environ.get("TOOLGATE_NODE_MODULES", Path(__file__).resolve().parents[3] / "npm/node_modules"))
SCOPE = MODULES / "@modelcontextprotocol"

pytestmark = pytest.mark.skipif(
    not SCOPE.joinpath("server-everything").exists() and "CI" not in os.environ,
    reason="server-everything and server-filesystem are not installed; see TOOLGATE_NODE_MODULES",
)


@asynccontextmanager
async def served(package, *arguments, **options):
    script = SCOPE / package / "dist/index.js"
    server = mcp.StdioServerParameters(command="node", args=[str(script), *arguments])
    async with AsyncExitStack() as stack:
        if hasattr(mcp, "Client"):
            client = await stack.enter_async_context(mcp.Client(stdio_client(server)))
        else:
            read, write = await stack.enter_async_context(stdio_client(server))
            client = await stack.enter_async_context(mcp.ClientSession(read, write))
            await client.initialize()
        yield await toolgate.Guard.attach(client, server=f"stdio:{package}", **options)


async def test_everything(tmp_path):
    async with served(
        "server-everything", policy={"rules": [{"tools": ["echo", "get-sum"], "then": "allow"}]}
    ) as guard:
        assert guard.profile is None
        names = {tool["name"] for tool in guard.tools()}
        assert {"echo", "get-sum"} <= names
        result = await guard.call_tool("echo", {"message": "hello"})
        assert "hello" in result.content[0].text
        with pytest.raises(toolgate.ArgumentsError) as caught:
            await guard.call_tool("get-sum", {"a": "one", "b": 2})
        assert caught.value.details["violations"][0]["path"] == "/a"
        with pytest.raises(toolgate.ToolError):
            await guard.call_tool("ecko", {})
        with pytest.raises(toolgate.SignupError) as refused:
            await guard.signup(email="ana@example.com", organisation_name="Ana's")
        assert refused.value.code == "no_registration"
        assert (await guard.doctor())["tool_count"] == len(names)


async def test_what_only_a_hint_says():
    asked = []

    async def person(question):
        asked.append((question["type"], question.get("change")))
        return toolgate.Approve()

    async with served("server-everything", ask=person) as guard:
        reports = {tool["name"]: tool for tool in guard.tools()}
        assert reports["echo"]["unconfirmed"] is True
        assert "unconfirmed" not in reports["get-sum"]
        await guard.call_tool("get-sum", {"a": 1, "b": 2})
        assert asked == []
        await guard.call_tool("echo", {"message": "hello"})
        await guard.call_tool("echo", {"message": "again"})
        assert asked == [("definition", "unconfirmed")]
        assert "echo" not in {drift["tool"] for drift in guard.drift()}
        lock = guard.lock()
    async with served("server-everything", lock=lock) as guard:
        await guard.call_tool("echo", {"message": "locked"})
    async with served("server-everything") as guard:
        with pytest.raises(toolgate.ToolError) as caught:
            await guard.call_tool("echo", {"message": "nobody there"})
        assert caught.value.code == "definition_unconfirmed"
        await guard.accept("echo", caught.value.details["digest"])
        await guard.call_tool("echo", {"message": "accepted"})


async def test_filesystem(tmp_path):
    (tmp_path / "note.txt").write_text("as it was")
    asked = []

    async def person(question):
        asked.append(question)
        return toolgate.Approve() if len(asked) > 1 else toolgate.Deny("keep it")

    async with served("server-filesystem", str(tmp_path), ask=person, trusted=True) as guard:
        effects = {tool["name"]: tool["effect"] for tool in guard.tools()}
        assert effects["read_text_file"] == "read"
        assert effects["write_file"] == "destructive"
        note = str(tmp_path / "note.txt")
        read = await guard.call_tool("read_text_file", {"path": note})
        assert "as it was" in read.content[0].text
        assert asked == []
        with pytest.raises(toolgate.ApprovalError):
            await guard.call_tool("write_file", {"path": note, "content": "new"})
        assert (tmp_path / "note.txt").read_text() == "as it was"
        # The no holds for the same call.
        await guard.call_tool("write_file", {"path": note, "content": "newer"})
        assert (tmp_path / "note.txt").read_text() == "newer"
        assert {line["label"] for line in asked[-1]["preview"]["lines"]} == {"path", "content"}


async def test_a_server_that_dies(tmp_path):
    (tmp_path / "note.txt").write_text("here")
    async with served("server-filesystem", str(tmp_path), trusted=True) as guard:
        # The second server takes the guard over when the first is gone.
        async with served("server-filesystem", str(tmp_path), trusted=True) as other:
            await guard.reconnect(other.client)
            result = await guard.call_tool("read_text_file", {"path": str(tmp_path / "note.txt")})
            assert "here" in result.content[0].text
        with pytest.raises(toolgate.BackendError) as caught:
            await guard.call_tool("read_text_file", {"path": str(tmp_path / "note.txt")})
        assert caught.value.code == "unreachable"
