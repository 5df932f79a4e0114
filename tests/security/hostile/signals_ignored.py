# Ignores every signal that can be ignored, and goes on.
# status: timeout
# says: up
# limits: wall_seconds=0.5
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
print("up", flush=True)
while True:
    signal.sigwait([signal.SIGTERM])
