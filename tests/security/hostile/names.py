# Asks for names, by the system's resolver and by packets to servers of names.
import socket

for name in ("example.com", "localhost.localdomain", "metadata.google.internal", "db", "redis"):
    attempt(name, socket.getaddrinfo, name, 80)
query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"


def ask(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        client.sendto(query, (server, 53))
        return client.recv(512)


for server in ("127.0.0.53", "127.0.0.11", "8.8.8.8", "1.1.1.1", "169.254.169.253", "10.0.0.2"):
    attempt(server, ask, server)
