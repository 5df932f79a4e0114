# Stops itself, so that it never ends.
# status: timeout
# limits: wall_seconds=0.5
import signal

os.kill(os.getpid(), signal.SIGSTOP)
