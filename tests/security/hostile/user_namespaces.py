# Makes namespaces, in which it would be root, by each call that can make them.
import subprocess

kinds = {"user": 0x10000000, "mount": 0x20000, "net": 0x40000000, "pid": 0x20000000,
         "ipc": 0x8000000, "uts": 0x4000000, "cgroup": 0x2000000, "time": 0x80}  # fmt: skip
for name, flag in kinds.items():
    attempt(f"unshare {name}", call, 272, 97, flag)
    attempt(f"unshare user and {name}", call, 272, 97, flag | 0x10000000)


def clone(flag):
    child = call(56, 220, flag | 17, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


for name, flag in kinds.items():
    if flag > 0xFF:
        attempt(f"clone {name}", clone, flag)
for command in (
    ["unshare", "-Ur", "id"],
    ["bwrap", "--ro-bind", "/", "/", "id"],
    ["nsenter", "-t", "1", "-a", "id"],
):
    attempt(command[0], subprocess.run, command, check=True, capture_output=True, timeout=5)
attempt("map", open, "/proc/self/uid_map", "w")
