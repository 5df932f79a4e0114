# Passes the size that one file may have, on a disk that has more.
# status: disk_exceeded error killed
# limits: wall_seconds=10 work_megabytes=64 file_megabytes=16
with open(f"{spare}/x", "wb") as file:
    while True:
        file.write(b"x" * (1 << 20))
