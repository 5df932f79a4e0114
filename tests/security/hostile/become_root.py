# Becomes root, or somebody else, by every call there is for it.
import ctypes

for name, action in {
    "setuid": lambda: os.setuid(0),
    "seteuid": lambda: os.seteuid(0),
    "setreuid": lambda: os.setreuid(0, 0),
    "setresuid": lambda: os.setresuid(0, 0, 0),
    "setgid": lambda: os.setgid(0),
    "setresgid": lambda: os.setresgid(0, 0, 0),
    "setgroups": lambda: os.setgroups([0]),
    "initgroups": lambda: os.initgroups("root", 0),
    "chown": lambda: os.chown("artifacts", 0, 0),
    "another user": lambda: os.setuid(os.getuid() + 1),
}.items():
    attempt(name, action)
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
every = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
attempt("capset", call, 126, 91, header, every)
with open("/proc/self/status") as status:
    for line in status:
        if line.startswith(("CapPrm", "CapEff", "CapInh", "CapAmb")) and int(line.split()[1], 16):
            print("REACHED:", line)
        if line.startswith("Uid:") and "0" in line.split()[1:]:
            print("REACHED:", line)
