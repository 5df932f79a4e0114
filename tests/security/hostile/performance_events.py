# Watches the processor's counters, which tell of what others do.
buffer = ctypes.create_string_buffer(128)
buffer[4] = 112
for pid, cpu in ((0, -1), (-1, 0)):
    for kind in (0, 1, 2):
        buffer[0] = kind
        attempt(f"perf {kind} {pid}", call, 298, 241, buffer, pid, cpu, -1, 0)
