# Keeps memory in the kernel's buffers of TCP connections to itself, which grow as they are filled.
# status: memory_exceeded ok
# says: begins
# at: bubblewrap-ordinary
# only: bubblewrap
# limits: wall_seconds=10 memory_megabytes=96
import socket
import time

print("begins", flush=True)
server = socket.create_server(("127.0.0.1", 0), backlog=64)
held = []
total = 0
for _ in range(60):
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    held += [client, accepted]
    for one, other in ((client, accepted), (accepted, client)):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        one.setblocking(False)
        quiet = 0
        while quiet < 3 and total < 400 << 20:
            try:
                total += one.send(b"x" * 65536)
                quiet = 0
            except BlockingIOError:
                quiet += 1
                time.sleep(0.002)
print(
    "holds", total, read("/proc/net/sockstat").decode().split("TCP:")[1].split("\n")[0], flush=True
)
time.sleep(1)
if total > 192 << 20:
    print("REACHED: holds", total, "bytes in connections", flush=True)
