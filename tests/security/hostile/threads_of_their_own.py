# Starts a thread that has open files of its own, which nobody sees who looks at the process.
# status: disk_exceeded error
# at: lite-ordinary
# limits: wall_seconds=10 work_megabytes=32
import time

stack = ctypes.create_string_buffer(1 << 16)
work = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(lambda _: libc.pause())
files = []
for number in range(24):
    file = os.open(f"{spare}/{number}", os.O_RDWR | os.O_CREAT)
    os.unlink(f"{spare}/{number}")
    for _ in range(8):
        os.write(file, b"x" * (1 << 20))
    files.append(file)
flags = 0x100 | 0x200 | 0x800 | 0x10000
pause = ctypes.cast(libc.pause, ctypes.c_void_p)
top = ctypes.addressof(stack) + (1 << 16) - 64
started = libc.clone(pause, ctypes.c_void_p(top), ctypes.c_int(flags), None)
for file in files:
    os.close(file)
if started == -1:
    print("held:", os.strerror(ctypes.get_errno()), flush=True)
    sys.exit(1)
time.sleep(3)
print("REACHED: holds 192 MB in a thread of its own", flush=True)
os._exit(0)
