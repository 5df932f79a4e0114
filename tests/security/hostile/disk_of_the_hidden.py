# Holds removed files in processes into which nobody may look: not dumpable, and run from a
# file that cannot be read.
# status: disk_exceeded error
# at: lite-ordinary
# limits: wall_seconds=10 work_megabytes=32
import time

for number in range(24):
    path = f"{spare}/{number}"
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)
    for _ in range(8):
        os.write(file, b"x" * (1 << 20))
    if os.fork() == 0:
        libc.prctl(4, 0, 0, 0, 0)
        time.sleep(60)
    os.close(file)
time.sleep(3)
print("REACHED: holds 192 MB in hidden processes", flush=True)
