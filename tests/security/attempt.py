# What every hostile program in Python begins with: where the secrets lie, and how to tell of an
# attempt. `secrets` comes from standard input; see canaries.py.
import ctypes
import errno
import json
import os
import platform
import sys
import tempfile

secrets = json.load(sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)
machine = platform.machine()
spare = tempfile.gettempdir()


def attempt(name, action, *arguments, **options):
    """Do it, and say whether it could be done."""
    try:
        result = action(*arguments, **options)
    except Exception as error:
        print(f"held: {name}: {type(error).__name__}: {error}"[:300], flush=True)
        return None
    print(f"REACHED: {name}: {result!r}"[:600], flush=True)
    return result


def read(path, size=4000):
    with open(path, "rb") as file:
        return file.read(size)


def call(x86_64, aarch64, *arguments):
    """A system call by its number on each machine; raises OSError when it is refused."""
    number = x86_64 if machine == "x86_64" else aarch64
    if number is None:
        raise OSError(errno.ENOSYS, "no such call on this machine")
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *wide)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
