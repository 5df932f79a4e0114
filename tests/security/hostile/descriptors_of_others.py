# Takes descriptors out of other processes, and compares what they share.
for pid in (1, os.getppid(), secrets["worker"], secrets["process"]):
    if pid == os.getpid():
        continue
    attempt(f"pidfd_getfd {pid}", lambda pid=pid: call(438, 438, os.pidfd_open(pid), 1, 0))
    attempt(f"kcmp {pid}", call, 312, 272, pid, os.getpid(), 1, 0, 0)
attempt("process_madvise", call, 440, 440, 0, None, 0, 0, 0)
attempt("move_pages", call, 279, 239, secrets["worker"], 0, None, None, None, 0)
attempt("migrate_pages", call, 256, 238, secrets["worker"], 0, None, None)
