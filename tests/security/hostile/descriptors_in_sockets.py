# Hides descriptors in messages between sockets, to hold more than it may.
# status: ok error memory_exceeded
# says: held:
import array
import socket

sent = 0
held = []
try:
    while sent < 200_000:
        pair = socket.socketpair()
        held.append(pair)
        pair[0].setblocking(False)
        try:
            while True:
                pair[0].sendmsg(
                    [b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 200))]
                )
                sent += 200
        except BlockingIOError:
            pass
except OSError as error:
    print("held:", sent, error)
if sent >= 200_000:
    print("REACHED: descriptors in flight", sent)
