# Starts processes by vfork without end, each of which starts its own program again.
# status: timeout memory_exceeded
# limits: wall_seconds=1 processes=64
import subprocess

while True:
    try:
        subprocess.Popen(
            ["/bin/sh", "-c", "while true; do sleep 60 & done"], stdin=subprocess.DEVNULL
        )
    except OSError:
        pass
