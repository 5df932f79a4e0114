# Makes device nodes of the disk, of memory and of the terminal.
import stat

nodes = {"disk": (stat.S_IFBLK, 8, 0), "virtual disk": (stat.S_IFBLK, 254, 0), "memory": (stat.S_IFCHR, 1, 1),
         "zero": (stat.S_IFCHR, 1, 5), "terminal": (stat.S_IFCHR, 5, 0), "fuse": (stat.S_IFCHR, 10, 229)}  # fmt: skip
for folder in ("artifacts", "/tmp", "/dev/shm"):
    for name, (kind, major, minor) in nodes.items():
        attempt(
            f"{name} in {folder}",
            os.mknod,
            f"{folder}/{name}",
            kind | 0o666,
            os.makedev(major, minor),
        )
