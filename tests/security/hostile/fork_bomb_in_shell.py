# Has a shell fork without end.
# status: ok error timeout memory_exceeded
# limits: wall_seconds=1 processes=64
import subprocess

subprocess.run(["/bin/sh", "-c", "b() { b | b & }; b; sleep 60"], stdin=subprocess.DEVNULL)
