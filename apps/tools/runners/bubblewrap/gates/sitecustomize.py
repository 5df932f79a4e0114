"""Inside a jail: hold a started Python before its first instruction, until its program is there.

The interpreter imports this while it starts, as it does any sitecustomize; afterwards it goes on to
run the program as if nothing had been. It runs on any Python 3, with nothing but its library.
"""

import gc
import os
import sys


def _hold() -> None:
    gate = int(os.environ.pop("SANDBOX_GATE"))
    for name in os.environ.pop("SANDBOX_PRELOAD", "").split():
        try:
            __import__(name)
        except ImportError:  # left out by whoever built this Python
            continue
    _leave_no_trace()
    gc.freeze()  # what is there by now needs no look when the interpreter ends
    _renew_main()
    os.write(gate, b"R")
    told = b"".join(iter(lambda: os.read(gate, 65536), b""))
    if not told.startswith(b"G"):
        os._exit(0)
    os.close(gate)
    for entry in filter(None, told[1:].decode().split("\0")):
        name, _, value = entry.partition("=")
        os.environ[name] = value
    # The last place: no module of the work folder hides the library's.
    sys.path.append(os.getcwd())  # noqa: PTH109


def _renew_main() -> None:
    """Give the program a module that is not frozen: what it leaves there is finalised at the end,
    as a file that it has not closed."""
    new = type(sys)("__main__")
    vars(new).update(vars(sys.modules["__main__"]))
    if "__annotations__" in vars(new):
        new.__annotations__ = {}
    sys.modules["__main__"] = new


def _leave_no_trace() -> None:
    folder, _, rest = os.environ.pop("PYTHONPATH").partition(os.pathsep)
    if rest:
        os.environ["PYTHONPATH"] = rest
    sys.path.remove(folder)
    sys.path_importer_cache.pop(folder, None)


if "SANDBOX_GATE" in os.environ:
    _hold()
