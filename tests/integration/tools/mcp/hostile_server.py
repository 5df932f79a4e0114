"""An MCP server that does not behave."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.integration.tools.egress.hosts import serve

HANDSHAKE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "hostile", "version": "1"},
}


def tool(name, schema=None, **fields):
    return {"name": name, "inputSchema": schema or {"type": "object"}, **fields}


class Handler(BaseHTTPRequestHandler):
    """The path says how it misbehaves once it is asked for tools, or for a call of one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(405, b"")

    do_DELETE = do_GET  # noqa: N815

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length))
        if asked["method"] == "initialize":
            return self.say(asked, HANDSHAKE)
        if "id" not in asked:
            return self.answer(202, b"")
        if asked["method"] == "server/discover":
            return self.answer(404, b"")
        self.server.asked.append(asked["method"])
        return getattr(self, "at_" + self.path.strip("/").replace("-", "_"))(asked)

    def say(self, asked, result):
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}).encode()
        self.answer(200, body, Content_Type="application/json")

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def at_tools(self, asked):
        self.say(asked, {"tools": self.server.tools})

    def at_pages(self, asked):
        cursor = int(asked.get("params", {}).get("cursor", 0))
        page = [tool(f"t{cursor}-{place}") for place in range(10)]
        self.say(asked, {"tools": page, "nextCursor": str(cursor + 1)})

    def at_empty_pages(self, asked):
        self.say(asked, {"tools": [], "nextCursor": "again"})

    def at_unstructured(self, asked):
        self.say(asked, {"content": [{"type": "text", "text": "3"}]})

    def at_huge(self, asked):
        text = "x" * (32 << 20)
        self.say(asked, {"tools": [], "content": [{"type": "text", "text": text}]})

    def at_endless(self, asked):
        self.stream(b": still here\n\n")

    def at_flood(self, asked):
        note = {"jsonrpc": "2.0", "method": "notifications/message"}
        note["params"] = {"level": "info", "data": "x" * 60_000}
        self.stream(f"event: message\ndata: {json.dumps(note)}\n\n".encode(), pause=0)

    def stream(self, part, pause=0.02):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while not self.server.stopping.wait(pause):
                self.wfile.write(part)
        except OSError:
            pass

    def at_silent(self, asked):
        self.server.stopping.wait(20)

    def at_malformed(self, asked):
        self.answer(200, b'{"jsonrpc": "2.0", "id"', Content_Type="application/json")

    def at_other_json(self, asked):
        self.answer(200, b'{"ok": true}', Content_Type="application/json")

    def at_html(self, asked):
        self.answer(200, b"<html>", Content_Type="text/html")

    def at_no_result(self, asked):
        self.say(asked, {"tools": "many", "content": 5})

    def at_hang_up(self, asked):
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def at_unauthorized(self, asked):
        self.answer(401, b"")

    def at_refuse(self, asked):
        error = {"code": -32602, "message": "no such tool"}
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
        self.answer(200, body, Content_Type="application/json")

    def at_broken(self, asked):
        self.answer(503, b"")

    def at_bomb(self, asked):
        self.answer(200, b"\x1f\x8b", Content_Type="application/json", Content_Encoding="gzip")

    def at_metadata(self, asked):
        port = self.server.server_port
        self.answer(307, b"", Location=f"http://metadata.test:{port}/latest/meta-data")

    def at_address(self, asked):
        self.answer(307, b"", Location="http://169.254.169.254/latest/meta-data")

    def log_message(self, *args):
        pass


@contextmanager
def running_hostile_server() -> Iterator[ThreadingHTTPServer]:
    """It lists what is put into its `tools`, and keeps the methods that it was `asked`."""
    with serve(handler=Handler) as server:
        server.asked, server.tools = [], []
        yield server
