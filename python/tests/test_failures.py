"""`tests/vectors/failures.json`: what the clients raise, and whether the call may have run."""

from __future__ import annotations

import builtins
import json
from pathlib import Path

import anyio
import mcp.types
import pytest
from toolgate.client import trouble_of
from toolgate.http import http_library

FAILURES = json.loads((Path(__file__).parents[2] / "tests/vectors/failures.json").read_text())["failures"]
PYTHON = [case for case in FAILURES if not {"rpc", "http", "python"}.isdisjoint(case)]


def raised_by_server(rpc):
    try:
        from mcp.shared.exceptions import MCPError
    except ImportError:
        from mcp.shared.exceptions import McpError

        return McpError(mcp.types.ErrorData(**rpc))
    return MCPError(**rpc)


def raised(case):
    if "rpc" in case:
        return raised_by_server(case["rpc"])
    if "http" in case:
        library = http_library()
        request = library.Request("POST", "http://127.0.0.1/mcp")
        response = library.Response(case["http"], request=request)
        return library.HTTPStatusError("no", request=request, response=response)
    name = case["python"]
    return (getattr(builtins, name, None) or getattr(anyio, name))()


def reported(case):
    """Return what the event says of an answer; what its numbers mean the core says, which is held to the same cases."""
    if "rpc" in case and abs(case["rpc"]["code"]) < 2**53:
        return (None, case["rpc"]["code"], None)
    return (None, None, case["http"]) if "http" in case else (case["kind"], None, None)


def told(error):
    trouble = trouble_of(error)
    # The SDK's own parse error is told apart here, for its words quote the answer.
    code = -32700 if trouble.kind == "malformed" else trouble.rpc_code
    return (None if trouble.kind == "malformed" else trouble.kind, code, trouble.http_status)


@pytest.mark.parametrize("case", PYTHON, ids=lambda case: case["name"])
def test_what_a_failure_says(case):
    assert told(raised(case)) == reported(case)


@pytest.mark.parametrize("case", PYTHON, ids=lambda case: case["name"])
def test_the_same_once_it_was_raised(case):
    try:
        raise raised(case)
    except Exception as error:
        assert told(error) == reported(case)  # noqa: PT017 - the traceback is what is looked at
