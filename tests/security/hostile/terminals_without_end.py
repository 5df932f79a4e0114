# Takes terminals without end, of which the whole machine has one supply and whose buffers are
# memory of the kernel's.
# status: memory_exceeded
# says: begins
# only: bubblewrap
# limits: wall_seconds=8
import time

print("begins", flush=True)
for _ in range(4):
    if os.fork() == 0:
        held = [os.openpty() for _ in range(150)]
        time.sleep(60)
time.sleep(6)
print("REACHED: holds 600 terminals", flush=True)
