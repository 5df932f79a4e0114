# Ends, but waits for ever in what it does at its exit.
# status: timeout
# limits: wall_seconds=0.5
import atexit
import threading

atexit.register(threading.Event().wait)
print("held: ends", flush=True)
