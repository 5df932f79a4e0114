# Fills the disk with files that it has removed and holds open, as they are and by mappings.
# status: disk_exceeded
# at: lite-ordinary
# limits: wall_seconds=10 work_megabytes=32
import mmap
import time

held = []
for number in range(24):
    path = f"{spare}/{number}"
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)
    for _ in range(8):
        os.write(file, b"x" * (1 << 20))
    if number % 2:
        held.append(mmap.mmap(file, 0))
    else:
        held.append(file)
time.sleep(3)
print("REACHED: holds 192 MB of removed files", flush=True)
