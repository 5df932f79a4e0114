# Takes memory on the heap without end.
# status: memory_exceeded
# limits: wall_seconds=10 memory_megabytes=96
held = []
while True:
    held.append(b"x" * (1 << 20))
