# Makes empty files without end.
# status: disk_exceeded
# limits: wall_seconds=20 inodes=2000
number = 0
while True:
    os.close(os.open(f"{spare}/{number}", os.O_CREAT | os.O_WRONLY))
    number += 1
