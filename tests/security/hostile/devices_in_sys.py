# Uses /sys: helpers that the kernel runs, power, cgroups, debugging.
paths = [
    "/sys/kernel/uevent_helper",
    "/sys/power/state",
    "/sys/kernel/debug",
    "/sys/kernel/tracing/trace",
    "/sys/kernel/security",
    "/sys/fs/cgroup",
    "/sys/fs/bpf",
    "/sys/firmware",
    "/sys/class/dmi/id/product_uuid",
    "/sys/module",
    "/sys/block",
]
for path in paths:
    attempt(path, lambda path=path: os.listdir(path) if os.path.isdir(path) else read(path))
