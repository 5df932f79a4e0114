# Makes a process in new namespaces by clone3, whose flags lie behind a pointer.
import struct

for flags in (0x10000000, 0x10020000, 0x7E020000, 0x80, 0x200000000):
    wanted = struct.pack("QQQQQQQQQQQ", flags, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0)
    buffer = ctypes.create_string_buffer(wanted)

    def clone(size):
        child = call(435, 435, buffer, size)
        if child == 0:
            os._exit(0)

    for size in (64, 80, 88):
        attempt(f"clone3 {flags:x} {size}", clone, size)
