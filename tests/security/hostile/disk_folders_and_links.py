# Makes folders, links and names without end, which need no data.
# status: disk_exceeded
# limits: wall_seconds=20 inodes=2000
open("/tmp/one", "w").close()
number = 0
while True:
    os.mkdir(f"/tmp/d{number}")
    os.symlink("x" * 200, f"/tmp/s{number}")
    os.link("/tmp/one", f"/tmp/l{number}")
    number += 1
