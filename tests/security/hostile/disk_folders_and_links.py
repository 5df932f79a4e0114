# Makes folders, links and names without end, which need no data.
# status: disk_exceeded
# limits: wall_seconds=20 inodes=2000
open(f"{spare}/one", "w").close()
number = 0
while True:
    os.mkdir(f"{spare}/d{number}")
    os.symlink("x" * 200, f"{spare}/s{number}")
    os.link(f"{spare}/one", f"{spare}/l{number}")
    number += 1
