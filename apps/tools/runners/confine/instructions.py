"""Instructions of a classic BPF program that judges a system call (see seccomp(2)), and blocks of
them about the call's arguments, which are numbered from 0."""

import errno
import struct
from collections.abc import Iterator

_LOAD_WORD, _AND, _RETURN = 0x20, 0x54, 0x06
JUMP_EQUAL, JUMP_SET, JUMP_GREATER_EQUAL = 0x15, 0x45, 0x35
ARGUMENTS_AT = 16
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
"""REFUSE is given an error by its number."""
PRETEND = REFUSE  # errno 0: the call is not made and has succeeded


def load(offset: int) -> bytes:
    """Look at four bytes of the call's data."""
    return struct.pack("<HBBI", _LOAD_WORD, 0, 0, offset)


def mask(bits: int) -> bytes:
    """Leave only these bits of what was loaded."""
    return struct.pack("<HBBI", _AND, 0, 0, bits)


def jump(code: int, value: int, when_true: int, when_false: int) -> bytes:
    """Compare what was loaded, and skip so many instructions."""
    return struct.pack("<HBBI", code, when_true, when_false, value)


def end(action: int) -> bytes:
    """End the program with its judgement."""
    return struct.pack("<HBBI", _RETURN, 0, 0, action)


def _countdown(values: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Each value with the number of instructions from behind it to behind the refusal."""
    return ((len(values) - position, value) for position, value in enumerate(values))


def masked(argument: int, bits: int) -> list[bytes]:
    """Look at these bits of an argument."""
    return [load(ARGUMENTS_AT + 8 * argument), mask(bits)]


def one_of(values: tuple[int, ...], loading: list[bytes], error: int) -> list[bytes]:
    """Go on with one of these values, and refuse every other."""
    known = [jump(JUMP_EQUAL, value, left, 0) for left, value in _countdown(values)]
    return [*loading, *known, end(REFUSE | error)]


def none_of(values: tuple[int, ...], argument: int, action: int) -> list[bytes]:
    """Go on with any but these values."""
    known = [
        jump(JUMP_EQUAL, value, left - 1, int(left == 1)) for left, value in _countdown(values)
    ]
    return [load(ARGUMENTS_AT + 8 * argument), *known, end(action)]


def refuse_bits(argument: int, bits: int, error: int = errno.EPERM) -> list[bytes]:
    """End: no call with any of these bits."""
    return [
        load(ARGUMENTS_AT + 8 * argument),
        jump(JUMP_SET, bits, 0, 1),
        end(REFUSE | error),
        end(ALLOW),
    ]


def refuse_unless_zero(argument: int) -> list[bytes]:
    """End: only calls in which all 64 bits of the argument are 0."""
    place = ARGUMENTS_AT + 8 * argument
    return [
        load(place),
        jump(JUMP_EQUAL, 0, 0, 2),
        load(place + 4),
        jump(JUMP_EQUAL, 0, 1, 0),
        end(REFUSE | errno.EPERM),
        end(ALLOW),
    ]
