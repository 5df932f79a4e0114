"""What the filter of a sandbox makes of the arguments of single system calls: blocks of
instructions that end in a judgement."""

import errno

from apps.tools.runners.confine.instructions import (
    ALLOW,
    ARGUMENTS_AT,
    JUMP_EQUAL,
    JUMP_SET,
    PRETEND,
    REFUSE,
    end,
    jump,
    load,
    mask,
    masked,
    none_of,
    one_of,
    refuse_unless_zero,
)

LASTING_DESCRIPTOR = 100
"""The descriptor that a program without namespaces cannot close: /box leads to it."""
NAMESPACE_FLAGS = 0x7E020000
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
_AF_UNIX = 1
_SOCKET_TYPE_MASK, _SOCK_STREAM, _SOCK_DGRAM, _SOCK_RAW = 0xF, 1, 2, 3
_PROTOCOLS = (0, 6, 17)  # the usual one, TCP, UDP
_SOL_SOCKET = 1
_BUFFER_SIZES = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE, SO_RCVBUFFORCE
_FILTERS_OF_SOCKETS = (26, 50, 51, 52)  # SO_ATTACH_FILTER, SO_ATTACH_BPF and for shared ports
_LOCKS_OF_FILES = (36, 37, 38)  # F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW
_CLONE_FILES, _CLONE_THREAD = 0x400, 0x10000
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _SET_MODE_FILTER = 4, 22, 1
_RLIMIT_CORE = 4
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


def check_socket() -> list[bytes]:
    """Unix, TCP and UDP. Others load modules of the kernel that few have ever tried."""
    return [
        *one_of(_FAMILIES, [load(ARGUMENTS_AT)], errno.EAFNOSUPPORT),
        *masked(1, _SOCKET_TYPE_MASK),
        jump(JUMP_EQUAL, _SOCK_RAW, 0, 1),
        end(REFUSE | errno.EPERM),
        load(ARGUMENTS_AT),
        jump(JUMP_EQUAL, _AF_UNIX, 0, 1),
        end(ALLOW),
        *one_of((_SOCK_STREAM, _SOCK_DGRAM), masked(1, _SOCKET_TYPE_MASK), errno.EPERM),
        *one_of(_PROTOCOLS, [load(ARGUMENTS_AT + 16)], errno.EPROTONOSUPPORT),
        end(ALLOW),
    ]


def check_option() -> list[bytes]:
    """The size of a socket's buffers stays as it comes: what lies in them is hard to count. Filters
    are machine code, for which all sandboxes of a machine have one room."""
    return [
        load(ARGUMENTS_AT + 8),
        jump(JUMP_EQUAL, _SOL_SOCKET, 1, 0),
        end(ALLOW),
        *none_of(_BUFFER_SIZES, 2, PRETEND),
        *none_of(_FILTERS_OF_SOCKETS, 2, REFUSE | errno.EPERM),
        end(ALLOW),
    ]


def check_pair() -> list[bytes]:
    """Streams only: a pair of datagram sockets could be sent on to any socket of the host."""
    return [
        *masked(1, _SOCKET_TYPE_MASK),
        jump(JUMP_EQUAL, _SOCK_DGRAM, 0, 1),
        end(REFUSE | errno.EPERM),
        end(ALLOW),
    ]


def check_lock() -> list[bytes]:
    """Those that belong to an open file and to no process: nobody could tell whose they are."""
    return [*none_of(_LOCKS_OF_FILES, 1, REFUSE | errno.EINVAL), end(ALLOW)]


def check_thread() -> list[bytes]:
    """No namespaces, and no thread with open files of its own, which would not be counted."""
    return [
        load(ARGUMENTS_AT),
        jump(JUMP_SET, NAMESPACE_FLAGS, 2, 0),
        mask(_CLONE_FILES | _CLONE_THREAD),
        jump(JUMP_EQUAL, _CLONE_THREAD, 0, 1),
        end(REFUSE | errno.EPERM),
        end(ALLOW),
    ]


def check_process_control(*, stays_dumpable: bool) -> list[bytes]:
    """No filters, as for sockets. Nobody else's user could see the open files of a process that is
    not dumpable."""
    stays = none_of((_PR_SET_DUMPABLE,), 0, PRETEND) if stays_dumpable else []
    return [
        *none_of((_PR_SET_SECCOMP,), 0, REFUSE | errno.EINVAL),
        *stays,
        end(ALLOW),
    ]


def keep_descriptor() -> list[bytes]:
    """It stays open, whatever a program closes."""
    return [*none_of((LASTING_DESCRIPTOR,), 0, PRETEND), end(ALLOW)]


def check_ioctl() -> list[bytes]:
    """Nothing is typed into terminals."""
    return [
        load(ARGUMENTS_AT + 8),
        jump(JUMP_EQUAL, _TIOCSTI, 1, 0),
        jump(JUMP_EQUAL, _TIOCLINUX, 0, 1),
        end(REFUSE | errno.EPERM),
        end(ALLOW),
    ]


def check_filter() -> list[bytes]:
    """None is added, by seccomp(2) as by prctl."""
    return [*none_of((_SET_MODE_FILTER,), 0, REFUSE | errno.EINVAL), end(ALLOW)]


def check_limit(*, of_itself: bool) -> list[bytes]:
    """The limit on core dumps stays: at 0 the kernel might still start a program of the machine's
    for them, as root. `of_itself`: nobody else's limits are named."""
    return [
        load(ARGUMENTS_AT + 8),
        jump(JUMP_EQUAL, _RLIMIT_CORE, 0, 5),
        load(ARGUMENTS_AT + 16),
        jump(JUMP_EQUAL, 0, 0, 2),
        load(ARGUMENTS_AT + 20),
        jump(JUMP_EQUAL, 0, 1, 0),
        end(REFUSE | errno.EINVAL),
        *(refuse_unless_zero(0) if of_itself else [end(ALLOW)]),
    ]


def check_own_limit() -> list[bytes]:
    """As check_limit, for setrlimit."""
    return [*none_of((_RLIMIT_CORE,), 0, REFUSE | errno.EINVAL), end(ALLOW)]
