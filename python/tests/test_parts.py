"""The small parts: vaults, ledgers, answers, masks, and how what a client raises is read."""

from __future__ import annotations

import logging

import anyio
import mcp
import pytest
import toolgate
from toolgate import logs
from toolgate.arguments import to_text
from toolgate.ask import answer_to_json
from toolgate.client import trouble_of
from toolgate.connect import endpoint_of


async def test_a_vault_in_front_of_the_environment():
    vault = toolgate.MemoryVault({"key": ["FIRST", "SECOND"]}, environ={"FIRST": "", "SECOND": "from outside"})
    assert await vault.get("key") == "from outside"
    assert await vault.get("other") is None
    await vault.put("key", "kept")
    assert await vault.get("key") == "kept"
    assert "kept" not in repr(vault)


async def test_the_profile_names_the_environment(monkeypatch):
    monkeypatch.setenv("CRM_MCP_TOKEN", "fav_mcp_x")
    assert await toolgate.MemoryVault.for_profile(toolgate.profile("favcrm")).get("favcrm_api_key") == "fav_mcp_x"


async def test_a_ledger_takes_a_record_only_over_what_was_seen():
    ledger = toolgate.MemoryLedger()
    assert await ledger.compare_and_set("k", None, "1") is True
    assert await ledger.compare_and_set("k", None, "2") is False
    assert await ledger.compare_and_set("k", "0", "2") is False
    assert await ledger.compare_and_set("k", "1", "2") is True
    copy = toolgate.MemoryLedger(ledger.dump())
    assert await copy.compare_and_set("k", "2", "3") is True
    assert ledger.dump() == {"k": "2"}


def test_a_code_is_not_in_its_own_repr():
    assert "123456" not in repr(toolgate.Code("123456"))
    assert answer_to_json(toolgate.Code(123456)) == {"type": "code", "code": "123456"}
    with pytest.raises(toolgate.ProtocolError, match="not bool"):
        answer_to_json(True)


def test_arguments_as_text():
    assert to_text(None) == "{}"
    assert to_text('{"a": 1, "a": 2}') == '{"a": 1, "a": 2}'
    assert to_text('"\ud800"') == '"\\ud800"'
    assert to_text({"a": float("nan")}) == '{"a":NaN}'


@pytest.mark.parametrize("formatted", [True, False])
def test_what_is_hidden_is_not_logged(caplog, formatted):
    logs.watch(toolgate.profile("favcrm"))
    logs.hide("987654")
    sdk = logging.getLogger("mcp.client.streamable_http")
    with caplog.at_level(logging.DEBUG):
        if formatted:
            sdk.debug("message: %s", "code 987654, key fav_mcp_aB3dE5fG7hJ9")
        else:
            sdk.debug("message: code 987654, key fav_mcp_aB3dE5fG7hJ9")
        try:
            raise ValueError("no JSON: fav_mcp_aB3dE5fG7hJ9")
        except ValueError:
            sdk.exception("nothing here")
        logging.getLogger("elsewhere").debug("left alone: 987654")
    assert "aB3dE5fG7hJ9" not in caplog.text
    assert "code 987654" not in caplog.text
    assert "left alone: 987654" in caplog.text
    assert "ValueError" in caplog.text


class Raised(Exception):
    def __init__(self, code, message, data=None):
        self.error = mcp.types.ErrorData(code=code, message=message, data=data) if code is not None else None


@pytest.mark.parametrize(
    ("error", "reported"),
    [
        (Raised(-32602, "no such argument"), -32602),
        (Raised(-32601, "no such method"), -32601),
        (Raised(-32002, "the vendor's own"), -32002),
        (Raised(-32603, "Server returned an error response"), -32603),
        (Raised(-32000, "Connection closed"), -32000),
        (Raised(-32001, "timed out"), -32001),
        (Raised(408, "timed out"), 408),
        (Raised(-32700, "Failed to parse JSON response: fav_mcp_x"), "malformed"),
        (Raised(-32600, "Unexpected content type: text/html"), "malformed"),
        (Raised(-32602, "x", {"kind": "not_sent"}), -32602),
        (Raised(-32600, "Redirect to https://other.example/ not followed; use that URL"), "lost"),
        (Raised(-32600, "server answered a request with 202 Accepted"), "lost"),
        (Raised(-32600, "you were not followed"), -32600),
        (Raised(-32000, "SSE stream failed: fav_mcp_x"), "malformed"),
        (Raised(10**30, "no number that can be read"), "lost"),
        (TimeoutError(), "lost"),
        (anyio.BrokenResourceError(), "lost"),
        (anyio.ClosedResourceError(), "lost"),
        (ConnectionRefusedError(), "lost"),
        (ConnectionResetError(), "lost"),
        (RuntimeError("Invalid structured content returned by tool x: fav_mcp_x"), "malformed"),
        (RuntimeError("whatever"), "lost"),
        (ExceptionGroup("", [TimeoutError()]), "lost"),
        (KeyError("fav_mcp_x"), "lost"),
    ],
)
def test_in_doubt_a_call_may_have_run(error, reported):
    trouble = trouble_of(error)
    assert (trouble.kind or trouble.rpc_code) == reported
    assert "fav_mcp" not in trouble.message


def test_the_environment_says_where_the_backend_is(monkeypatch):
    profile = toolgate.profile("favcrm")
    assert endpoint_of(profile) == "https://api.favcrm.io/mcp"
    monkeypatch.setenv("FAVCRM_MCP_ENDPOINT", "http://127.0.0.1:9/mcp")
    assert endpoint_of(profile) == "http://127.0.0.1:9/mcp"
