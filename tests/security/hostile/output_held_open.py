# Ends, while a child of it keeps the output open and writes to it for ever.
# limits: wall_seconds=5
import time

print("held: the parent ends", flush=True)
if os.fork() == 0:
    os.setsid()
    while True:
        time.sleep(0.01)
        os.write(1, b"still here\n")
os._exit(0)
