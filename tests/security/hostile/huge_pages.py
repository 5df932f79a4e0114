# Takes the huge pages that a machine has set apart for its databases.
libc.mmap.restype = ctypes.c_void_p
for name, flags in {"private": 0x40022, "shared": 0x40021, "of 1 GB": 0x40022 | 30 << 26}.items():
    place = libc.mmap(None, ctypes.c_size_t(1 << 30), 3, flags, -1, ctypes.c_long(0))
    if place == ctypes.c_void_p(-1).value:
        print("held:", name, os.strerror(ctypes.get_errno()))
    else:
        print("REACHED:", name)
