# Writes one artifact without end.
# status: disk_exceeded
# limits: wall_seconds=10 work_megabytes=32 file_megabytes=64 artifact_megabytes=1
with open("artifacts/x", "wb") as file:
    while True:
        file.write(b"x" * (1 << 20))
