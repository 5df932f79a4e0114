# Uses signals and timers for itself and its children.
# says: alarm -15
import signal
import subprocess

rung = []
signal.signal(signal.SIGALRM, lambda *_: rung.append("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
signal.pause()
child = subprocess.Popen(["sleep", "60"])
child.terminate()
print(rung[0], child.wait())
