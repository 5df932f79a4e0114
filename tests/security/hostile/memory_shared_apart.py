# Spreads shared memory over children, none of which holds much, and lets go of it itself.
# status: memory_exceeded
# limits: wall_seconds=10 memory_megabytes=192
import mmap
import time

for _ in range(5):
    page = mmap.mmap(-1, 64 << 20, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    if os.fork() == 0:
        for place in range(0, 64 << 20, 4096):
            page[place] = 1
        time.sleep(60)
    page.close()
time.sleep(3)
print("REACHED: holds 320 MB of shared memory", flush=True)
