"""The audit on real files: nothing is sent that was not written down first, and nothing written shows a secret."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

import toolgate

from conftest import FORM, Person, data, is_error, workspace

DEMO = ("--demo-data",)
KEY = "07" * 32
WORKER = Path(__file__).with_name("audit_worker.py")


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_whole_story_is_one_chain_without_secrets(start, tmp_path):
    sandbox = start(*DEMO)
    path = tmp_path / "audit.jsonl"
    sink = toolgate.FileAudit(path)
    vault = toolgate.MemoryVault()
    audit = toolgate.Audit(sink, redact=["/reason"])
    async with workspace(sandbox, toolgate.Approve(), vault=vault, audit=audit, seal_key=KEY) as (guard, person):
        booking = data(await guard.call_tool("list_bookings"))["items"][0]["id"]
        await guard.call_tool("cancel_booking", {"id": booking, "reason": "a private matter"})
        with pytest.raises(toolgate.ToolError):
            await guard.call_tool("no_such_tool")
    assert os.stat(path).st_mode & 0o777 == 0o600
    text = path.read_text()
    report = toolgate.verify_audit(text, key=KEY)
    assert report["ok"], report
    assert toolgate.verify_audit(text)["first_bad"]["why"] == "wrong_key"
    written = lines(path)
    assert report["lines"] == len(written)
    events = [(line["event"], line.get("tool")) for line in written]
    for pair in [("asked", "cancel_booking"), ("answered", "cancel_booking"), ("dispatch", "cancel_booking")]:
        assert pair in events
    codes = [sandbox.code(), person.asked[0]["masked_email"], await vault.get("favcrm_api_key")]
    for hidden in [*codes, "a private matter", KEY]:
        assert hidden
        assert hidden not in text
    assert [line["answer"] for line in written if line["event"] == "answered"] == ["code", "approve"]
    sink.close()


async def test_two_guards_do_not_share_a_file(start, tmp_path):
    sandbox = start(*DEMO)
    first = toolgate.FileAudit(tmp_path / "audit.jsonl")
    with pytest.raises(toolgate.AuditError, match="another guard uses it"):
        toolgate.FileAudit(tmp_path / "audit.jsonl")
    first.close()
    again = toolgate.FileAudit(tmp_path / "audit.jsonl")
    async with workspace(sandbox, audit=again) as (guard, _):
        # The same sink, used by a second guard meanwhile.
        with pytest.raises(toolgate.AuditError, match="writes to it already"):
            await toolgate.Guard.attach(guard.client, server="other", audit=again)
        await guard.call_tool("list_services")
    assert toolgate.verify_audit((tmp_path / "audit.jsonl").read_bytes())["ok"]


@pytest.mark.parametrize("kind", [toolgate.FileAudit, toolgate.SqliteAudit])
async def test_a_chain_goes_on(start, tmp_path, kind):
    sandbox = start(*DEMO)
    path = tmp_path / "audit"
    vault = toolgate.MemoryVault()
    for _ in range(2):
        sink = kind(path)
        async with toolgate.connect(
            sandbox.mcp, profile="favcrm", vault=vault, ask=Person(sandbox), audit=sink
        ) as guard:
            if await vault.get("favcrm_api_key") is None:
                await guard.signup(FORM)
            await guard.call_tool("list_services")
        text = await sink.text() if isinstance(sink, toolgate.SqliteAudit) else path.read_text()
        assert toolgate.verify_audit(text)["ok"]
        sink.close()
    assert text.count('"event":"dispatch"') > 2
    assert os.stat(path).st_mode & 0o777 == 0o600


async def test_concurrent_calls_are_written_in_one_order(start, tmp_path):
    path = tmp_path / "audit.jsonl"
    async with (
        workspace(start(*DEMO), audit=toolgate.FileAudit(path)) as (guard, _),
        anyio.create_task_group() as group,
    ):
        for _ in range(20):
            group.start_soon(guard.call_tool, "list_services")
    assert toolgate.verify_audit(path.read_text())["ok"]
    assert sum(line["event"] == "outcome" and line.get("tool") == "list_services" for line in lines(path)) == 20


async def test_a_sink_that_fails_stops_what_would_be_sent(start, tmp_path):
    sandbox = start(*DEMO)
    path = tmp_path / "audit.jsonl"
    async with workspace(sandbox, audit=toolgate.FileAudit(path)) as (guard, _):
        before = len(sandbox.calls("list_services"))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
        try:
            with pytest.raises(toolgate.AuditError) as refused:
                await guard.call_tool("list_services")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, handler)
        assert refused.value.code == "audit_failed"
        assert "File too large" in refused.value.message
        assert "attach again" in refused.value.next
        # Also now that there would be room.
        with pytest.raises(toolgate.AuditError):
            await guard.call_tool("list_services")
        assert len(sandbox.calls("list_services")) == before
    assert toolgate.verify_audit(path.read_text())["ok"]


class Failing:
    """A sink that fails from a certain line on."""

    def __init__(self, event: str, tool: str) -> None:
        self.event, self.tool, self.lines = event, tool, []

    async def last(self) -> str | None:
        return None

    async def append(self, line: str) -> None:
        read = json.loads(line)
        if read["event"] == self.event and read.get("tool") == self.tool:
            raise OSError(28, "No space left on device")
        self.lines.append(line)


async def test_a_result_is_not_lost_with_its_line(start):
    sandbox = start(*DEMO)
    decisions = []
    sink = Failing("outcome", "list_services")
    async with workspace(sandbox, audit=sink, on_decision=decisions.append) as (guard, _):
        assert not is_error(await guard.call_tool("list_services"))
        assert decisions[-1]["audit"] == "failed"
        with pytest.raises(toolgate.AuditError, match="No space left"):
            await guard.call_tool("list_bookings")
    assert sandbox.ran("list_services") == 1
    assert toolgate.verify_audit("".join(f"{line}\n" for line in sink.lines))["ok"]


async def test_a_key_is_kept_though_the_audit_fails_after_it(start):
    sandbox = start(*DEMO)
    vault = toolgate.MemoryVault()
    sink = Failing("dispatch", "list_my_companies")
    async with toolgate.connect(sandbox.mcp, profile="favcrm", vault=vault, ask=Person(sandbox), audit=sink) as guard:
        signed_up = await guard.signup(FORM)
        assert await vault.get("favcrm_api_key")
        assert signed_up["report"]["healthy"] is False
    assert sandbox.calls("list_my_companies") == []


@pytest.mark.parametrize("name", ["/dev/full", "read-only", "folder"])
async def test_what_cannot_be_written_is_said_at_once(start, tmp_path, name):
    file = tmp_path / name
    if name == "folder":
        file.mkdir()
    elif name == "read-only":
        if os.geteuid() == 0:
            pytest.skip("root may write everywhere")
        file.touch(0o400)
    sandbox = start(*DEMO)
    with pytest.raises(toolgate.AuditError) as refused:
        async with toolgate.connect(
            sandbox.mcp, profile="favcrm", ask=Person(sandbox), audit=toolgate.FileAudit(file)
        ) as guard:
            await guard.signup(FORM)
    assert refused.value.code == "audit_failed"
    assert sandbox.emails() == []


def killed(sandbox, directory, *, at):
    command = [sys.executable, WORKER, directory, sandbox.mcp, sandbox.outbox, at]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr


async def test_killed_between_the_line_and_the_call(start, tmp_path):
    sandbox = start(*DEMO)
    killed(sandbox, tmp_path, at="after")
    path = tmp_path / "audit.jsonl"
    report = toolgate.verify_audit(path.read_text())
    assert report["ok"], report
    last = lines(path)[-1]
    assert (last["event"], last["tool"]) == ("dispatch", "list_services")
    assert sandbox.calls("list_services") == []
    # Another process goes on, in the same chain.
    sink = toolgate.FileAudit(path)
    async with toolgate.connect(sandbox.mcp, profile="favcrm", audit=sink) as guard:
        assert guard.tools()
    assert toolgate.verify_audit(path.read_text())["lines"] > report["lines"]
    sink.close()


async def test_killed_in_the_middle_of_a_line(start, tmp_path):
    sandbox = start(*DEMO)
    killed(sandbox, tmp_path, at="within")
    path = tmp_path / "audit.jsonl"
    report = toolgate.verify_audit(path.read_text())
    assert report["first_bad"]["why"] == "cut"
    assert report["first_bad"]["line"] == report["lines"] + 1
    assert sandbox.calls("list_services") == []
    with pytest.raises(toolgate.AuditError) as refused:
        async with toolgate.connect(sandbox.mcp, profile="favcrm", audit=toolgate.FileAudit(path)):
            pass
    assert refused.value.code == "invalid_audit"
    assert "keep the file as evidence" in refused.value.next


async def test_a_span_for_each_call(start):
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    exporters = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    provider = trace.TracerProvider()
    spans = exporters.InMemorySpanExporter()
    provider.add_span_processor(export.SimpleSpanProcessor(spans))
    async with workspace(start(*DEMO), tracer=provider.get_tracer("test")) as (guard, _):
        await guard.call_tool("list_services")
        with pytest.raises(toolgate.ToolError):
            await guard.call_tool("sk-" + "a" * 40)
        booking = data(await guard.client.call_tool("list_bookings", {}))["items"][0]["id"]
        with pytest.raises(toolgate.ApprovalError):
            await guard.call_tool("cancel_booking", {"id": booking})
    listed, unknown, asked = spans.get_finished_spans()
    assert listed.name == "execute_tool list_services"
    assert listed.attributes["gen_ai.operation.name"] == "execute_tool"
    assert listed.attributes["gen_ai.tool.name"] == "list_services"
    assert listed.attributes["gen_ai.tool.call.id"]
    assert listed.attributes["mcp.method.name"] == "tools/call"
    assert listed.attributes["toolgate.effect"] == "read"
    assert listed.attributes["toolgate.gate"] == "result"
    assert "error.type" not in listed.attributes
    assert unknown.attributes["error.type"] == "unknown_tool"
    assert asked.attributes["error.type"] == "approval_required"
    assert asked.attributes["toolgate.approval"].startswith("apr_")
    assert asked.status.status_code.name == "ERROR"
    told = "".join(span.to_json() for span in spans.get_finished_spans())
    assert booking not in told
    assert "a" * 40 not in told
