# Kills everything that it can name: the worker, the planted process, its group, all at once.
# status: ok killed
import signal

for pid in (secrets["worker"], secrets["process"], -secrets["worker"], -secrets["process"]):
    if abs(pid) > 50:
        attempt(f"kill {pid}", os.kill, pid, signal.SIGKILL)
        attempt(f"stop {pid}", os.kill, pid, signal.SIGSTOP)
for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
    try:
        os.kill(1, number)
        print("sent", number)
    except OSError as error:
        print("held:", error)
try:
    os.kill(-1, signal.SIGTERM)
except OSError as error:
    print("held:", error)
print("held: still here", flush=True)
