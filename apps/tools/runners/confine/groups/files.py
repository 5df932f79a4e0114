"""The files of control groups: each is read and written in one piece."""

import os


def read(path: str) -> str:
    """The text of `path`. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096).decode()
    finally:
        os.close(descriptor)


def write(path: str, text: str) -> None:
    """Write `text` to the existing `path`. Raises OSError, for what the kernel refuses too."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
