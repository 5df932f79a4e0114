# Recurs deeper than the interpreter's stack.
# status: error memory_exceeded timeout
# says: held: words before
# limits: wall_seconds=1
print("held: words before", flush=True)
sys.setrecursionlimit(1 << 30)


def fall():
    return [fall()]


fall()
