# Splits its memory into as many mappings as there may be, in many processes at once.
# status: memory_exceeded error
# at: bubblewrap-ordinary
# limits: wall_seconds=10 memory_megabytes=64
import time

libc.mmap.restype = ctypes.c_void_p
for _ in range(8):
    if os.fork() == 0:
        place = libc.mmap(None, ctypes.c_size_t(1 << 29), 0, 0x4022, -1, ctypes.c_long(0))
        for page in range(0, 1 << 29, 8192):
            libc.mprotect(ctypes.c_void_p(place + page), ctypes.c_size_t(4096), 1)
        time.sleep(60)
time.sleep(7)
print("REACHED: holds the kernel's tables of half a million mappings", flush=True)
