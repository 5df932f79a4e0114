# Uses temporary files and folders, memory maps and locks.
# says: True abc
import fcntl
import mmap
import os
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "x")
    path.write_bytes(b"abcdef")
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        fcntl.flock(file, fcntl.LOCK_EX)
        told = mapped[:3].decode()
    os.replace(path, Path(folder, "y"))
print(not os.path.exists(folder), told)
