"""Open sockets inside the network namespaces of sandboxes, on behalf of a worker that cannot enter
them: only a process with one thread may enter another user namespace.

`python opener.py <descriptor>`, standard library only. Each message on that socket is
{"pid", "tcp", "udp"}: a process of the sandbox and the ports to open on its loopback. The answer is
"ok" with the open sockets, in that order, or what went wrong. It ends when the worker does.
"""

import array
import ctypes
import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_GET_USER_NAMESPACE, _GET_OWNER = 0xB701, 0xB704
_LOOPBACK = "127.0.0.1"
_BACKLOG = 128
_libc = ctypes.CDLL(None, use_errno=True)


def serve(channel: socket.socket) -> None:
    """Answer every message, each from a child that has entered and ends at once."""
    while message := channel.recv(4096):
        child = os.fork()
        if child == 0:
            _answer(channel, message)
        os.waitpid(child, 0)


def _answer(channel: socket.socket, message: bytes) -> None:
    try:
        wish = json.loads(message)
        _enter(wish["pid"])
        sockets = list(_open(wish))
        socket.send_fds(channel, [b"ok"], [one.fileno() for one in sockets])
    except BaseException as error:
        channel.send(f"{type(error).__name__}: {error}"[:500].encode())
    finally:
        os._exit(0)


def _enter(pid: int) -> None:
    """Join the network of `pid` and the user namespace that owns it, as the user who made that:
    its maker holds every capability in it, without being root."""
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    users = fcntl.ioctl(network, _GET_USER_NAMESPACE)
    if os.geteuid() == 0:
        _become(_owner(users))
    _set_namespace(users, _NEW_USER)
    _set_namespace(network, _NEW_NET)


def _owner(users: int) -> int:
    owner = array.array("I", [0])
    fcntl.ioctl(users, _GET_OWNER, owner, True)
    return owner[0]


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _set_namespace(descriptor: int, kind: int) -> None:
    if _libc.setns(descriptor, kind):
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def _open(wish: dict[str, Any]) -> Iterator[socket.socket]:
    for port in wish["tcp"]:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # A warm browser has it opened call by call, while connections of the last one fade away.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_LOOPBACK, port))
        listener.listen(_BACKLOG)
        yield listener
    for port in wish["udp"]:
        endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        endpoint.bind((_LOOPBACK, port))
        yield endpoint


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
