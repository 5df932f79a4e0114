# Prints half a line and hangs: what it has printed is kept.
# status: timeout
# says: half a li
# limits: wall_seconds=0.5
import time

sys.stdout.write("half a li")
sys.stdout.flush()
time.sleep(60)
