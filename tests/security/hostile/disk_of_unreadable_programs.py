# Holds removed files in processes of programs that may be run and not read.
# status: disk_exceeded error
# at: lite-ordinary
# limits: wall_seconds=10 work_megabytes=32
import shutil
import time

copy = os.open(f"{spare}/sleep", os.O_WRONLY | os.O_CREAT, 0o111)
with open(shutil.which("sleep"), "rb") as source:
    os.write(copy, source.read())
os.close(copy)
for number in range(24):
    path = f"{spare}/{number}"
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)
    for _ in range(8):
        os.write(file, b"x" * (1 << 20))
    if os.fork() == 0:
        os.dup2(file, 0)
        os.execv(f"{spare}/sleep", ["sleep", "60"])
    os.close(file)
time.sleep(3)
print("REACHED: holds 192 MB in processes of programs that cannot be read", flush=True)
