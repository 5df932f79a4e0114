# Prints a gigabyte.
# status: output_exceeded
# limits: wall_seconds=20 output_bytes=100000
for _ in range(1024):
    os.write(1, b"x" * (1 << 20))
