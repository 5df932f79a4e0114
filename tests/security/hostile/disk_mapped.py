# Fills the disk with files of which nothing is left but a mapping of one page.
# status: disk_exceeded
# at: lite-ordinary
# limits: wall_seconds=10 work_megabytes=32
import time

for number in range(24):
    path = f"{spare}/{number}"
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)
    for _ in range(8):
        os.write(file, b"x" * (1 << 20))
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap(None, ctypes.c_size_t(4096), 1, 1, file, ctypes.c_long(0))
    os.close(file)
time.sleep(3)
print("REACHED: holds 192 MB of mapped files", flush=True)
