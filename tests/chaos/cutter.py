"""A proxy before PostgreSQL that loses the answer to a statement after the server has done it."""

import socket
import threading
from contextlib import suppress

HOST = "127.0.0.1"
CHUNK = 65536


class Cutter:
    """Forwards to `port` of this machine from `self.port`, in threads of its own. `cut(words)` lets
    the next statement that holds `words` through, and breaks its connection when the server has
    answered it."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._words: bytes | None = None
        self.cuts = 0
        threading.Thread(target=self._accept, name="cutter", daemon=True).start()

    def cut(self, words: str) -> None:
        with self._lock:
            self._words = words.encode()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                _Session(self, client, self._upstream).start()

    def _is_to_be_cut(self, sent: bytes) -> bool:
        with self._lock:
            if self._words is None or self._words not in sent:
                return False
            self._words = None
            return True


class _Session:
    def __init__(self, cutter: Cutter, client: socket.socket, port: int) -> None:
        self._cutter = cutter
        self._client = client
        self._port = port
        self._is_cut = False

    def start(self) -> None:
        try:
            self._server = socket.create_connection((HOST, self._port))
        except OSError:
            self._client.close()
            return
        for direction in (self._send, self._answer):
            threading.Thread(target=direction, daemon=True).start()

    def _send(self) -> None:
        with suppress(OSError):
            while sent := self._client.recv(CHUNK):
                self._is_cut = self._is_cut or self._cutter._is_to_be_cut(sent)
                self._server.sendall(sent)
        self._close()

    def _answer(self) -> None:
        with suppress(OSError):
            while answer := self._server.recv(CHUNK):
                if self._is_cut:
                    self._cutter.cuts += 1
                    break
                self._client.sendall(answer)
        self._close()

    def _close(self) -> None:
        for one in (self._client, self._server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
