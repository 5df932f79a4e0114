# Writes one file without end.
# status: disk_exceeded
# limits: wall_seconds=10 work_megabytes=32 file_megabytes=64
with open(f"{spare}/x", "wb") as file:
    while True:
        file.write(b"x" * (1 << 20))
