# Loosens its own system call filter and what else prctl holds.
import struct

allow_all = struct.pack("HBBI", 6, 0, 0, 0x7FFF0000)
filters = ctypes.create_string_buffer(allow_all)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


program = Program(1, ctypes.addressof(filters))
print("a further filter:", libc.prctl(22, 2, ctypes.byref(program), 0, 0))
print(
    "by seccomp(2):", libc.syscall(317 if machine == "x86_64" else 277, 1, 0, ctypes.byref(program))
)
attempt("ptrace after it", call, 101, 117, 0, 0, 0, 0)
attempt("unshare after it", call, 272, 97, 0x10000000)
attempt("mount after it", call, 165, 40, None, ctypes.c_char_p(b"/"), None, 32, None)


def control(*arguments):
    if libc.prctl(*map(ctypes.c_ulong, arguments)) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


attempt("turn the filter off", control, 22, 0, 0, 0, 0)
attempt("new privileges", control, 38, 0, 0, 0, 0)
attempt("ambient capability", control, 47, 2, 21, 0, 0)
attempt("secure bits", control, 28, 0x2F, 0, 0, 0)
attempt("bounding set", control, 24, 21, 0, 0, 0)
attempt("memory map", control, 35, 13, 0, 0, 0)
with open("/proc/self/status") as status:
    told = status.read()
if "Seccomp:\t2" not in told or "NoNewPrivs:\t1" not in told:
    print("REACHED: the filter is off")
