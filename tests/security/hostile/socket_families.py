# Makes a socket of every family, type and protocol; only plain Unix and Internet ones may be had.
# unjailed: reaches
import socket

plain = {(family, kind) for family in (1, 2, 10) for kind in (1, 2)} | {(1, 5)}
for family in range(0, 48):
    for kind in (1, 2, 3, 4, 5, 6, 10):
        for flags in (0, socket.SOCK_CLOEXEC):
            try:
                made = call(41, 198, family, kind | flags, 0)
            except OSError:
                continue
            os.close(made)
            if (family, kind) not in plain and family in (1, 2, 10) and kind in (4, 5, 6):
                continue  # a family that the kernel does not tell apart
            if (family, kind) not in plain and not (family == 1 and kind == 3):
                print("REACHED:", family, kind)
print("held: the others")
