# Attaches to shared memory, queues and semaphores of the host.
# unjailed: reaches
libc.shmat.restype = ctypes.c_void_p


def attach(number):
    address = libc.shmat(number, None, 0o10000)
    if address in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "shmat")
    return ctypes.string_at(address, 64)


def by_key():
    number = libc.shmget(secrets.get("memory_key", 1), 0, 0)
    if number == -1:
        raise OSError(ctypes.get_errno(), "shmget")
    return attach(number)


attempt("by key", by_key)
for number in {0, 1, secrets.get("memory_id", 2)}:
    attempt(f"by id {number}", attach, number)
attempt("file", read, secrets["shared_file"])
for table in ("shm", "msg", "sem"):
    path = f"/proc/sysvipc/{table}"
    try:
        if len(open(path).readlines()) > 1:
            print("REACHED:", path)
    except OSError as error:
        print("held:", path, error)
