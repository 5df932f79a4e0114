# Calls the kernel by the numbers of the x32 interface.
# status: error killed
# says: calling
print("calling", flush=True)
if machine != "x86_64":
    sys.exit(1)
print("REACHED:", libc.syscall(ctypes.c_long(0x40000000 + 39)), flush=True)
