"""The two forms of a vector: numbers, or 32-bit floats in base64, the lowest byte of each first."""

import base64
import sys
from array import array
from collections.abc import Sequence

Vector = str | Sequence[float]
_BYTES_PER_NUMBER = 4


def pack(vector: Vector) -> str:
    """The vector in base64. Raises ValueError or TypeError for what is no vector."""
    if isinstance(vector, str):
        _numbers(vector)
        return vector
    return base64.b64encode(_turned(array("f", vector)).tobytes()).decode()


def unpack(vector: Vector) -> Sequence[float]:
    """The vector as numbers. Raises ValueError or TypeError for what is no vector."""
    if isinstance(vector, str):
        return _turned(_numbers(vector)).tolist()
    array("f", vector)
    return vector


def dimensions_of(vector: Vector) -> int:
    """How many numbers it has."""
    if isinstance(vector, str):
        return (len(vector) * 3 // 4 - vector.count("=", -2)) // _BYTES_PER_NUMBER
    return len(vector)


def _numbers(packed: str) -> "array[float]":
    """As they stand there, whose lowest byte may be the last one here."""
    numbers = array("f")
    numbers.frombytes(base64.b64decode(packed, validate=True))
    return numbers


def _turned(numbers: "array[float]") -> "array[float]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
