"""Secrets that a worker's machine holds, planted where a program might look for them.

Nothing but the sandbox protects them: every user of the machine may read and change them.
"""

import ctypes
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_OPEN_TO_ALL = 0o666
_IPC_CREATE, _IPC_REMOVE = 0o1000, 0
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.shmat.restype = ctypes.c_void_p


@dataclass
class Canaries:
    """`places` is what a program is told: where to look, never the secret itself."""

    secret: str
    places: dict[str, str | int] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    files: dict[Path, bytes] = field(default_factory=dict)

    def harmed(self) -> list[str]:
        """What a program has done to them, in words; forgets the visits."""
        found, self.visits = self.visits, []
        found += [
            f"{path} was changed" for path, told in self.files.items() if _differs(path, told)
        ]
        assert self.process is not None
        if self.process.poll() is not None:
            found.append("the planted process was ended")
        return found


@contextmanager
def planted(secret: str, folder: Path) -> Iterator[Canaries]:
    """`folder` is anybody's to enter."""
    canaries = Canaries(secret)
    with ExitStack() as held:
        _plant_files(canaries, folder, held)
        _plant_process(canaries, held)
        _plant_sockets(canaries, folder, held)
        _plant_shared_memory(canaries, held)
        yield canaries


def _plant_files(canaries: Canaries, folder: Path, held: ExitStack) -> None:
    name = f"canary-{secrets.token_hex(8)}"
    for key, path in {"file": folder / "canary.txt", "shared_file": Path("/dev/shm", name)}.items():
        path.write_text(canaries.secret)
        path.chmod(_OPEN_TO_ALL)
        held.callback(path.unlink, missing_ok=True)
        canaries.files[path] = canaries.secret.encode()
        canaries.places[key] = str(path)
    canaries.places |= {"worker": os.getpid(), "folder": str(folder)}


def _plant_process(canaries: Canaries, held: ExitStack) -> None:
    canaries.process = held.enter_context(
        subprocess.Popen(
            [sys.executable, "-Sc", "import sys; sys.stdin.read()", canaries.secret],
            stdin=subprocess.PIPE,
            env={"PLANTED": canaries.secret},
        )
    )
    canaries.places["process"] = canaries.process.pid


def _plant_sockets(canaries: Canaries, folder: Path, held: ExitStack) -> None:
    name = secrets.token_hex(8)
    wanted = {
        "port": (socket.AF_INET, ("127.0.0.1", 0)),
        "port6": (socket.AF_INET6, ("::1", 0)),
        "abstract": (socket.AF_UNIX, f"\0{name}"),
        "socket": (socket.AF_UNIX, str(folder / "canary.sock")),
        "vsock": (getattr(socket, "AF_VSOCK", 40), (0xFFFFFFFF, 0xFFFFFFFF)),
    }
    for key, (family, address) in wanted.items():
        with suppress(OSError):  # this machine has no such sockets
            listener = held.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.bind(address)
            listener.listen(64)
            bound = listener.getsockname()
            canaries.places[key] = bound[1] if isinstance(bound, tuple) else name
            threading.Thread(target=_tell, args=(canaries, key, listener), daemon=True).start()
    path = folder / "canary.sock"
    path.chmod(0o777)
    canaries.places["socket"] = str(path)


def _tell(canaries: Canaries, key: str, listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        canaries.visits.append(f"{key} was reached")
        with connection, suppress(OSError):
            body = canaries.secret
            connection.sendall(f"HTTP/1.0 200 OK\r\n\r\n{body}\n".encode())


def _plant_shared_memory(canaries: Canaries, held: ExitStack) -> None:
    key = secrets.randbelow(1 << 30)
    segment = _LIBC.shmget(key, 4096, _IPC_CREATE | _OPEN_TO_ALL)
    if segment == -1:  # this machine has no System V memory
        return
    held.callback(_LIBC.shmctl, segment, _IPC_REMOVE, None)
    ctypes.memmove(_LIBC.shmat(segment, None, 0), canaries.secret.encode(), len(canaries.secret))
    canaries.places |= {"memory_key": key, "memory_id": segment}


def _differs(path: Path, told: bytes) -> bool:
    try:
        return path.read_bytes() != told
    except OSError:
        return True
