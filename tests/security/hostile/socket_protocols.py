# Makes sockets of protocols that the kernel loads a module for, or that few have ever tried.
import socket

kinds = {"stream": 1, "datagram": 2, "packets": 5, "dccp": 6}
protocols = {
    "icmp": 1,
    "icmp6": 58,
    "sctp": 132,
    "dccp": 33,
    "udplite": 136,
    "mptcp": 262,
    "l2tp": 115,
    "smc": 0x100,
}
for name, protocol in protocols.items():
    for kind_name, kind in kinds.items():
        for family in (socket.AF_INET, socket.AF_INET6):
            attempt(f"{name} {kind_name} {family}", socket.socket, family, kind, protocol)
