"""The system call filter of a sandbox, assembled as a classic BPF program (see seccomp(2))."""

import errno
import platform
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from apps.tools.runners.confine.syscalls import (
    CLONE,
    CLONE3,
    CLOSE,
    CLOSE_RANGE,
    CODE_ONLY,
    DANGEROUS,
    FCNTL,
    FLUSHES,
    FOREIGN,
    IOCTL,
    MMAP,
    OWNER_ONLY,
    PRCTL,
    PRETENDED,
    SETSOCKOPT,
    SHARED_ONLY,
    SOCKET,
    SOCKETPAIR,
    Numbers,
)

Profile = Literal["code", "browser", "shared", "shared_user"]
"""`shared` is for a program that has no namespaces of its own; `shared_user` for one that has the
worker's user as well."""
LASTING_DESCRIPTOR = 100
"""The descriptor that a program without namespaces cannot close: /box leads to it."""

_LOAD_WORD, _JUMP_EQUAL, _JUMP_SET, _JUMP_GREATER_EQUAL, _AND, _RETURN = (
    0x20,
    0x15,
    0x45,
    0x35,
    0x54,
    0x06,
)
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_PRETEND = _REFUSE  # errno 0: the call is not made and has succeeded
_X32_BIT = 0x40000000

_SHARED = ("shared", "shared_user")
_NAMESPACE_FLAGS = 0x7E020000
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
_AF_UNIX = 1
_SOCKET_TYPE_MASK, _SOCK_STREAM, _SOCK_DGRAM, _SOCK_RAW = 0xF, 1, 2, 3
_PROTOCOLS = (0, 6, 17)  # the usual one, TCP, UDP
_SOL_SOCKET = 1
_BUFFER_SIZES = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE, SO_RCVBUFFORCE
_MAP_HUGETLB = 0x40000
_PR_SET_DUMPABLE = 4
_LOCKS_OF_FILES = (36, 37, 38)  # F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW
_CLONE_FILES, _CLONE_THREAD = 0x400, 0x10000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


@dataclass(frozen=True)
class _Machine:
    audit_code: int
    has_x32: bool


_MACHINES = {
    "x86_64": _Machine(0xC000003E, has_x32=True),
    "aarch64": _Machine(0xC00000B7, has_x32=False),
}


class UnsupportedMachine(Exception):
    """There is no filter for this processor."""


def build_filter(profile: Profile, machine: str | None = None) -> bytes:
    """The filter as bwrap's --seccomp reads it. Raises UnsupportedMachine for other processors.

    It kills foreign architectures, refuses DANGEROUS calls with EPERM, sockets other than plain
    Unix, TCP and UDP ones, the huge pages that a machine has set apart, typing into terminals, and
    locks that belong to no process; it makes nothing of FLUSHES and of sizes of sockets' buffers.
    All but `browser` refuse new namespaces as well. The shared ones refuse every socket but a
    connected pair, and what would hide open files from who counts them.
    """
    name = machine or platform.machine()
    if name not in _MACHINES:
        raise UnsupportedMachine(f"no system call filter for {name}; run on x86_64 or aarch64")
    return b"".join(_assemble(profile, name))


def _assemble(profile: Profile, name: str) -> Iterator[bytes]:
    machine = _MACHINES[name]
    yield _load(_ARCHITECTURE_AT)
    yield _jump(_JUMP_EQUAL, machine.audit_code, 1, 0)
    yield _return(_KILL)
    yield _load(_NUMBER_AT)
    if machine.has_x32:
        yield _jump(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1)
        yield _return(_KILL)
    for numbers in _refused(profile):
        yield from _on(numbers, name, [_return(_REFUSE | errno.EPERM)])
    for numbers in FLUSHES.values():
        yield from _on(numbers, name, [_return(_PRETEND)])
    yield from _on(SETSOCKOPT, name, _keep_buffers())
    yield from _on(MMAP, name, _refuse_bits(3, _MAP_HUGETLB, errno.ENOMEM))
    # clone3 hides its flags behind a pointer; without it the C library falls back to clone.
    yield from _on(CLONE3, name, [_return(_REFUSE | errno.ENOSYS)])
    if profile in _SHARED:
        yield from _without_namespaces(profile, name)
    else:
        yield from _on(SOCKET, name, _check_socket())
    if profile != "browser":
        yield from _on(CLONE, name, _refuse_bits(0, _NAMESPACE_FLAGS))
    yield from _on(FCNTL, name, _refuse_locks())
    yield from _on(IOCTL, name, _check_ioctl())
    yield _return(_ALLOW)


def _refused(profile: Profile) -> Iterator[Numbers]:
    yield from DANGEROUS.values()
    if profile != "browser":
        yield from CODE_ONLY.values()
    if profile in _SHARED:
        yield from SHARED_ONLY.values()
    if profile == "shared_user":
        yield from OWNER_ONLY.values()


def _without_namespaces(profile: Profile, name: str) -> Iterator[bytes]:
    yield from _on(SOCKET, name, [_return(_REFUSE | errno.EAFNOSUPPORT)])
    yield from _on(SOCKETPAIR, name, _check_pair())
    for numbers, argument in FOREIGN.values():
        yield from _on(numbers, name, _refuse_unless_zero(argument))
    yield from _on(CLONE, name, _check_thread())
    yield from _on(PRCTL, name, _stay_dumpable())
    yield from _on(CLOSE, name, _keep_descriptor())
    # Without it the C library closes one descriptor after the other, all but the lasting one.
    yield from _on(CLOSE_RANGE, name, [_return(_REFUSE | errno.ENOSYS)])
    if profile == "shared_user":
        for numbers in PRETENDED.values():
            yield from _on(numbers, name, [_return(_PRETEND)])


