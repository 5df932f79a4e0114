# Touches memory so sparsely that the kernel's tables for it are larger than the memory.
# status: memory_exceeded
# limits: wall_seconds=5 memory_megabytes=96
import time

length = 1 << 38
libc.mmap.restype = ctypes.c_void_p
address = libc.mmap(None, ctypes.c_size_t(length), 1, 0x4022, -1, ctypes.c_long(0))
for place in range(0, length, 2 << 20):
    ctypes.c_char.from_address(address + place).value
time.sleep(3)
print("REACHED: holds 512 MB of page tables", flush=True)
