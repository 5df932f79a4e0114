# Keeps memory in the kernel: full pipes and sockets without end.
# status: ok error memory_exceeded
# says: held:
# limits: wall_seconds=10 memory_megabytes=96
import fcntl
import socket

held = []
total = 0
try:
    while total < 4 << 30:
        out, into = os.pipe()
        held += [out, into]
        try:
            fcntl.fcntl(into, 1031, 1 << 20)
        except OSError:
            pass
        os.set_blocking(into, False)
        try:
            while True:
                total += os.write(into, b"x" * 65536)
        except BlockingIOError:
            pass
except OSError as error:
    print("held:", total, error, flush=True)
if total > 512 << 20:
    print("REACHED: bytes in pipes", total)
