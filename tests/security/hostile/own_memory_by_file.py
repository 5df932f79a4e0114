# Patches a library of the system by /proc/self/mem: its own copy may change, the file never.
# says: unchanged
import re

with open("/proc/self/maps") as maps:
    lines = [line for line in maps if re.search(r"r-xp .*/libc[.-]", line)]
start = int(lines[0].split("-")[0], 16)
path = lines[0].split()[-1]
before = read(path, 1 << 22)
try:
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(start + 64)
        memory.write(b"\x90" * 16)
except OSError as error:
    print("held:", error)
if read(path, 1 << 22) != before:
    print("REACHED: the library's file was changed")
for mode in ("r+b", "wb", "ab"):
    attempt(mode, open, path, mode)
print("unchanged")
