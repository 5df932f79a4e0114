# Ends its first thread, so that the process looks dead, and takes memory in another.
# status: memory_exceeded
# at: bubblewrap-ordinary
# limits: wall_seconds=10 memory_megabytes=96
import threading
import time


def take():
    time.sleep(0.3)
    held = []
    for _ in range(40):
        held.append(bytearray(b"x" * (8 << 20)))
    time.sleep(3)
    os.write(1, b"REACHED: holds 320 MB behind an ended thread\n")
    os._exit(0)


threading.Thread(target=take).start()
libc.syscall(ctypes.c_long({"x86_64": 60}.get(machine, 93)), ctypes.c_long(0))
