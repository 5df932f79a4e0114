# Opens every file below /proc/sys, and the switches beside it, to write.
tried = 0
for folder, _, names in os.walk("/proc/sys"):
    for name in names:
        path = os.path.join(folder, name)
        try:
            with open(path, "r+"):
                print("REACHED:", path)
        except OSError:
            tried += 1
for path in (
    "/proc/sysrq-trigger",
    "/proc/irq/default_smp_affinity",
    "/proc/acpi",
    "/proc/bus/pci",
    "/proc/scsi/scsi",
    "/proc/timer_list",
):
    attempt(path, open, path, "w")
for name in ("core_pattern", "modprobe", "hotplug", "poweroff_cmd"):
    attempt(name, open, f"/proc/sys/kernel/{name}", "w")
print("held: tried", tried)
