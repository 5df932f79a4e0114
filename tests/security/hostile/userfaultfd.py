# Handles page faults itself, which makes races in the kernel easy to win.
for flags in (0, 1, 0o2000000, 0o4000):
    attempt(f"userfaultfd {flags}", call, 323, 282, flags)
attempt("/dev/userfaultfd", open, "/dev/userfaultfd", "rb")
