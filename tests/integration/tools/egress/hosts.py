"""Hosts that stand for the Internet: an HTTP server and the same over TLS, on this machine."""

import json
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ASKING = b"""<ul></ul><script>
for (const url of JSON.parse(decodeURIComponent(location.search.slice(1)))) {
  const asked = new XMLHttpRequest();
  try { asked.open("GET", url, false); asked.send(); } catch (error) { }
  document.querySelector("ul").innerHTML += `<li>${url} ${asked.status}</li>`;
}
</script>"""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/large"):
            return self.answer(b"x" * int(self.path.rpartition("/")[2]))
        if self.path == "/silent":
            self.server.stopping.wait(30)
            return None
        if self.path == "/page":
            fields = b"<form><input name=name><input name=email><input name=street></form>"
            body = b"<title>shown</title><h1>hello</h1>" + fields
            return self.answer(body, "text/html")
        if self.path.startswith("/saved"):
            return self.answer(b"some row", "application/octet-stream")
        if self.path == "/cookie":
            body = b"<script>document.cookie = 'left=1'</script>"
            return self.answer(body, "text/html")
        if self.path.startswith("/asking?"):
            return self.answer(ASKING, "text/html")
        size = int(self.headers.get("Content-Length", 0))
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(size).decode(),
        }
        self.server.seen.append(told)
        return self.answer(json.dumps(told).encode())

    do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def answer(self, body, kind="application/json"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def serve(certificate=None, *, handler=Handler):
    """A running server; with a certificate it speaks TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.seen = []
    server.stopping = threading.Event()
    server.handle_error = lambda *_: None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
