# Takes locks on single bytes of files without end, each of which is memory of the kernel's.
# status: memory_exceeded
# says: held: begins
# limits: wall_seconds=8
import fcntl
import struct
import time

print("held: begins", flush=True)
wanted = struct.Struct("hhqqi4x")
for child in range(12):
    if os.fork() == 0:
        files = [
            os.open(f"{spare}/{child}-{number}", os.O_RDWR | os.O_CREAT) for number in range(200)
        ]
        for place in range(1000, 0, -2):
            for file in files:
                fcntl.fcntl(file, fcntl.F_SETLK, wanted.pack(fcntl.F_WRLCK, 0, place, 1, 0))
        time.sleep(60)
time.sleep(7)
print("REACHED: holds a million locks", flush=True)
