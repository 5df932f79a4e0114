# Traces its own child, its first process and the planted one.
import signal

child = os.fork()
if child == 0:
    signal.pause()
attempt("be traced", call, 101, 117, 0, 0, 0, 0)
for pid in (child, 1, os.getppid(), secrets["worker"], secrets["process"]):
    attempt(f"attach {pid}", call, 101, 117, 16, pid, 0, 0)
    attempt(f"seize {pid}", call, 101, 117, 0x4206, pid, 0, 0)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
