# Keeps memory in files that have no name, or none any more.
# status: memory_exceeded disk_exceeded error
# limits: wall_seconds=10 memory_megabytes=96 work_megabytes=64
held = []
try:
    while True:
        number = call(319, 279, ctypes.c_char_p(b"x"), 0)
        held.append(number)
        os.write(number, b"x" * (1 << 20))
except OSError as error:
    print("held:", error)
while True:
    failed = 0
    for folder in (spare, ".", "/dev/shm"):
        try:
            file = open(f"{folder}/x{len(held)}", "wb", buffering=0)
            os.unlink(file.name)
            held.append(file)
            if file.write(b"x" * (1 << 20)) < 1 << 20:
                raise OSError("full")
        except OSError as error:
            failed += 1
    if failed == 3:
        sys.exit("no more room")
