# Talks to the kernel's subsystems over netlink, in each of its protocols.
# unjailed: reaches
import socket

for protocol in range(23):
    attempt(f"netlink {protocol}", call, 41, 198, 16, 3, protocol)
    attempt(f"netlink {protocol}, packets", call, 41, 198, 16, 2, protocol)
