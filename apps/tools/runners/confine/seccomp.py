"""The system call filter of a sandbox, assembled as a classic BPF program (see seccomp(2))."""

import errno
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from apps.tools.runners.confine.checks import (
    NAMESPACE_FLAGS,
    check_filter,
    check_ioctl,
    check_limit,
    check_lock,
    check_option,
    check_own_limit,
    check_pair,
    check_process_control,
    check_socket,
    check_thread,
    keep_descriptor,
)
from apps.tools.runners.confine.instructions import (
    ALLOW,
    JUMP_EQUAL,
    JUMP_GREATER_EQUAL,
    PRETEND,
    REFUSE,
    end,
    jump,
    load,
    refuse_bits,
    refuse_unless_zero,
)
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
    PRLIMIT,
    SECCOMP,
    SETRLIMIT,
    SETSOCKOPT,
    SHARED_ONLY,
    SOCKET,
    SOCKETPAIR,
    Numbers,
)

Profile = Literal["code", "browser", "shared", "shared_user"]
"""`shared` is for a program that has no namespaces of its own; `shared_user` for one that has the
worker's user as well."""

_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_KILL = 0x80000000
_X32_BIT = 0x40000000

_SHARED = ("shared", "shared_user")
_MAP_HUGETLB = 0x40000


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
    All but `browser` refuse new namespaces and further filters as well. The shared ones refuse
    every socket but a connected pair, and what would hide open files from who counts them.
    """
    name = machine or platform.machine()
    if name not in _MACHINES:
        raise UnsupportedMachine(f"no system call filter for {name}; run on x86_64 or aarch64")
    return b"".join(_assemble(profile, name))


def _assemble(profile: Profile, name: str) -> Iterator[bytes]:
    machine = _MACHINES[name]
    yield load(_ARCHITECTURE_AT)
    yield jump(JUMP_EQUAL, machine.audit_code, 1, 0)
    yield end(_KILL)
    yield load(_NUMBER_AT)
    if machine.has_x32:
        yield jump(JUMP_GREATER_EQUAL, _X32_BIT, 0, 1)
        yield end(_KILL)
    for numbers in _refused(profile):
        yield from _on(numbers, name, [end(REFUSE | errno.EPERM)])
    for numbers in FLUSHES.values():
        yield from _on(numbers, name, [end(PRETEND)])
    yield from _on(SETSOCKOPT, name, check_option())
    yield from _on(MMAP, name, refuse_bits(3, _MAP_HUGETLB, errno.ENOMEM))
    # clone3 hides its flags behind a pointer; without it the C library falls back to clone.
    yield from _on(CLONE3, name, [end(REFUSE | errno.ENOSYS)])
    if profile in _SHARED:
        yield from _without_namespaces(profile, name)
    else:
        yield from _on(SOCKET, name, check_socket())
    if profile != "browser":
        yield from _on(CLONE, name, refuse_bits(0, NAMESPACE_FLAGS))
        yield from _on(PRCTL, name, check_process_control(stays_dumpable=profile in _SHARED))
        yield from _on(SECCOMP, name, check_filter())
    yield from _on(PRLIMIT, name, check_limit(of_itself=profile in _SHARED))
    yield from _on(SETRLIMIT, name, check_own_limit())
    yield from _on(FCNTL, name, check_lock())
    yield from _on(IOCTL, name, check_ioctl())
    yield end(ALLOW)


def _refused(profile: Profile) -> Iterator[Numbers]:
    yield from DANGEROUS.values()
    if profile != "browser":
        yield from CODE_ONLY.values()
    if profile in _SHARED:
        yield from SHARED_ONLY.values()
    if profile == "shared_user":
        yield from OWNER_ONLY.values()


def _without_namespaces(profile: Profile, name: str) -> Iterator[bytes]:
    yield from _on(SOCKET, name, [end(REFUSE | errno.EAFNOSUPPORT)])
    yield from _on(SOCKETPAIR, name, check_pair())
    for numbers, argument in FOREIGN.values():
        yield from _on(numbers, name, refuse_unless_zero(argument))
    yield from _on(CLONE, name, check_thread())
    yield from _on(CLOSE, name, keep_descriptor())
    # Without it the C library closes one descriptor after the other, all but the lasting one.
    yield from _on(CLOSE_RANGE, name, [end(REFUSE | errno.ENOSYS)])
    if profile == "shared_user":
        for numbers in PRETENDED.values():
            yield from _on(numbers, name, [end(PRETEND)])


def _on(numbers: Numbers, machine: str, block: list[bytes]) -> Iterator[bytes]:
    """`block` for this call only; every block ends in a return or by reloading the number."""
    number = getattr(numbers, machine)
    if number is not None:
        yield jump(JUMP_EQUAL, number, 0, len(block))
        yield from block
