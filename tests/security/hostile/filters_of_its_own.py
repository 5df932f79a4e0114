# Gives sockets and itself filters, each of which is machine code in a part of memory that the whole
# machine has once: without room there no other sandbox can start.
import socket
import struct

code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000) * 4096)
program = struct.pack("HxxxxxxP", 4096, ctypes.addressof(code))
one, other = socket.socketpair()
for name, option, value in (
    ("classic", 26, program),
    ("extended", 50, struct.pack("i", 0)),
    ("of a port, classic", 51, program),
    ("of a port, extended", 52, struct.pack("i", 0)),
):
    attempt(f"filter of a socket, {name}", one.setsockopt, socket.SOL_SOCKET, option, value)
room = ctypes.create_string_buffer(program)
attempt("filter by seccomp", call, 317, 277, 1, 0, room)
attempt("filter by prctl", call, 157, 167, 22, 2, room)
