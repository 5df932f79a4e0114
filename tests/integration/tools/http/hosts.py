"""A server that does what its path says. Its `seen` are the requests, its `counts` how often a path
has still to fail."""

import base64
import gzip
import json
import zlib
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

LARGE = 3 << 20


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(self)
        getattr(self, "at_" + url.path.strip("/").replace("-", "_"))()

    do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def answer(self, status=200, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def at_echo(self):
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.sent.decode("latin-1"),
        }
        self.answer(body=json.dumps(seen).encode(), Content_Type="application/json")

    def at_spellings(self):
        """What it was sent, in base64 and back to front of a header."""
        whole = str(self.headers).encode() + self.path.encode()
        self.answer(body=base64.b64encode(whole), X_Seen=self.headers.get("Authorization", ""))

    def at_bytes(self):
        """The same with a binary body."""
        self.answer(body=b"\xff\x00" * 70_000 + str(self.headers).encode() + b"\xff")

    def at_status(self):
        self.answer(int(self.query["code"]), b"short and stout", Content_Type="text/plain")

    def at_flaky(self):
        """Says `code` until it has been asked `times` times more."""
        left = self.server.counts.setdefault(self.path, int(self.query["times"]))
        self.server.counts[self.path] = left - 1
        if left > 0:
            headers = {"Retry_After": self.query["after"]} if "after" in self.query else {}
            return self.answer(int(self.query["code"]), b"busy", **headers)
        return self.answer(body=b"at last", Content_Type="text/plain")

    def at_dropped(self):
        """Ends the connection in place of an answer, until it was asked often enough."""
        left = self.server.counts.setdefault(self.path, int(self.query["times"]))
        self.server.counts[self.path] = left - 1
        if left > 0:
            self.close_connection = True
            return None
        return self.answer(body=b"at last", Content_Type="text/plain")

    def at_cut(self):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"only this")

    def at_deep(self):
        depth = int(self.query["depth"])
        body = "[" * depth + json.dumps(self.headers.get("X-Key", "")) + "]" * depth
        self.answer(body=body.encode(), Content_Type="application/json")

    def at_chunked(self):
        """In two chunks; `cut`: the connection ends before the second."""
        self.close_connection = "cut" in self.query
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(
            b"5\r\nfirst\r\n" + (b"" if "cut" in self.query else b"4\r\nlast\r\n0\r\n\r\n")
        )

    def at_binary(self):
        self.answer(body=b"\x89PNG\xff", Content_Type="image/png")

    def at_large(self):
        self.answer(body=b"x" * LARGE, Content_Type="text/plain")

    def at_large_binary(self):
        self.answer(body=b"\xff" * LARGE)

    def at_latin(self):
        self.answer(body="Grüße".encode("latin-1"), Content_Type="text/plain; charset=ISO-8859-1")

    def at_packed(self):
        kind = self.query["as"]
        body = json.dumps({"packed": kind}).encode()
        packed = {
            "gzip": gzip.compress(body),
            "deflate": zlib.compress(body),
            "raw": zlib.compress(body, wbits=-15),
            "members": gzip.compress(body[:5]) + gzip.compress(body[5:]),
            "broken": b"no gzip",
            "short": gzip.compress(body)[:-9],
        }[kind]
        encoding = "deflate" if kind in ("deflate", "raw") else "gzip"
        self.answer(body=packed, Content_Type="application/json", Content_Encoding=encoding)

    def at_bomb(self):
        """A few kilobytes that are a gigabyte."""
        packer = zlib.compressobj(9, wbits=31)
        part = packer.compress(b"x" * (1 << 20))
        packed = part + b"".join(packer.compress(b"x" * (1 << 20)) for _ in range(200))
        self.answer(body=packed + packer.flush(), Content_Encoding="gzip")

    def at_to(self):
        """A redirect to `url`, which may name this server's port."""
        where = self.query["url"].replace("PORT", str(self.server.server_port))
        cookie = {"Set_Cookie": self.query["cookie"]} if "cookie" in self.query else {}
        self.answer(int(self.query.get("code", 302)), Location=where, **cookie)

    def at_leak(self):
        """A redirect to another host with all that was sent in its address."""
        where = f"http://other.test:{self.server.server_port}/echo?seen={self.headers['X-Key']}"
        self.answer(302, Location=where)

    def at_loop(self):
        self.answer(302, Location="/loop")

    def at_slow(self):
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.stopping.wait(0.05):
                self.wfile.write(b"x")
        except OSError:
            pass

    def at_garbage(self):
        self.close_connection = True
        self.wfile.write(b"SSH-2.0 " + self.headers.get("X-Key", "").encode() + b"\r\n")

    def log_message(self, *args):
        pass
