# Reads the files of the host: homes, keys, the planted secret, the platform's own source.
# unjailed: reaches
from pathlib import Path

paths = [
    secrets["file"],
    secrets["shared_file"],
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/hostname",
    "/etc/machine-id",
    "/var/log/dpkg.log",
    "/run/secrets",
    "/proc/1/root" + secrets["file"],
    "/proc/self/root" + secrets["file"],
    f"/proc/{secrets['worker']}/root{secrets['file']}",
    f"/proc/{secrets['worker']}/cwd/manage.py",
    "/box/../../.." + secrets["file"],
    "/oldroot" + secrets["file"],
    "/newroot" + secrets["file"],
]
for path in paths:
    attempt(path, read, path)
for folder in (
    "/root",
    "/home",
    "/var",
    "/srv",
    "/opt",
    "/mnt",
    "/boot",
    "/run",
    secrets["folder"],
):
    attempt(folder, lambda folder=folder: list(Path(folder).iterdir())[0])
