# Fills the disk inside folders that their owner may enter and nobody may list.
# status: disk_exceeded
# at: lite-ordinary
# limits: wall_seconds=10 work_megabytes=32
import time

for number in range(24):
    os.mkdir(f"{spare}/{number}", 0o300)
    with open(f"{spare}/{number}/x", "wb") as file:
        for _ in range(8):
            file.write(b"x" * (1 << 20))
time.sleep(3)
print("REACHED: holds 192 MB in closed folders", flush=True)
