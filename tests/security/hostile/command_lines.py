# Looks for secrets in the command lines of other processes.
# says: searched
# unjailed: reaches
from pathlib import Path

for path in Path("/proc").glob("[0-9]*/cmdline"):
    found = path.read_bytes()
    print(path, found)
    if b"sys.stdin.read()" in found:
        print("REACHED:", path)
print("searched")
