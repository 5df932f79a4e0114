# Opens raw sockets, with which packets can be forged and read.
import socket

kinds = [
    ("raw tcp", 2, 3, socket.IPPROTO_TCP),
    ("raw icmp", 2, 3, socket.IPPROTO_ICMP),
    ("raw", 2, 3, 255),
    ("raw, close on exec", 2, 3 | socket.SOCK_CLOEXEC, 255),
    ("raw, not blocking", 2, 3 | socket.SOCK_NONBLOCK, 1),
    ("raw 6", 10, 3, socket.IPPROTO_ICMPV6),
    ("packet", 17, 3, 0x0300),
    ("packet, cooked", 17, 2, 0x0300),
    ("old packet", 2, 10, 0x0300),
    ("xdp", 44, 3, 0),
    ("raw, high bits set", 2 | 1 << 40, 3, 255),
]
for name, family, kind, protocol in kinds:
    attempt(name, call, 41, 198, family, kind, protocol)
