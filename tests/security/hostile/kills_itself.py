# Kills itself.
# status: killed error
# says: held: words before
import signal

print("held: words before", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
