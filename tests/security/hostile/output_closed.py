# Closes its output, so as not to be seen, and goes on.
# status: timeout
# limits: wall_seconds=0.5
import time

os.closerange(0, 64)
time.sleep(60)
