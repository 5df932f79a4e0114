# Leaves by a virtual machine's socket, which no network namespace covers.
import socket


def ask(cid, port):
    with socket.socket(40, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        client.connect((cid, port))
        return client.recv(100)


for cid in (0, 1, 2, 3):
    for port in (secrets.get("vsock", 1), 22, 1024, 2024, 5001, 5002):
        attempt(f"vsock {cid}:{port}", ask, cid, port)
attempt("/dev/vsock", open, "/dev/vsock", "rb")
attempt("/dev/vhost-vsock", open, "/dev/vhost-vsock", "rb")
