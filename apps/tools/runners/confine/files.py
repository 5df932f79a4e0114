"""Bytes as open files that a child can inherit and nobody can change."""

import fcntl
import os
from typing import BinaryIO

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def sealed_file(content: bytes) -> BinaryIO:
    """An anonymous, unchangeable file that holds `content`, positioned at its start."""
    descriptor = os.memfd_create("sandbox", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    file = os.fdopen(descriptor, "w+b", buffering=0)
    try:
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
