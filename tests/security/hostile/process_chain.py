# Hands itself on from process to process, each of which ends at once, to escape the killer.
# limits: wall_seconds=5
print("held: begins", flush=True)
if os.fork() == 0:
    os.setsid()
    for _ in range(100_000_000):
        if os.fork():
            os._exit(0)
    os._exit(0)
