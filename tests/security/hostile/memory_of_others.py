# Reads the memory of the worker, of the planted process and of its own first process.
import ctypes
import re


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def copy_from(pid):
    target = ctypes.create_string_buffer(64)
    local, remote = Span(ctypes.addressof(target), 64), Span(0x400000, 64)
    call(310, 270, pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    return target.raw


def write_to(pid):
    source = ctypes.create_string_buffer(64)
    local, remote = Span(ctypes.addressof(source), 64), Span(0x400000, 64)
    return call(311, 271, pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)


for pid in (1, os.getppid(), os.getpid(), secrets["worker"], secrets["process"]):
    attempt(f"process_vm_readv {pid}", copy_from, pid)
    attempt(f"process_vm_writev {pid}", write_to, pid)


def search(pid):
    """The secret in the memory of a process."""
    spans = [line.split()[0].split("-") for line in open(f"/proc/{pid}/maps") if " r" in line]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end in spans:
            memory.seek(int(start, 16))
            try:
                found = re.search(
                    rb"canary-[0-9a-f]{32}", memory.read(int(end, 16) - int(start, 16))
                )
            except OSError:
                continue
            if found:
                return found[0]
    raise LookupError("nothing found")


for pid in (1, secrets["worker"], secrets["process"]):
    attempt(f"mem {pid}", search, pid)
    attempt(f"mem of {pid} to write", open, f"/proc/{pid}/mem", "r+b")
