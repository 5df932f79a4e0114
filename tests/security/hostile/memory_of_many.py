# Takes memory in many children, each of which takes little.
# status: memory_exceeded
# limits: wall_seconds=10 memory_megabytes=160
import time

for _ in range(40):
    if os.fork() == 0:
        held = b"x" * (8 << 20)
        time.sleep(60)
time.sleep(60)
