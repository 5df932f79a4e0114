# Reserves room on the disk without writing to it, and maps files larger than it.
# status: ok disk_exceeded error
# limits: wall_seconds=10 work_megabytes=32
def reserve():
    with open(f"{spare}/x", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 1 << 30)


attempt("fallocate", reserve)
with open(f"{spare}/y", "wb") as file:
    attempt("file of a terabyte", os.ftruncate, file.fileno(), 1 << 40)
