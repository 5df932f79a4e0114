# Changes the pipes that it shares with its reader: blocking, size, signals, reading from them.
# says: end
import fcntl

for number in (1, 2):
    for name, action in {
        "size": lambda number=number: fcntl.fcntl(number, 1031, 1 << 24),
        "read": lambda number=number: os.read(number, 10),
        "owner": lambda number=number: fcntl.fcntl(number, fcntl.F_SETOWN, secrets["worker"]),
    }.items():
        try:
            print(name, action())
        except OSError as error:
            print("held:", name, error)
    fcntl.fcntl(number, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
print("end", flush=True)
