# Fills the disk with removed files that are on their way through a socket and open nowhere.
# status: disk_exceeded error
# at: lite-ordinary
# limits: wall_seconds=10 work_megabytes=32
import socket
import time

one, other = socket.socketpair()
for number in range(24):
    path = f"{spare}/{number}"
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)
    for _ in range(8):
        os.write(file, b"x" * (1 << 20))
    socket.send_fds(one, [b"x"], [file])
    os.close(file)
time.sleep(3)
print("REACHED: holds 192 MB of files in a socket", flush=True)
