# Takes locks that belong to an open file and to no process, so that nobody sees whose they are.
import fcntl
import struct

file = os.open(f"{spare}/x", os.O_RDWR | os.O_CREAT)
for command in (36, 37, 38):
    attempt(f"command {command}", fcntl.fcntl, file, command, struct.pack("hhqqi4x", 1, 0, 0, 1, 0))
