"""`tests/vectors/http-answers.json`: what comes of a call by what came over HTTP, for both generations of the SDK."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mcp
import pytest

import toolgate

ANSWERS = json.loads((Path(__file__).parents[2] / "vectors/http-answers.json").read_text())["http_answers"]
TIMEOUT = 20.0
MODERN = "2026-07-28"
BY_FIRST_SDK = not hasattr(mcp, "Client")


def tool(name, read):
    hints = {"readOnlyHint": read, "destructiveHint": not read, "openWorldHint": False}
    return {
        "name": name,
        "description": "A tool for notes.",
        "inputSchema": {"type": "object"},
        "annotations": hints,
    }


TOOLS = [tool("get_note", True), tool("delete_note", False)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(405)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_DELETE(self):
        self.do_GET()

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        request, method = message.get("id"), message["method"]
        with contextlib.suppress(OSError):
            if method == "tools/call":
                self.server.calls += 1
                return self.reply(self.server.answer, request)
            if request is None:
                return self.finish_with(202, {}, b"")
            modern = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"} if self.server.modern else {}
            if method == "tools/list":
                answer = {"result": {"tools": TOOLS, **modern}}
            elif method == "server/discover" and modern:
                answer = {"result": {"supportedVersions": [MODERN], "capabilities": {"tools": {}}, **modern}}
            elif method == "initialize":
                answer = {
                    "result": {
                        "protocolVersion": message["params"]["protocolVersion"],
                        "capabilities": {"tools": {}},
                        "serverInfo": {"name": "answers", "version": "1"},
                    }
                }
            else:
                answer = {"error": {"code": -32601, "message": "no"}}
            body = json.dumps({"jsonrpc": "2.0", "id": request, **answer}).encode()
            self.finish_with(200, {"content-type": "application/json"}, body)
        return None

    def finish_with(self, status, headers, body):
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def reply(self, answer, request):
        self.close_connection = True
        if "body" not in answer:
            return
        text = answer["body"].replace("$ID", json.dumps(request)).replace("$FILL", "z" * answer.get("fill", 0))
        body = (text * answer.get("times", 1)).encode()
        if packed := answer.get("packed", False):
            body = gzip.compress(body)
        self.send_response(answer.get("status", 200))
        headers = {
            "content-type": answer.get("type"),
            "location": answer.get("location"),
            "content-encoding": "gzip" if packed else None,
            "transfer-encoding": "chunked",
        }
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        for at in range(0, len(body), 1 << 16):
            piece = body[at : at + (1 << 16)]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if not answer.get("cut", False):
            self.wfile.write(b"0\r\n\r\n")


@pytest.fixture(scope="module")
def backend():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.calls = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


ROWS = [answer for answer in ANSWERS if not (answer.get("modern") and BY_FIRST_SDK)]


@pytest.mark.parametrize("answer", ROWS, ids=lambda answer: answer["name"])
async def test_what_comes_of_a_call(backend, answer):
    url = f"http://127.0.0.1:{backend.server_address[1]}/mcp"
    backend.answer, backend.modern = answer, answer.get("modern", False)

    async def ask(_):
        return toolgate.Approve()

    for name, expected in (("get_note", answer["read"]), ("delete_note", answer["destructive"])):
        async with toolgate.connect(url, server="answers", subject="agent", trusted=True, ask=ask, timeout=4) as guard:
            backend.calls = 0
            began = time.monotonic()
            try:
                await guard.call_tool(name, {})
                code = "ok"
            except toolgate.ToolgateError as error:
                code = error.code
            assert (name, code, backend.calls) == (name, expected, 1)
            assert time.monotonic() - began < TIMEOUT / 2, "it waited for its time to be up"
