# Keeps memory in the kernel's buffers of sockets, spread over many processes.
# status: memory_exceeded
# at: bubblewrap-ordinary
# limits: wall_seconds=10 memory_megabytes=128
import socket
import time

held = []
for _ in range(8):
    if os.fork() == 0:
        break
else:
    time.sleep(3)
    print("REACHED: holds 400 MB in sockets", flush=True)
    sys.exit()
for _ in range(120):
    pair = socket.socketpair()
    held.append(pair)
    for end in pair:
        end.setblocking(False)
        try:
            while True:
                end.send(b"x" * 4096)
        except BlockingIOError:
            pass
time.sleep(60)
