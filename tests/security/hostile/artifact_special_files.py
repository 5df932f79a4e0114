# Leaves a FIFO on which a reader would hang, a socket, and devices.
# files: kept.txt
import socket

os.chdir("artifacts")
os.mkfifo("fifo")
os.mkfifo("fifo.txt", 0o666)
try:
    socket.socket(socket.AF_UNIX).bind("socket")
except OSError as error:
    print("held:", error)
for name, device in (("null", 0x103), ("disk", 0x800)):
    attempt(name, os.mknod, name, 0o020666, device)
with open("kept.txt", "w") as file:
    file.write("kept")
print("held: made")
