"""Remove what a dead program has left, whatever it has built."""

import ctypes
import os
import shutil
import subprocess
from contextlib import suppress

_libc = ctypes.CDLL(None, use_errno=True)


def clean(folder: str) -> None:
    """Remove the folder of a dead program with all that is in it, mounted or not."""
    _libc.umount2(os.fsencode(folder), 2)  # detached; an error says that nothing was mounted
    if os.path.lexists(folder):
        with suppress(OSError, RecursionError):
            shutil.rmtree(folder)
            return
        # A tower of folders, or folders without permissions: what rmtree cannot do.
        subprocess.run(("chmod", "-R", "u+rwX", "--", folder), capture_output=True, check=False)
        subprocess.run(("rm", "-rf", "--", folder), capture_output=True, check=False)
