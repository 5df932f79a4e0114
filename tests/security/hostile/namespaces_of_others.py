# Enters the namespaces of its first process, the worker and whoever it can name.
for pid in (1, os.getppid(), secrets["worker"], secrets["process"]):
    for kind in ("user", "mnt", "net", "pid", "ipc", "uts", "cgroup", "time"):

        def enter(path=f"/proc/{pid}/ns/{kind}"):
            return call(308, 268, os.open(path, os.O_RDONLY), 0)

        attempt(f"setns {kind} {pid}", enter)
for pid in (1, secrets["worker"]):
    attempt(f"pidfd {pid}", lambda pid=pid: call(308, 268, os.pidfd_open(pid), 0x20000000))
