# Talks to hardware: ports, physical memory, disks, virtual machines.
attempt("iopl", call, 172, None, 3)
attempt("ioperm", call, 173, None, 0x60, 8, 1)
devices = ["mem", "kmem", "port", "kvm", "sda", "vda", "vdb", "nvme0n1", "loop0", "loop-control", "fb0",
           "dri", "input", "hidraw0", "i2c-0", "cpu/0/msr", "hwrng", "tpm0", "uinput", "snapshot",
           "mapper/control", "vhost-net", "btrfs-control", "cuse", "console", "tty0", "ttyS0"]  # fmt: skip
for device in devices:
    attempt(device, open, f"/dev/{device}", "rb")
attempt("kernel core", open, "/proc/kcore", "rb")
