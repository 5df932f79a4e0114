"""Runs in the sandbox before a Python program, whose work folder is the last place where modules
are looked for: it hides none of the library's.

The interpreter imports this while it starts, as it does any sitecustomize. It runs on any Python 3,
with nothing but its library.
"""

import os
import sys


def _begin() -> None:
    """Leave no trace of this file's folder, the first of PYTHONPATH."""
    folder, _, rest = os.environ.pop("PYTHONPATH").partition(os.pathsep)
    if rest:
        os.environ["PYTHONPATH"] = rest
    sys.path.remove(folder)
    sys.path_importer_cache.pop(folder, None)
    sys.path.append(os.getcwd())  # noqa: PTH109


_begin()
