# Runs programs that would give it another user's rights, the system's and its own.
import glob
import shutil
import stat
import subprocess

found = [
    path
    for folder in ("/usr/bin", "/usr/sbin", "/usr/lib", "/bin", "/sbin")
    for path in glob.glob(folder + "/*")
    if os.path.isfile(path) and os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID)
]
print("found", found)
mine = f"{spare}/id"
shutil.copy("/usr/bin/id", mine)
os.chmod(mine, 0o6755)
for command in (
    [mine, "-u"],
    ["su", "-c", "id -u"],
    ["sudo", "-n", "id", "-u"],
    ["pkexec", "id", "-u"],
    ["newgrp", "root"],
    ["mount", "-t", "tmpfs", "x", "/tmp"],
    ["passwd", "-d", "root"],
):
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=5, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print("held:", command, error)
        continue
    print("held:", command, done.returncode, done.stderr[:100])
    if done.stdout.strip() == "0":
        print("REACHED:", command)
with open("/proc/self/status") as status:
    if "NoNewPrivs:\t1" not in status.read():
        print("REACHED: may gain privileges")
