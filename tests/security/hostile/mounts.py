# Mounts, unmounts and remounts, by the old calls and the new ones.
import subprocess

name = ctypes.c_char_p
attempt("mount tmpfs", call, 165, 40, name(b"x"), name(b"/tmp"), name(b"tmpfs"), 0, None)
attempt("mount proc", call, 165, 40, name(b"proc"), name(b"/tmp"), name(b"proc"), 0, None)
attempt("bind", call, 165, 40, name(b"/"), name(b"/tmp"), None, 0x1000, None)
attempt("remount", call, 165, 40, None, name(b"/"), None, 0x20 | 0x1000, None)
attempt("share", call, 165, 40, None, name(b"/"), None, 1 << 20, None)
attempt("move", call, 165, 40, name(b"/proc"), name(b"/tmp"), None, 8192, None)
for path in (b"/", b"/proc", b"/dev", b"/usr", b"/tmp"):
    attempt(f"umount {path}", call, 166, 39, name(path), 2)
attempt("fsopen", call, 430, 430, name(b"tmpfs"), 0)
attempt("open_tree", call, 428, 428, -100, name(b"/"), 1)
attempt("move_mount", call, 429, 429, -100, name(b"/usr"), -100, name(b"/tmp"), 0)
attempt("fspick", call, 433, 433, -100, name(b"/"), 0)
attempt("mount_setattr", call, 442, 442, -100, name(b"/"), 0, None, 0)
attempt("pivot_root", call, 155, 41, name(b"/tmp"), name(b"/tmp"))
attempt("chroot", call, 161, 51, name(b"/tmp"))
attempt(
    "program", subprocess.run, ["mount", "-o", "remount,rw", "/"], check=True, capture_output=True
)
attempt("fuse", open, "/dev/fuse", "r+b")
