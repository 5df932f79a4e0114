"""A proxy before a server that can fall silent, as a network that loses every packet, or refuse, as
a machine on which nothing listens."""

import socket
import threading
from contextlib import suppress

HOST = "127.0.0.1"
CHUNK = 65536


class Wire:
    """Forwards to `port` of this machine from `self.port`, in threads of its own."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._asks, self._answers = threading.Event(), threading.Event()
        self._open_lines()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def silence(self) -> None:
        """Connections are taken, and nothing goes through any, in either direction."""
        self._asks.clear()
        self._answers.clear()

    def hold_answers(self) -> None:
        """The server hears everything, and nobody hears it."""
        self._answers.clear()

    def refuse(self) -> None:
        """Every connection breaks, and no new one is taken."""
        self._shut(self._listener)
        self.drop()

    def drop(self) -> None:
        """Every connection breaks; what was on its way is lost."""
        with self._lock:
            held, self._sockets = self._sockets, set()
        for one in held:
            self._shut(one)

    def mend(self) -> None:
        """All is well again: what was held back goes through."""
        self._open_lines()
        if self._listener.fileno() < 0:
            self._listener = self._listen(self.port)

    def close(self) -> None:
        self.refuse()
        self._open_lines()

    def _open_lines(self) -> None:
        self._asks.set()
        self._answers.set()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server((HOST, port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), name="wire", daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._asks.wait()
        try:
            server = socket.create_connection((HOST, self._upstream))
        except OSError:
            self._shut(client)
            return
        with self._lock:
            self._sockets |= {client, server}
        for line in ((client, server, self._asks), (server, client, self._answers)):
            threading.Thread(target=self._forward, args=line, daemon=True).start()

    def _forward(
        self, source: socket.socket, target: socket.socket, is_open: threading.Event
    ) -> None:
        with suppress(OSError):
            while sent := source.recv(CHUNK):
                is_open.wait()
                target.sendall(sent)
        for one in (source, target):
            self._shut(one)

    def _shut(self, one: socket.socket) -> None:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
