# Types into the worker's terminal, by the plain request and by ones with bits added.
import fcntl
import pty

for name, action in {
    "its terminal": lambda: fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), 0x5412, b"x"),
    "standard input": lambda: fcntl.ioctl(0, 0x5412, b"x"),
    "standard error": lambda: fcntl.ioctl(2, 0x5412, b"x"),
}.items():
    attempt(name, action)
try:
    leader, follower = pty.openpty()
except OSError as error:
    print("held:", error)
else:
    letter = ctypes.create_string_buffer(b"x")
    for request in (0x5412, 0x5412 | 1 << 32, 0x5412 | 1 << 63, 0x541C, 0x541C | 1 << 40):
        attempt(
            f"own terminal {request:x}",
            call,
            16,
            29,
            follower,
            request - (1 << 64 if request >> 63 else 0),
            letter,
        )
