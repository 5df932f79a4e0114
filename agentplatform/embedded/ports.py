"""Ports on 127.0.0.1: the usual one when it is free, otherwise another, remembered."""

import json
import socket
from pathlib import Path

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free(*, except_for: frozenset[int] = frozenset()) -> int:
    """A free port that the system picks."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in except_for:
            return port


def choose_ports(memory: Path, usual: dict[str, int]) -> dict[str, int]:
    """A free port for each name: the remembered one, else the usual one, else any."""
    remembered = read_memory(memory)
    chosen: dict[str, int] = {}
    for name, default in usual.items():
        taken = frozenset(chosen.values())
        candidates = (remembered.get(name, default), default)
        free = (port for port in candidates if port not in taken and is_free(port))
        chosen[name] = next(free, 0) or any_free(except_for=taken)
    memory.write_text(json.dumps(chosen))
    return chosen


def read_memory(memory: Path) -> dict[str, int]:
    try:
        remembered = json.loads(memory.read_text())
        return {str(name): int(port) for name, port in remembered.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
