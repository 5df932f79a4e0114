# Writes and reads files of many megabytes, sparse ones too.
# says: 67108864 ok
# files: large.bin
import os
import tempfile

scratch = os.path.join(tempfile.gettempdir(), "scratch")
with open("artifacts/large.bin", "wb") as file:
    for _ in range(20):
        file.write(b"x" * (1 << 20))
with open(scratch, "wb") as file:
    for _ in range(64):
        file.write(b"x" * (1 << 20))
with open(scratch, "rb") as file:
    print(sum(len(part) for part in iter(lambda: file.read(1 << 20), b"")), "ok")