def _on(numbers: Numbers, machine: str, block: list[bytes]) -> Iterator[bytes]:
    """`block` for this call only; every block ends in a return or by reloading the number."""
    number = getattr(numbers, machine)
    if number is not None:
        yield _jump(_JUMP_EQUAL, number, 0, len(block))
        yield from block


def _refuse_bits(argument: int, bits: int, error: int = errno.EPERM) -> list[bytes]:
    return [
        _load(_ARGUMENTS_AT + 8 * argument),
        _jump(_JUMP_SET, bits, 0, 1),
        _return(_REFUSE | error),
        _return(_ALLOW),
    ]


def _check_socket() -> list[bytes]:
    return [
        *_one_of(_FAMILIES, [_load(_ARGUMENTS_AT)], errno.EAFNOSUPPORT),
        *_masked(1, _SOCKET_TYPE_MASK),
        _jump(_JUMP_EQUAL, _SOCK_RAW, 0, 1),
        _return(_REFUSE | errno.EPERM),
        _load(_ARGUMENTS_AT),
        _jump(_JUMP_EQUAL, _AF_UNIX, 0, 1),
        _return(_ALLOW),
        *_one_of((_SOCK_STREAM, _SOCK_DGRAM), _masked(1, _SOCKET_TYPE_MASK), errno.EPERM),
        *_one_of(_PROTOCOLS, [_load(_ARGUMENTS_AT + 16)], errno.EPROTONOSUPPORT),
        _return(_ALLOW),
    ]


def _keep_buffers() -> list[bytes]:
    """The size of a socket's buffers stays as it comes: what lies in them is hard to count."""
    known = (_jump(_JUMP_EQUAL, value, left, 0) for left, value in _countdown(_BUFFER_SIZES))
    return [
        _load(_ARGUMENTS_AT + 8),
        _jump(_JUMP_EQUAL, _SOL_SOCKET, 1, 0),
        _return(_ALLOW),
        _load(_ARGUMENTS_AT + 16),
        *known,
        _return(_ALLOW),
        _return(_PRETEND),
    ]


def _one_of(values: tuple[int, ...], loading: list[bytes], error: int) -> list[bytes]:
    """Go on with one of these values, and refuse every other."""
    known = [_jump(_JUMP_EQUAL, value, left, 0) for left, value in _countdown(values)]
    return [*loading, *known, _return(_REFUSE | error)]


def _masked(argument: int, bits: int) -> list[bytes]:
    return [_load(_ARGUMENTS_AT + 8 * argument), _and(bits)]


def _check_pair() -> list[bytes]:
    """Streams only: a pair of datagram sockets could be sent on to any socket of the host."""
    return [
        *_masked(1, _SOCKET_TYPE_MASK),
        _jump(_JUMP_EQUAL, _SOCK_DGRAM, 0, 1),
        _return(_REFUSE | errno.EPERM),
        _return(_ALLOW),
    ]


def _refuse_locks() -> list[bytes]:
    """Those that belong to an open file and to no process: nobody could tell whose they are."""
    known = (_jump(_JUMP_EQUAL, value, left, 0) for left, value in _countdown(_LOCKS_OF_FILES))
    return [
        _load(_ARGUMENTS_AT + 8),
        *known,
        _return(_ALLOW),
        _return(_REFUSE | errno.EINVAL),
    ]


def _check_thread() -> list[bytes]:
    """No namespaces, and no thread with open files of its own, which would not be counted."""
    return [
        _load(_ARGUMENTS_AT),
        _jump(_JUMP_SET, _NAMESPACE_FLAGS, 2, 0),
        _and(_CLONE_FILES | _CLONE_THREAD),
        _jump(_JUMP_EQUAL, _CLONE_THREAD, 0, 1),
        _return(_REFUSE | errno.EPERM),
        _return(_ALLOW),
    ]


def _stay_dumpable() -> list[bytes]:
    """Nobody else's user could see its open files any more."""
    return [
        _load(_ARGUMENTS_AT),
        _jump(_JUMP_EQUAL, _PR_SET_DUMPABLE, 0, 1),
        _return(_PRETEND),
        _return(_ALLOW),
    ]


def _refuse_unless_zero(argument: int) -> list[bytes]:
    place = _ARGUMENTS_AT + 8 * argument
    return [
        _load(place),
        _jump(_JUMP_EQUAL, 0, 0, 2),
        _load(place + 4),
        _jump(_JUMP_EQUAL, 0, 1, 0),
        _return(_REFUSE | errno.EPERM),
        _return(_ALLOW),
    ]


def _keep_descriptor() -> list[bytes]:
    return [
        _load(_ARGUMENTS_AT),
        _jump(_JUMP_EQUAL, LASTING_DESCRIPTOR, 0, 1),
        _return(_PRETEND),
        _return(_ALLOW),
    ]


def _check_ioctl() -> list[bytes]:
    return [
        _load(_ARGUMENTS_AT + 8),
        _jump(_JUMP_EQUAL, _TIOCSTI, 1, 0),
        _jump(_JUMP_EQUAL, _TIOCLINUX, 0, 1),
        _return(_REFUSE | errno.EPERM),
        _return(_ALLOW),
    ]


def _countdown(values: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Each value with the number of instructions from behind it to behind the refusal."""
    return ((len(values) - position, value) for position, value in enumerate(values))


def _load(offset: int) -> bytes:
    return struct.pack("<HBBI", _LOAD_WORD, 0, 0, offset)


def _and(bits: int) -> bytes:
    return struct.pack("<HBBI", _AND, 0, 0, bits)


def _jump(code: int, value: int, when_true: int, when_false: int) -> bytes:
    return struct.pack("<HBBI", code, when_true, when_false, value)


def _return(action: int) -> bytes:
    return struct.pack("<HBBI", _RETURN, 0, 0, action)
