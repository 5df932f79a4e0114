# Locks its memory, so that it can never be moved out.
import mmap

page = mmap.mmap(-1, 16 << 20)
start = ctypes.addressof(ctypes.c_char.from_buffer(page))
attempt("mlock", call, 149, 228, start, 16 << 20)
attempt("mlockall", call, 151, 230, 1)
attempt(
    "huge pages", lambda: mmap.mmap(-1, 2 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
)
