# Keeps memory in the kernel's buffers of few sockets, which it has made as large as it may.
# status: memory_exceeded ok
# says: begins
# at: bubblewrap-ordinary
# limits: wall_seconds=10 memory_megabytes=96
import socket

print("begins", flush=True)
held = []
total = 0
for _ in range(30):
    pair = socket.socketpair()
    held.append(pair)
    for end in pair:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
        end.setblocking(False)
        try:
            while total < 400 << 20:
                total += end.send(b"x" * 32768)
        except BlockingIOError:
            pass
print("holds", total, flush=True)
if total > 128 << 20:
    print("REACHED: holds", total, "bytes in 60 sockets", flush=True)
