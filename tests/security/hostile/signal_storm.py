# Sends itself signals as fast as it can.
# status: timeout
# says: held:
# limits: wall_seconds=0.7
import signal

signal.signal(signal.SIGALRM, lambda *_: None)
print("held: begins", flush=True)
signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)
while True:
    os.kill(os.getpid(), signal.SIGALRM)
