# Fills the disk with files each of which is small enough.
# status: disk_exceeded
# limits: wall_seconds=10 work_megabytes=32
number = 0
while True:
    with open(f"{spare}/{number}", "wb") as file:
        file.write(b"x" * (1 << 20))
    number += 1
